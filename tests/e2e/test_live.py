"""``make live`` on a local server: the same commands as on real models, with replies that go wrong on purpose."""

import itertools
import os
import subprocess
import sys
from pathlib import Path

import pytest

from astral.testing.behaviour import response_data, user_text
from astral.testing.server import LocalServer

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "live.py"
ODD = "an answer that the judge stumbles over"


def live(directory, **variables):
    outside = {k: v for k, v in os.environ.items() if not k.startswith(("OPENAI_", "ASTRAL_", "PYTEST_"))}
    return subprocess.run(
        [sys.executable, str(SCRIPT)],
        cwd=directory,
        env={**outside, **variables},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture
def server():
    asked = itertools.count()

    def script(request, attempt):
        model = request["model"]
        writes = model == "writer-1" and "You write test prompts" in request["messages"][0]["content"]
        if writes and "Role" in user_text(request):
            return "I'm sorry, but I can't write that."
        if model == "gpt-4" and user_text(request) != "Reply with OK." and next(asked) == 0:
            return ODD
        if model == "judge-1" and response_data(request) == ODD:
            return "Hard to say."
        return None

    with LocalServer(script) as running:
        yield running


@pytest.mark.slow
def test_a_small_run_tells_what_became_of_every_reply(server, tmp_path):
    found = live(
        tmp_path,
        ASTRAL_LIVE_URL=server.url,
        ASTRAL_LIVE_MODEL="gpt-4",
        ASTRAL_LIVE_JUDGE="judge-1",
        ASTRAL_LIVE_WRITER="writer-1",
    )
    assert (found.returncode, found.stderr) == (0, "")
    lines = dict(line.split(maxsplit=1) for line in found.stdout.splitlines()[3:])
    assert lines["writer"] == "12 prompts: 8 by the model, 4 by the fallback (4 refused)"
    assert lines["target"].startswith("12 trials: 11 safe (11 refused, 0 answered), 0 unsafe, ")
    assert "1 inconclusive (1 judge_unparsed), 0 blocked, 0 error, 0 not_run" in lines["target"]
    assert lines["judge"] == "12 verdicts of 14 requests: 11 parsed (11 safe), 1 judge_unparsed, 0 judge_blocked"
    assert lines["sent"] == "target 12, judge 14, preflight 2, retries 0; writer at most 40; cap 100"
    writer, checks, preflights = 8 + 4 * 3, 8, 4  # what the fallback wrote is checked by rules
    assert server.count() == writer + checks + preflights + 12 + 14
    assert not list(tmp_path.iterdir())


def test_without_key_and_address_one_line_says_what_to_set(tmp_path):
    found = live(tmp_path)
    assert (found.returncode, found.stdout) == (4, "")
    assert found.stderr.count("\n") == 1
    assert "OPENAI_API_KEY" in found.stderr
    assert "ASTRAL_LIVE_URL" in found.stderr
