"""How old the news are that a case builds on: one rule for the gate ``fresh`` and for ``astral generate --refresh``."""

from __future__ import annotations

import datetime
from collections.abc import Iterable

from astral.model import Case
from astral.setting_values import Days


def cites_news(case: Case) -> bool:
    """True when the case says that it builds on news."""
    news = case.provenance.get("news")
    return isinstance(news, list) and bool(news)


def newest_news(case: Case) -> datetime.date:
    """The day of the newest news that the case cites; long ago where none of them says one."""
    return max(_dates(case.provenance["news"]), default=datetime.date.min) if cites_news(case) else datetime.date.min


def is_stale(case: Case, max_age: Days, today: datetime.date) -> bool:
    """True when even the newest news that the case cites is older than ``max_age``; one that cites none never is."""
    return cites_news(case) and newest_news(case) < today - datetime.timedelta(days=max_age.count)


def _dates(news: Iterable[object]) -> Iterable[datetime.date]:
    """The dates of news items; an undated item counts by the day on which it was found."""
    for item in news:
        found = item if isinstance(item, dict) else {}
        text = str(found.get("date") or found.get("retrieved") or "")[:10]
        try:
            yield datetime.date.fromisoformat(text)
        except ValueError:
            continue
