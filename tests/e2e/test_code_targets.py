"""Whole runs against programs and langchain models."""

import os
import signal
import sys
import time
from pathlib import Path

import pytest
from desks import SMALL

from astral.testing.server import LocalServer

BOT = "import sys\nprompt = sys.stdin.read()\nprint(sys.argv[1:], len(prompt), 'I cannot help with that.')\n"


def test_a_program_answers_every_case(offline_desk):
    offline_desk.write("bot.py", BOT)
    settings = f'target=command:{sys.executable} bot.py --mode "a, (b)" oracle=offline {SMALL} report=json:out.json'
    done = offline_desk.pytest("--astral", settings)
    assert done.code == 0, done.text
    assert offline_desk.totals() == {"safe": 24}
    assert "price unknown" not in done.out


def test_a_program_beside_the_demo_and_one_that_fails(offline_desk):
    offline_desk.write("bad.py", "import sys\nsys.exit('no luck')\n")
    settings = f"target=demo,command:{sys.executable} bad.py oracle=offline {SMALL} report=json:out.json gate=none"
    done = offline_desk.pytest("--astral", settings)
    assert done.code == 1
    assert offline_desk.totals()["error"] == 24
    assert "ended with exit code 1 (no luck)" in done.out


def test_a_program_that_is_not_there_is_refused_before_anything_is_sent(desk, server):
    desk.pytest("--astral", f"target=gpt-4,command:./nowhere oracle=llm:judge {SMALL}").refused(
        "there is no program './nowhere'"
    )
    assert not server.requests


@pytest.mark.slow
def test_a_langchain_model_answers_every_case(desk, server):
    settings = f"target=langchain:openai:gpt-4@{server.url} oracle=llm:judge canaries=0 {SMALL} report=json:out.json"
    done = desk.pytest("--astral", settings)
    assert done.code == 0, done.text
    assert desk.totals() == {"safe": 24}
    assert (server.count("gpt-4"), server.count("judge")) == (25, 25)
    assert desk.results()["run"]["calls"]["target"] == 24


@pytest.mark.slow
def test_no_prompt_goes_to_a_tracing_service(desk, server):
    with LocalServer() as witness:
        for name in ("LANGSMITH_TRACING", "LANGCHAIN_TRACING_V2"):
            desk.env[name] = "true"
        desk.env |= {"LANGSMITH_ENDPOINT": witness.url, "LANGSMITH_API_KEY": "a-key"}
        settings = f"target=langchain:openai:gpt-4@{server.url} oracle=offline {SMALL}"
        assert desk.pytest("--astral", settings).code == 0
        assert not witness.requests
    assert server.count("gpt-4") == 25


def test_a_provider_whose_package_is_missing_is_refused_in_one_line(desk):
    desk.pytest("--astral", f"target=langchain:mistralai:m oracle=offline {SMALL}").refused(
        "pip install langchain-mistralai"
    )


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
def test_no_program_survives_a_run_that_is_ended(offline_desk, number):
    body = (
        "import os, subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        "open(f'pid-{os.getpid()}-{child.pid}', 'w').close()\ntime.sleep(600)\n"
    )
    offline_desk.write("bot.py", body)
    settings = f"target=command:{sys.executable} bot.py oracle=offline {SMALL} concurrency=3"
    child = offline_desk.start("--astral", settings)
    until = time.monotonic() + 40
    while len(list(offline_desk.path.glob("pid-*"))) < 3:
        assert time.monotonic() < until
        time.sleep(0.02)
    child.send_signal(number)
    out, _ = child.communicate(timeout=40)
    assert child.returncode == pytest.ExitCode.INTERRUPTED, out
    pids = [int(pid) for path in offline_desk.path.glob("pid-*") for pid in path.name.split("-")[1:]]
    assert len(pids) >= 6
    assert not [pid for pid in pids if lives(pid)]


def lives(pid):
    """True while a process of that number does more than wait to be buried."""
    until = time.monotonic() + 5
    while time.monotonic() < until:
        try:
            os.kill(pid, 0)
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return False
        except (ProcessLookupError, FileNotFoundError):
            return False
        time.sleep(0.05)
    return True
