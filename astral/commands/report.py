"""``astral report``: a stored run, shown again."""

from __future__ import annotations

from dataclasses import replace

from astral.cards import load_cards
from astral.commands.order import Order, say
from astral.overruling import overruled
from astral.publish import check_places, summary_lines, write_report
from astral.reports.terminal import FINDINGS_LISTED
from astral.run import STORE
from astral.store import Store


def report(order: Order) -> None:
    """Write the reports that were asked for and print the summary of a stored run."""
    settings, named = order.settings, order.words[0] if order.words else "last"
    check_places(settings.report, order.root)
    with Store(order.directory / ".astral" / STORE) as store:
        record = overruled(store.record(named), store)
    cards = load_cards(settings.card, order.root, order.directory / ".astral")
    record = replace(record, cards=cards)
    for spec in settings.report:
        write_report(record, spec, order.root, settings.text or "all")
    for line in summary_lines(record, (), settings, written=settings.report, name=named, listed=FINDINGS_LISTED):
        say(line)
