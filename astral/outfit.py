"""What targets, oracles and writers of a run are built with, made of its settings."""

from __future__ import annotations

import random
from pathlib import Path

from astral.context import Context
from astral.limits import BudgetMeter
from astral.prices import given_prices
from astral.registry import Registry
from astral.secrets import Redactor, is_secret
from astral.settings import Settings
from astral.wire import Network


def make_context(settings: Settings, registry: Registry, root: Path) -> Context:
    """Everything factories build with; the network counts and limits all requests of a run."""
    redactor = Redactor()
    for spec in settings.specs():
        redactor.learn_url(spec.argument)
        for name, value in spec.options:
            if is_secret(name):
                redactor.learn(value)
    network = Network(
        concurrency=settings.concurrency,
        rpm=settings.rpm,
        tpm=settings.tpm,
        timeout=settings.timeout,
        retries=settings.retries,
        budget=BudgetMeter(settings.budget),
        redactor=redactor,
        rng=random.Random(settings.seed),  # noqa: S311 - jitter of waits
        prices=given_prices(settings.prices, root),
    )
    return Context(settings, registry.taxonomy(), network, root)
