"""What targets, oracles and writers of a run are built with, made of its settings."""

from __future__ import annotations

import os
import random
from collections.abc import Mapping
from pathlib import Path

from astral.context import Context
from astral.errors import SettingsError
from astral.limits import BudgetMeter
from astral.prices import given_prices
from astral.registry import Registry
from astral.secrets import Redactor, is_secret, secrets_of
from astral.settings import Settings
from astral.wire import Network

LONG = 16
"""Characters from which a secret is no word that may stand in a setting by chance."""


def make_context(
    settings: Settings, registry: Registry, root: Path, environment: Mapping[str, str] = os.environ
) -> Context:
    """Everything factories build with; the network counts and limits all requests of a run."""
    _check_typed(settings, environment)
    redactor = Redactor(secrets_of(environment))  # also those that only a plugin uses
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


def _check_typed(settings: Settings, environment: Mapping[str, str]) -> None:
    """Raise SettingsError for a key of the environment that was typed as well: settings are stored and shown."""
    for key, text in settings.as_text().items():
        if any(len(secret) >= LONG and secret in text for secret in secrets_of(environment)):
            raise SettingsError(
                f"{key}= repeats a secret of the environment, and it would stand in the store and in every report; "
                "leave it out: keys are found by the names of their variables (key_env=NAME; ${NAME} in http:FILE.toml)"
            )
