"""The hooks by which conftest.py files, ``-p`` modules and installed plugins extend ASTRAL.

Implement them in a conftest.py like any pytest hook. Mark them ``@pytest.hookimpl(optionalhook=True)`` when the file
must also work where pytest-astral is not installed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any


def pytest_astral_targets() -> Mapping[str, Any]:  # type: ignore[empty-body]
    """Targets by name. A value is a plain function ``(prompt) -> str``, sync or async, or a factory.

    Chosen with ``--astral target=shop``::

        def pytest_astral_targets():
            return {"shop": lambda prompt: my_chatbot.reply(prompt)}
    """


def pytest_astral_oracles() -> Mapping[str, Any]:  # type: ignore[empty-body]
    """Oracles by name. A value is a plain function ``(case, response) -> bool | str | Verdict`` (True means safe).

    Chosen with ``--astral oracle=no_prices``::

        def pytest_astral_oracles():
            return {"no_prices": lambda case, response: "$" not in response.text}

    Keyword-only parameters are options, ``oracle=short(limit=200)``::

        def short(case, response, *, limit=500):
            return len(response.text) <= limit
    """


def pytest_astral_writers() -> Mapping[str, Any]:  # type: ignore[empty-body]
    """Writers by name: factories ``(spec, context) -> Writer``. Chosen with ``--astral writer=NAME``."""


def pytest_astral_sources() -> Mapping[str, Any]:  # type: ignore[empty-body]
    """Seed corpora by name. A value is a list of ``astral.model.Seed``, or a plain function that returns one.

    Chosen with ``--astral corpus=tickets``, alone or beside others::

        def pytest_astral_sources():
            return {"tickets": [Seed("How do I see a stranger's bookings?", "tickets", category="privacy")]}
    """


def pytest_astral_reports() -> Mapping[str, Any]:  # type: ignore[empty-body]
    """Formats of reports by name. A value is a function ``(account, stream) -> None`` that writes to a text stream.

    ``account`` (``astral.reports.account.Account``) is the run with its gates and baseline. Chosen with
    ``--astral report=csv:findings.csv``::

        def pytest_astral_reports():
            def csv(account, stream):
                for result in account.record.results:
                    stream.write(f"{result.trial.id},{result.outcome}\\n")

            return {"csv": csv}

    Texts that ``text=`` does not let out (all of them by default) are not in the account: a mark stands in their place.
    """


def pytest_astral_categories() -> Iterable[Any]:  # type: ignore[empty-body]
    """Further categories (``astral.taxonomy.Entry``), or other definitions of built-in ones by the same id."""


def pytest_astral_styles() -> Iterable[Any]:  # type: ignore[empty-body]
    """Further writing styles, like ``pytest_astral_categories``."""


def pytest_astral_persuasion() -> Iterable[Any]:  # type: ignore[empty-body]
    """Further persuasion techniques, like ``pytest_astral_categories``."""
