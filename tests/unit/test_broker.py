"""The broker between the controller and its workers: who may speak, what comes back, and what if one side dies."""

import asyncio
import json
import os
import socket
import stat
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from astral.engine import Loop
from astral.errors import BudgetExhausted, CallError, StoreError
from astral.workers.broker import LONGEST_PATH, Address, Broker, Line

ANY = "ein \u2028 text\x00 \ud800 and 'quotes'"


async def serve(call, values):
    if call == "slow":
        await asyncio.sleep(600)
    if call == "budget":
        raise BudgetExhausted("the budget of 5req is used up")
    if call == "call":
        raise CallError("http_500", "the endpoint is out of order")
    if call == "store":
        raise StoreError("no room")
    if call == "defect":
        raise RuntimeError("a defect of ours")
    await asyncio.sleep(values.get("wait", 0))
    return values


@pytest.fixture
def loop():
    loop = Loop()
    yield loop
    loop.close()


@pytest.fixture
def broker(loop):
    broker = Broker(loop, serve)
    yield broker
    broker.close()


@pytest.fixture
def line(broker):
    line = Line(broker.address)
    yield line
    line.close()


def test_values_come_back_whole_and_in_any_order(line):
    late = line.start("echo", text="first", wait=0.1)
    early = line.start("echo", text=ANY)
    assert early.result(10) == {"text": ANY}
    assert not late.done()
    assert late.result(10)["text"] == "first"


def test_many_threads_share_a_line(line):
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda n: line.start("echo", n=n, pad="x" * 200_000).result(20)["n"], range(40)))
    assert found == list(range(40))


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        ("budget", BudgetExhausted, "5req"),
        ("call", CallError, "out of order"),
        ("store", CallError, "no room"),
        ("defect", CallError, "RuntimeError: a defect of ours"),
    ],
)
def test_errors_come_back_as_errors(line, call, error, words):
    with pytest.raises(error, match=words) as caught:
        line.start(call).result(10)
    assert type(caught.value) is error
    if call == "call":
        assert caught.value.reason == "http_500"
    assert line.start("echo", n=1).result(10) == {"n": 1}


def test_only_this_user_may_enter_and_only_with_the_token(broker):
    path = broker.address.path
    assert stat.S_IMODE(os.stat(os.path.dirname(path)).st_mode) == 0o700
    assert broker.address.token not in repr(broker.address)
    stranger = Line(Address(path, "0" * 32))
    with pytest.raises(CallError, match="has ended"):
        stranger.start("echo").result(10)
    stranger.close()


@pytest.mark.parametrize("sent", [b"", b"\n", b"no token\n", b"\xff\xfe\n"])
def test_a_stranger_is_hung_up_on(broker, line, sent):
    with socket.socket(socket.AF_UNIX) as stranger:
        stranger.connect(broker.address.path)
        stranger.sendall(sent)
        stranger.shutdown(socket.SHUT_WR)
        stranger.settimeout(10)
        assert stranger.recv(100) == b""
    assert line.start("echo", n=1).result(10) == {"n": 1}


@pytest.mark.parametrize("sent", [b"no json\n", b"[1]\n", b'{"id": 1}\n', b'{"id": 1, "call"', b"[" * 200_000 + b"\n"])
def test_rubbish_ends_one_connection_only(broker, line, sent, caplog):
    with socket.socket(socket.AF_UNIX) as stranger:
        stranger.connect(broker.address.path)
        stranger.sendall(broker.address.token.encode() + b"\n" + sent)
        stranger.shutdown(socket.SHUT_WR)
        stranger.settimeout(10)
        while stranger.recv(1000):
            pass
    assert line.start("echo", n=1).result(10) == {"n": 1}
    assert not caplog.records


def test_closing_ends_every_wait_and_removes_the_directory(loop):
    broker = Broker(loop, serve)
    line = Line(broker.address)
    waiting = [line.start("slow") for _ in range(3)]
    assert line.start("echo", n=1).result(10)
    broker.close()
    for future in waiting:
        with pytest.raises(CallError, match="has ended"):
            future.result(10)
    with pytest.raises(CallError, match="has ended"):
        line.start("echo").result(10)
    assert not os.path.exists(os.path.dirname(broker.address.path))
    line.close()


def test_a_controller_that_was_killed_ends_every_wait():
    code = """
import json, os, signal, sys
from astral.workers.broker import Broker
from astral.engine import Loop

async def serve(call, values):
    os.kill(os.getpid(), signal.SIGKILL)

broker = Broker(Loop(), serve)
print(json.dumps([broker.address.path, broker.address.token]), flush=True)
sys.stdin.read()
"""
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        line = Line(Address(*json.loads(process.stdout.readline())))
        with pytest.raises(CallError, match="has ended"):
            line.start("kill").result(20)
        with pytest.raises(CallError, match="has ended"):
            line.start("again").result(20)
        line.close()


def test_what_killed_controllers_left_is_cleared_away(loop, tmp_path, monkeypatch):
    """Only sockets at which nobody listens, and none so young that its owner may be about to."""
    with tempfile.TemporaryDirectory(prefix="t", dir="/tmp") as place:
        monkeypatch.setattr(tempfile, "tempdir", place)
        left = {}
        for name, age, listens in (("dead", 120, False), ("young", 0, False), ("alive", 120, True)):
            directory = Path(place, f"astral-run-{name}")
            directory.mkdir(mode=0o700)
            left[name] = socket.socket(socket.AF_UNIX)
            left[name].bind(str(directory / "s"))
            if listens:
                left[name].listen()
            os.utime(directory, (time.time() - age, time.time() - age))
        Path(place, "astral-run-file").write_text("")
        broker = Broker(loop, serve)
        kept = {path.name for path in Path(place).iterdir()} - {Path(broker.address.path).parent.name}
        assert kept == {"astral-run-young", "astral-run-alive", "astral-run-file"}
        broker.close()
        for one in left.values():
            one.close()


def test_a_long_temporary_directory_is_passed_over(loop, tmp_path, monkeypatch):
    import tempfile

    deep = tmp_path / ("d" * 120)
    deep.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(deep))
    broker = Broker(loop, serve)
    line = Line(broker.address)
    assert len(os.fsencode(broker.address.path)) <= LONGEST_PATH
    assert line.start("echo", n=1).result(10) == {"n": 1}
    line.close()
    broker.close()
    assert not list(deep.iterdir())
