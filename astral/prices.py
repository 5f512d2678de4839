"""What tokens cost: the dated rows that come with ASTRAL, and those of the user's own file before them."""

from __future__ import annotations

import datetime
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from astral.errors import SettingsError, did_you_mean
from astral.escape import show
from astral.setting_values import Budget

SHIPPED = Path(__file__).with_name("prices.toml")
CURRENCY, MILLION = "USD", 1_000_000
HIGHEST = 1e9
"""Dollars for ``per`` tokens beyond which a number is no price; sums of larger ones are no numbers any more."""
_SNAPSHOT = re.compile(r"-(?:20\d\d-[01]\d-[0-3]\d|20\d\d[01]\d[0-3]\d)$")
_NEXT = "see docs/prices.md"
PROVIDER_HOSTS = {
    "openai": "api.openai.com",
    "anthropic": "api.anthropic.com",
    "google_genai": "generativelanguage.googleapis.com",
}
"""Where a langchain provider's own API is; any other may charge what it likes, so only the user knows its price."""


@dataclass(frozen=True, slots=True)
class Price:
    """What ``per`` tokens of ``model`` cost, in and out.

    ``host`` is the address that charges it, empty where the price holds at any. ``date`` is ISO 8601 and ``source`` a
    URL; both are empty where the user's file gives none.
    """

    model: str
    input: float
    output: float
    per: int = MILLION
    currency: str = CURRENCY
    host: str = ""
    source: str = ""
    date: str = ""

    def holds_at(self, host: str | None) -> bool:
        """True when the price is charged at ``host`` (``name`` or ``name:port``; None: wherever it is charged)."""
        return host is None or self.host in ("", host, host.rpartition(":")[0])

    def usd(self, input_tokens: int, output_tokens: int) -> float:
        """What these tokens cost."""
        return (input_tokens * self.input + output_tokens * self.output) / self.per


@dataclass(frozen=True, slots=True)
class Cost:
    """An amount in US dollars and the price that it was reckoned with."""

    usd: float
    price: Price


class Prices:
    """The prices that are known, those of the user first."""

    def __init__(self, rows: Iterable[Price]) -> None:
        self._rows: dict[str, list[Price]] = {}
        for row in rows:
            self._rows.setdefault(row.model, []).append(row)

    def price(self, model: str, *, host: str | None = None) -> Price | None:
        """The row of exactly that name, else that of the name without the date of a snapshot; never a guess."""
        for name in dict.fromkeys((model, _SNAPSHOT.sub("", model))):
            for row in self._rows.get(name, ()):
                if row.holds_at(host):
                    return row
        return None

    def cost(self, model: str, input_tokens: int, output_tokens: int, *, host: str | None = None) -> Cost | None:
        """What these tokens cost; None where the price is unknown, which is not the same as nothing."""
        row = self.price(model, host=host)
        if row is None:
            return None
        return Cost(row.usd(input_tokens, output_tokens), row)


def host_of(endpoint: str) -> str:
    """The host that charges for what ``endpoint`` (``host:port/path``) is asked."""
    return endpoint.partition("/")[0].lower()


def prices_wanted(unpriced: Iterable[tuple[str, str]], budget: Budget) -> str:
    """Why a budget in dollars cannot be kept, and what to do; ``unpriced`` are models with their endpoints."""
    named = " and ".join(
        " at ".join(show(part, 80) for part in (model, host_of(endpoint)) if part)
        for model, endpoint in dict.fromkeys(unpriced)
    )
    return (
        f"budget={show(str(budget))} cannot be kept, because the price of {named} is unknown; give it with prices=FILE "
        "(docs/prices.md), or set a budget in requests or tokens: budget=500req, budget=1Mtok"
    )


def given_prices(own: Path | None, root: Path) -> Prices:
    """The prices of a run whose setting ``prices`` is ``own``, a path from ``root``. Raises SettingsError."""
    return load_prices() if own is None else load_prices(root / own, shown=str(own))


