"""A soak by count: 50,000 calls with faults among them, all accounted for, memory, descriptors and threads flat."""

import json
import re
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from desks import KEY, environment

from astral.testing.behaviour import user_text
from astral.testing.replies import Reply, completion, error
from astral.testing.server import LocalServer

pytestmark = [
    pytest.mark.timeout(900),
    pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs /proc/self/statm to see the memory"),
]
CLIENT = Path(__file__).parent / "children" / "soak.py"
CASES, LANES, CALLS = 45_500, 16, 50_000


@dataclass(frozen=True)
class Row:
    """What the server does to a case: ``first`` replies one after the other, then the answer; ``ends`` is what comes of
    it, after ``requests``.
    """

    first: tuple[Reply, ...] = ()
    requests: int = 1
    ends: str = "answered"
    fault: str = ""


def often(reply):
    """More often than anybody asks."""
    return (reply,) * 9


JSON = {"Content-Type": "application/json"}
FAULTS = {
    0: Row((error(429, "slow down", headers={"Retry-After": "0"}),), 2),
    10: Row((error(429, "slow down"),), 2),
    20: Row((error(500, "oops"), error(502, "oops")), 3),
    30: Row(often(error(503, "oops")), 4, "http_503"),
    40: Row((Reply(fault="reset"),), 2),
    50: Row((replace(completion("x"), fault="reset_in_body"),), 2),
    60: Row((Reply(200, JSON, b'{"choices": [{'),), 2),
    70: Row(often(Reply(200, {"Content-Type": "text/html"}, b"<html>busy</html>")), 2, "bad_reply"),
    80: Row(fault="stale"),
    90: Row(often(error(400, "too long", code="context_length_exceeded")), 1, "context_length"),
    5: Row(fault="drip"),
}
"""By the number of the case modulo 100; all others are answered at once."""


def play(request, attempt):
    number = int(re.search(r"\d+", user_text(request))[0])
    row = FAULTS.get(number % 100, Row())
    if attempt <= len(row.first):
        return row.first[attempt - 1]
    return replace(completion(f"answer {number}"), fault=row.fault, drip_seconds=0.0001)


@pytest.fixture(scope="module")
def soaked():
    """What the client says, and how often the server was asked about each kind of case."""
    with LocalServer(play) as server:
        done = subprocess.run(
            [sys.executable, str(CLIENT), server.url, str(CASES), str(LANES)],
            env=environment(OPENAI_API_KEY=KEY),
            capture_output=True,
            text=True,
            timeout=850,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        asked = Counter(int(user_text(logged.body).split()[1]) % 100 for logged in server.requests)
        return json.loads(done.stdout), asked, server.connections


def test_every_call_is_accounted_for(soaked, counted):
    client, asked, _ = soaked
    kinds = Counter(number % 100 for number in range(CASES))
    rows = {kind: FAULTS.get(kind, Row()) for kind in kinds}
    assert client["found"] == {f"{kind} {rows[kind].ends}": count for kind, count in kinds.items()}
    assert asked == {kind: count * rows[kind].requests for kind, count in kinds.items()}
    assert asked.total() >= CALLS
    unheard = client["calls"]["target"] - asked.total()  # sent over a connection that was gone, so sent once more
    assert 0 < unheard <= kinds[80]
    assert client["calls"]["retries"] - unheard == sum(n * (rows[kind].requests - 1) for kind, n in kinds.items())
    counted("calls soaked", asked.total())
    counted("faults injected", sum(count for kind, count in kinds.items() if kind in FAULTS))


def test_memory_descriptors_and_threads_stay_flat(soaked):
    samples = soaked[0]["samples"]
    sys.stdout.write(f"{samples[1]['kib']} KiB after {2 * CASES // 10:,} cases, {samples[-1]['kib']} at the end\n")
    assert samples[-1]["kib"] <= 1.1 * samples[1]["kib"], samples
    assert max(one["descriptors"] for one in samples) <= samples[0]["descriptors"] + LANES
    assert len({one["threads"] for one in samples}) == 1
    assert soaked[0]["closed"]["descriptors"] <= samples[0]["descriptors"]
