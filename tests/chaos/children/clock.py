"""For a child (``-p clock``): the system's clock is set as ``CLOCK=0:SECONDS,N:SECONDS`` says: by so many seconds off,
from the start and from the end of the N-th test on. What counts seconds (time.monotonic) goes on undisturbed.
"""

import datetime
import os
import time

JUMPS = {int(at): float(off) for at, off in (one.split(":") for one in os.environ.get("CLOCK", "0:0").split(","))}
SYSTEM, UTC = time.time, datetime.UTC


class Clock:
    tests = 0
    off = JUMPS.get(0, 0.0)


class Jumping(datetime.datetime):
    """``datetime.datetime`` by that clock."""

    @classmethod
    def now(cls, tz=None):
        return cls.fromtimestamp(time.time(), tz)

    @classmethod
    def utcnow(cls):
        return cls.now(UTC).replace(tzinfo=None)


def jumping():
    return SYSTEM() + Clock.off


time.time = jumping
datetime.datetime = Jumping


def pytest_runtest_logfinish():
    Clock.tests += 1
    Clock.off = JUMPS.get(Clock.tests, Clock.off)
