"""For a child (``-p dying``): dies by SIGKILL at the N-th event of the kind that ``DIE_AT=KIND|WORD|N`` names.

Kinds: the names of Python's audit events (https://docs.python.org/3/library/audit_events.html, read 2026-11-21) whose
arguments hold WORD; ``sql``: a statement that holds WORD is about to be executed; ``fsync``: a file is about to be
brought to disk, and half of it is what gets there.
"""

import itertools
import os
import signal
import sqlite3
import stat
import sys

KIND, WORD, NUMBER = os.environ.get("DIE_AT", "||0").split("|")
COUNT = itertools.count(1)
CONNECT, DURABLE = sqlite3.connect, os.fsync


def die_if_due():
    if next(COUNT) == int(NUMBER):
        os.kill(os.getpid(), signal.SIGKILL)


def watch(event, values):
    if event == KIND and any(isinstance(value, str | tuple) and WORD in str(value) for value in values):
        die_if_due()


def traced(*values, **named):
    connection = CONNECT(*values, **named)
    connection.set_trace_callback(lambda statement: die_if_due() if WORD in statement else None)
    return connection


def half(descriptor):
    found = os.fstat(descriptor)
    if next(COUNT) == int(NUMBER):
        if stat.S_ISREG(found.st_mode):
            os.ftruncate(descriptor, found.st_size // 2)
        os.kill(os.getpid(), signal.SIGKILL)
    DURABLE(descriptor)


if KIND == "fsync":
    os.fsync = half
elif KIND == "sql":
    sqlite3.connect = traced
elif KIND:
    sys.addaudithook(watch)
