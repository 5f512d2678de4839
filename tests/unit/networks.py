"""Networks for tests: no wait is real, and all that was slept is on record."""

import asyncio
import random
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from astral.context import Context
from astral.errors import SettingsError
from astral.limits import BudgetMeter
from astral.secrets import Redactor
from astral.setting_values import Budget, parse_spec
from astral.settings import parse_settings
from astral.taxonomy import DEFAULT
from astral.wire import Network


class Naps:
    """A sleep that returns at once and remembers."""

    def __init__(self):
        self.seconds = []

    async def __call__(self, seconds):
        self.seconds.append(seconds)
        await asyncio.sleep(0)


def make_network(
    *,
    concurrency=8,
    rpm=None,
    tpm=None,
    timeout=5.0,
    retries=3,
    budget=Budget(),  # noqa: B008
    redactor=None,
    sleep=None,
    **more,
):
    return Network(
        concurrency=concurrency,
        rpm=rpm,
        tpm=tpm,
        timeout=timeout,
        retries=retries,
        budget=BudgetMeter(budget),
        redactor=redactor or Redactor(),
        sleep=sleep or Naps(),
        rng=random.Random(0),
        **more,
    )


@asynccontextmanager
async def opened(**options):
    network = make_network(**options)
    try:
        yield network
    finally:
        await network.aclose()


def make_context(network, *pairs):
    return Context(parse_settings(pairs), DEFAULT, network, Path())


def refused(build, spec):
    """The one line by which ``build`` refuses an oracle as it was typed."""
    with pytest.raises(SettingsError) as caught:
        build(parse_spec(spec), make_context(make_network()))
    assert "\n" not in str(caught.value)
    return str(caught.value)
