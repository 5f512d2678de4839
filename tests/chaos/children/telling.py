"""For a child (``-p telling``): says by empty files where it has come to, and gives a report that waits for one.

``ending``: pytest took a signal. ``report=slow:PATH``: ``writing`` is there while it is written, until ``go`` is there.
"""

import time
from pathlib import Path

import pytest

SECONDS = 60


@pytest.hookimpl(trylast=True)
def pytest_keyboard_interrupt():
    Path("ending").touch()


@pytest.hookimpl(optionalhook=True)
def pytest_astral_reports():
    return {"slow": write}


def write(account, stream):
    Path("writing").touch()
    for _ in range(SECONDS * 100):
        if Path("go").exists():
            break
        time.sleep(0.01)
    stream.write("all of the report\n")
