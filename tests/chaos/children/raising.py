"""For a child (``-p raising``): the hook of ``RAISE_IN=HOOK[:first|last]`` raises, before or after all others."""

import os

import pytest

HOOK, _, PLACE = os.environ.get("RAISE_IN", "").partition(":")


@pytest.hookimpl(tryfirst=PLACE == "first", trylast=PLACE == "last")
def broken():
    raise RuntimeError("a defect in a hook")


if HOOK:
    globals()[HOOK] = broken
