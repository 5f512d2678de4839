"""Runs commands in forks of a process that has loaded everything: a start costs milliseconds, so thousands go.

One JSON object a line comes in (stdin) and goes out (the descriptor that is named); ``injection.py`` starts it.
Nothing of ASTRAL is replaced: the fault comes from ``faulty.c``, in libc's place, armed in the fork alone.
"""

import ctypes
import gc
import importlib
import json
import os
import pkgutil
import signal
import sys
import traceback

from _pytest.config import default_plugins

LATE = ("astral.plugin", "astral.testing", "astral.embeddings.minilm")
"""Not loaded beforehand: pytest wants to rewrite the first one itself."""
SECONDS = 40
"""After these a fork has hung and is ended by SIGALRM."""


def load():
    """All modules that commands may need, pytest's own too."""
    import astral

    for name in ("xml.etree.ElementTree", "unittest", "pdb", *(f"_pytest.{one}" for one in default_plugins)):
        importlib.import_module(name)
    for found in pkgutil.walk_packages(astral.__path__, "astral."):
        if not found.name.startswith(LATE):
            try:
                importlib.import_module(found.name)
            except ImportError:  # an extra that is not installed here
                continue
    gc.collect()
    gc.freeze()  # what is loaded is not looked at again in every fork


def run(order):
    """In the fork: one command with the fault armed."""
    import pytest

    import astral.cli

    os.chdir(order["directory"])
    out = os.open(order["out"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.dup2(out, 1)
    os.dup2(out, 2)
    os.environ.update(order["env"])
    os.umask(order["umask"])
    signal.alarm(SECONDS)
    shim = ctypes.CDLL(None)
    shim.faulty_seen.restype = ctypes.c_char_p
    main = {"pytest": pytest.main, "astral": astral.cli.main}[order["command"][0]]
    shim.faulty_arm(os.fsencode(order["directory"]), *(ctypes.c_long(order[key]) for key in ("nth", "sticky")),
                    order["error"], order["action"])  # fmt: skip
    try:
        code = int(main(order["command"][1:]))
    except BaseException:
        traceback.print_exc()
        code = 70
    shim.faulty_disarm()
    sys.stdout.flush()
    sys.stderr.flush()
    seen = os.fsdecode(shim.faulty_seen())
    return code, {"hits": shim.faulty_hits(), "count": shim.faulty_count(), "seen": seen}


def forked(order):
    """What a fork made of one order; of one that was killed, the signal."""
    reading, writing = os.pipe()
    pid = os.fork()
    if not pid:
        code = 70
        try:
            os.close(reading)
            code, told = run(order)
            os.write(writing, json.dumps(told).encode())
        finally:
            os._exit(code)
    os.close(writing)
    with open(reading, "rb") as stream:
        told = stream.read()
    _, status = os.waitpid(pid, 0)
    return {"code": os.waitstatus_to_exitcode(status), **json.loads(told or b"{}")}


def serve(answers):
    load()
    with open(answers, "w", encoding="ascii") as stream:
        for line in sys.stdin:
            stream.write(json.dumps(forked(json.loads(line))) + "\n")
            stream.flush()


if __name__ == "__main__":
    serve(int(sys.argv[1]))
