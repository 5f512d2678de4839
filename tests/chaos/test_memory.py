"""Bounded memory: a run that meets 50 MB bodies and 200 MB bombs stays within 64 MB of one that meets none."""

import sys
from pathlib import Path

import pytest
from fault_replies import MEGABYTE, TARGET, body, bomb, flood, good, large, packed
from fault_runs import FILES, RUN, number_of, write_suite

from astral.testing.behaviour import judge_answer, response_data, user_text

pytestmark = [
    pytest.mark.timeout(180),
    pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc/self/status to see the peak"),
]

CASES = 8
ROOM = 64 * 1024
"""KiB above the baseline."""
PEAK = """
import atexit, pathlib, re, sys

def told():
    pathlib.Path("peak").write_text(re.search(r"VmHWM:\\s+(\\d+) kB", pathlib.Path("/proc/self/status").read_text())[1])

atexit.register(told)
import pytest
sys.exit(pytest.main())
"""
"""A run that writes down its own peak: what ``wait4`` reports of a child begins with the memory of its parent."""
FAULTS = {
    "50 MB": large,
    "endless chunks": flood(Transfer_Encoding="chunked"),
    "gzip": packed("gzip"),
    "deflate": packed("deflate"),
    "zstd": packed("zstd"),
    "br": packed("br"),
    "empty lists": body(b"[" + b"[]," * 1_350_000 + b"0]"),
    "objects": body(b'{"a": [' + b'{"a":0},' * 500_000 + b"0]}"),
}
FAR = "http://model.invalid/v1"


def peak(desk, reply, culprit=TARGET, through=None):
    """The most memory in KiB that a run of eight cases, all at once, has ever used; and its outcomes."""

    def play(request, attempt):
        judge = request["model"] == "judge"
        text = judge_answer(response_data(request)) if judge else f"An answer row-{number_of(user_text(request))}."
        return reply(text) if ("judge" if judge else TARGET) == culprit else text

    desk.server.script = play
    target = f"openai:{TARGET}@{FAR}" if through else TARGET
    settings = f"{RUN.replace(f'target={TARGET}', f'target={target}')} retries=1 concurrency=8"
    env = desk.env | ({"HTTP_PROXY": through} if through else {})
    done = desk.run([sys.executable, "-c", PEAK, "--astral", f"{settings} {FILES}"], env=env)
    assert done.code == (reply is not good), done.text
    return int((desk.path / "peak").read_text()), desk.totals()


@pytest.fixture(scope="module")
def bombs():
    """Made before any run is measured."""
    for coding in ("gzip", "deflate", "zstd", "br"):
        assert len(bomb(coding)) < MEGABYTE
    large("")


@pytest.fixture
def loaded(desk):
    write_suite(desk, CASES)
    return desk


@pytest.mark.parametrize("culprit", [TARGET, "judge"])
def test_no_body_takes_more_room_than_64_mb(loaded, bombs, counted, culprit):
    baseline, totals = peak(loaded, good, culprit)
    assert totals == {"safe": CASES}
    grown = {}
    for name, reply in FAULTS.items():
        found, totals = peak(loaded, reply, culprit)
        assert totals == {"error": CASES}, name
        grown[name] = found - baseline
        counted("faults injected", CASES)
    sys.stdout.write(f"{culprit}: baseline {baseline} KiB, above it {grown}\n")
    assert max(grown.values()) <= ROOM, grown
    for logged in loaded.server.requests:
        assert logged.headers["accept-encoding"] == "identity", "no coding is offered, br and zstd least of all"


def test_nor_does_one_that_comes_by_a_proxy(loaded, server, bombs, counted):
    baseline, _ = peak(loaded, good, through=server.root)
    grown = {}
    for name in ("50 MB", "endless chunks", "gzip", "zstd"):
        found, totals = peak(loaded, FAULTS[name], through=server.root)
        assert totals == {"error": CASES}, name
        grown[name] = found - baseline
        counted("faults injected", CASES)
    sys.stdout.write(f"by proxy: baseline {baseline} KiB, above it {grown}\n")
    assert max(grown.values()) <= ROOM, grown
    assert {logged.headers["accept-encoding"] for logged in server.requests} == {"identity"}
