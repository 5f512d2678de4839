"""Pages of strangers in a process of their own: where it connects to, what it remembers, how much room it takes."""

import json
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from desks import environment
from search_servers import Answer, SearchServers

pytestmark = pytest.mark.timeout(120)
WITNESS = """
    import asyncio, json, re, sys

    connected, ours = [], int(sys.argv[1])

    def witness(event, args):
        if event == "socket.connect" and isinstance(args[1], tuple) and args[1][1] != ours:
            connected.append(args[1][0])
            raise OSError("no network in tests")

    sys.addaudithook(witness)
    from astral.errors import SearchError
    from astral.search.fetcher import Fetcher
"""
REBINDING = """
    answers = {"news.example": [["93.184.216.34"], ["127.0.0.1"]], "two.example": [["8.8.8.8"], ["10.0.0.1"]]}
    asked = []

    async def resolve(host, port):
        asked.append(host)
        rows = answers[host]
        return rows.pop(0) if len(rows) > 1 else rows[0]

    async def main():
        said = []
        # the first page is a server of ours, whose redirect leads to a name that changes its mind
        fetcher = Fetcher(resolve=resolve, allow={"first.example": ("127.0.0.1", ours)}, seconds=5)
        for url in ("http://news.example/", "http://news.example/", "http://first.example/pages/two"):
            try:
                await fetcher.page(url)
            except SearchError as err:
                said.append(str(err))
        print(json.dumps({"connected": connected, "asked": asked, "said": said}))

    asyncio.run(main())
"""
PEAK = """
    async def main():
        fetcher = Fetcher(allow={"news.example": ("127.0.0.1", ours)}, seconds=20)
        said = []
        peaks = []
        for path in ("/warm", *json.loads(sys.argv[2])):
            try:
                await fetcher.page(f"http://news.example/pages{path}")
                said.append("read")
            except SearchError as err:
                said.append(str(err))
            with open("/proc/self/status") as status:
                peaks.append(int(re.search(r"VmHWM:\\s+(\\d+)", status.read())[1]))
        print(json.dumps({"connected": connected, "said": said[1:], "peaks": peaks}))

    asyncio.run(main())
"""
MEGABYTE = 2**20
TAGS = b"<p>" * (2 * MEGABYTE // 3)
HTML, CHUNKED = {"Content-Type": "text/html"}, {"Transfer-Encoding": "chunked"}
CHUNK = b"40\r\n" + b"x" * 64 + b"\r\n"
PAGES = {
    "/endless": (Answer(200, headers=HTML, stream=b"<p>" + b"x" * MEGABYTE), "it is too large"),
    "/chunks": (
        Answer(200, headers={**HTML, "Transfer-Encoding": "chunked"}, stream=(b"40\r\n" + b"x" * 64 + b"\r\n") * 999),
        "large",
    ),
    "/tags": (Answer.page(TAGS), "no article"),
    "/attributes": (Answer.page(b"<a " + b"b " * (MEGABYTE - 9)), "read"),
    "/open": (Answer.page(b"<" * (2 * MEGABYTE)), "read"),
    "/nulls": (Answer.page(b"<p>" + b"\\0x" * MEGABYTE), ""),
}
"""Pages of ten gigabytes and more, and some that are heavy to read."""


def child(code, *words):
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(WITNESS) + textwrap.dedent(code), *words],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_host_that_changes_its_address_is_reached_at_the_checked_one_or_not_at_all(counted):
    with SearchServers() as servers:
        servers.pages["/two"] = Answer.redirect("http://two.example/", status=302)
        found = child(REBINDING, str(servers.port))
        again = child(REBINDING.replace('"8.8.8.8"', '"169.254.169.254"'), str(servers.port))
    assert found["connected"] == ["93.184.216.34", "8.8.8.8"]
    assert found["asked"] == ["news.example", "news.example", "two.example"]  # once for each hop
    assert found["said"] == ["the connection failed", "its address is not public", "the connection failed"]
    assert again["connected"] == ["93.184.216.34"]
    assert again["said"][2] == "its address is not public"
    counted("faults injected", 4)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc/self/status to see the peak")
def test_pages_without_end_take_little_room(counted):
    with SearchServers() as servers:
        servers.pages["/warm"] = Answer.page("<p>The court explained its decision in a long letter to all.</p>")
        servers.pages |= {path: answer for path, (answer, _) in PAGES.items()}
        found = child(PEAK, str(servers.port), json.dumps([*PAGES]))
    for said, (path, (_, wanted)) in zip(found["said"], PAGES.items(), strict=True):
        assert wanted in said, path
    grown = [peak - found["peaks"][0] for peak in found["peaks"][1:]]
    sys.stdout.write(f"{found['peaks'][0]} KiB, above it {dict(zip(PAGES, grown, strict=True))}\n")
    assert max(grown) <= 64 * 1024
    counted("faults injected", len(PAGES))
