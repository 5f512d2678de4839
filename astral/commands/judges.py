"""The judges of a command: built, forecast and tried before anything is paid for, and waited for."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, wait
from typing import Any

from astral.commands.order import Order, say
from astral.context import Context
from astral.cost import (
    ASSUMED,
    Forecast,
    Pace,
    Use,
    check_budget,
    check_priced,
    cost_line,
    models,
    run_forecast,
    use_lines,
)
from astral.engine import Loop
from astral.errors import ReportError, SettingsError
from astral.escape import show
from astral.files import write_whole
from astral.judging import is_free
from astral.model import Case, Response
from astral.preflight import preflight
from astral.protocols import Oracle


def build_judges(order: Order, context: Context) -> list[Oracle]:
    """The oracles that were named. Raises SettingsError, PluginError."""
    settings = order.settings
    if not settings.oracle:
        raise SettingsError("name the judges, several by comma: oracle=llm:MODEL, oracle=offline")
    oracles = [order.registry().oracle(spec, context) for spec in settings.oracle]
    names = [oracle.name for oracle in oracles]
    if twice := next((name for name in names if names.count(name) > 1), ""):
        raise SettingsError(f"oracle= names {show(twice)!r} twice; leave one of them out")
    if not settings.dry_run:
        check_priced(models(oracles), settings.budget, context.network.prices)
    return oracles


def is_own_code(oracle: Oracle) -> bool:
    """True for an oracle of the user's own: what it asks of others is not known here."""
    return not is_free(oracle) and not hasattr(oracle, "endpoint")


def judging_forecast(oracle: Oracle, pairs: Sequence[tuple[Case, Response]], *, confirm: int) -> Forecast:
    """What judging these answers asks of an oracle: they are known, so only the length of verdicts is assumed."""
    known = [(oracle.name, case, response) for case, response in pairs]
    return run_forecast([], [], [oracle], confirm=confirm, canaries=known)


def joined(forecasts: Iterable[Forecast]) -> Forecast:
    """All of them as one."""
    uses: list[Use] = []
    for one in forecasts:
        uses += one.uses
    return Forecast(tuple(uses))


def announce(
    order: Order, context: Context, oracles: Sequence[Oracle], forecast: Forecast, *, judgings: int, loop: Loop
) -> None:
    """Try the judges and say in a line what is to come; for a dry run only say it. Raises SettingsError where the
    budget does not suffice, or a judge cannot be reached.
    """
    settings, network = order.settings, context.network
    if settings.dry_run:
        for line in use_lines(forecast, network.prices):
            say(f"astral:   {line}")
    check_budget(forecast, network.budget, network.prices, cells="pairwise")
    tried = settings.preflight and forecast.requests and not settings.dry_run
    seconds = preflight([("oracle", one) for one in oracles], loop) if tried else None
    line = cost_line(
        forecast,
        prices=network.prices,
        budget=settings.budget,
        trials=judgings,
        pace=ASSUMED if settings.dry_run else None if seconds is None else Pace.measured(seconds),
        concurrency=settings.concurrency,
        rpm=settings.rpm,
        tpm=settings.tpm,
        code=any(map(is_own_code, oracles)),
        noun="judging",
    )
    say(f"{line} (dry run: nothing sent)" if settings.dry_run else line)


@contextlib.contextmanager
def closed_loop(context: Context) -> Iterator[Loop]:
    """A loop to judge in; at the end the network's connections are closed in it, and then it is."""
    loop = Loop()
    try:
        yield loop
    finally:
        with contextlib.suppress(Exception):
            loop.run(context.network.aclose())
        loop.close()


def over(future: Future[Any], seconds: float) -> bool:
    """True once the work is done, whatever came of it; waits that long at most, and Ctrl-C is heard."""
    return bool(wait([future], timeout=seconds).done)


def write_out(order: Order, option: str, text: Callable[[], str]) -> None:
    """Write what ``--option FILE`` asks for, whole or not at all. Raises ReportError."""
    if (typed := order.options.get(option)) is None:
        return
    try:
        write_whole(order.root / typed, text())
    except OSError as err:
        raise ReportError(f"{show(typed)}: cannot be written ({err.strerror}); name another place: {option}") from err
    say(f"{option.removeprefix('--')}: {show(typed)}")