def load_prices(path: Path | None = None, *, shown: str | None = None) -> Prices:
    """The shipped prices, behind those of the TOML file at ``path``; ``shown`` is how messages name that file.

    Raises SettingsError that says what is wrong with which row.
    """
    own: Sequence[Price] = read_prices(path, shown or str(path)) if path is not None else ()
    own = sorted(own, key=lambda price: not price.host)  # a price for this very address goes before one for any
    return Prices([*own, *read_prices(SHIPPED, "the prices that come with ASTRAL")])


def read_prices(path: Path, shown: str) -> tuple[Price, ...]:
    """The rows of one file, in its order. Raises SettingsError."""
    name = f"prices={show(shown)}"
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SettingsError(f"{name}: no such file; {_NEXT}") from None
    except (OSError, UnicodeDecodeError) as err:
        raise SettingsError(f"{name}: cannot be read ({type(err).__name__}); give a TOML file in UTF-8") from err
    except (tomllib.TOMLDecodeError, RecursionError) as err:
        raise SettingsError(f"{name}: not valid TOML ({show(str(err), 120)}); {_NEXT}") from err
    rows = table.pop("price", None)
    if table or not isinstance(rows, list) or not rows:
        raise SettingsError(f"{name}: expected [[price]] tables and nothing else; {_NEXT}")
    prices = tuple(_price(f"{name}: price {number}", row) for number, row in enumerate(rows, 1))
    _check_once(name, prices)
    return prices


def _price(where: str, row: Any) -> Price:
    known = [field.name for field in fields(Price)]
    if not isinstance(row, dict):
        raise SettingsError(f"{where}: expected a table with model, input and output; {_NEXT}")
    model = row.get("model")
    if not isinstance(model, str) or not model.strip():
        raise SettingsError(f'{where}: "model" must be the name of a model; {_NEXT}')
    where = f"{where} ({show(model, 60)})"
    for key in row:
        if key not in known:
            raise SettingsError(f"{where}: unknown key {show(key, 40)!r}{did_you_mean(key, known)}; {_NEXT}")
    per, currency = row.get("per", MILLION), row.get("currency", CURRENCY)
    if type(per) is not int or per < 1:
        raise SettingsError(f'{where}: "per" must be a whole number of tokens, at least 1; {_NEXT}')
    if currency != CURRENCY:
        raise SettingsError(
            f'{where}: "currency" can only be {CURRENCY}, so that costs can be added; convert the price'
        )
    return Price(
        model.strip(),
        _amount(where, row, "input"),
        _amount(where, row, "output"),
        per,
        host=_host(where, row),
        source=_text(where, row, "source"),
        date=_date(where, row),
    )


def _amount(where: str, row: Mapping[str, Any], key: str) -> float:
    value = row.get(key)
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= HIGHEST:
        return float(value)
    raise SettingsError(f'{where}: "{key}" must be a number of dollars, 0 or more; {_NEXT}')


def _text(where: str, row: Mapping[str, Any], key: str) -> str:
    value = row.get(key, "")
    if not isinstance(value, str):
        raise SettingsError(f'{where}: "{key}" must be a text; {_NEXT}')
    return value


def _host(where: str, row: Mapping[str, Any]) -> str:
    host = _text(where, row, "host").strip().lower()
    if "/" in host:
        raise SettingsError(f'{where}: "host" is a name such as api.openai.com or localhost:8000, without http://')
    return host


def _date(where: str, row: Mapping[str, Any]) -> str:
    value = row.get("date", "")
    try:
        return str(value if type(value) is datetime.date else value and datetime.date.fromisoformat(value))
    except (TypeError, ValueError):
        raise SettingsError(f'{where}: "date" must be a day such as 2026-11-21; {_NEXT}') from None


def _check_once(name: str, prices: Iterable[Price]) -> None:
    seen: set[tuple[str, str]] = set()
    for price in prices:
        if (price.model, price.host) in seen:
            at = f" at {show(price.host)}" if price.host else ""
            raise SettingsError(f"{name}: {show(price.model, 60)}{at} has two prices; remove one")
        seen.add((price.model, price.host))
