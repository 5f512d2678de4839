"""``astral report``: a stored run, shown again."""

from __future__ import annotations

from dataclasses import replace

from astral.baseline import baseline_for, stand
from astral.cards import load_cards
from astral.commands.order import Order, say
from astral.errors import ReportError
from astral.formats import check_reports
from astral.gates import check_gates, evaluate
from astral.model import RunRecord
from astral.overruling import overruled
from astral.publish import publish, summary_lines
from astral.reports.account import Account
from astral.reports.terminal import FINDINGS_LISTED
from astral.run import STORE
from astral.samples import sample
from astral.store import Store


def report(order: Order) -> None:
    """Write the reports that were asked for and print the summary of a stored run; gates are told and decide nothing.

    Raises ReportError for a report that could not be written, once all others are.
    """
    settings, named = order.settings, order.words[0] if order.words else "last"
    formats = check_reports(settings.report, order.registry(), order.root)
    check_gates(settings.gate, baseline=settings.baseline is not None)
    with Store(order.directory / ".astral" / STORE) as store:
        record = overruled(store.record(named), store)
    cards = load_cards(settings.card, order.root, order.directory / ".astral")
    account = _account(order, replace(record, cards=cards))
    published = publish(account, settings, order.root, formats)
    for line in summary_lines(account, settings, written=published.written, name=named, listed=FINDINGS_LISTED):
        say(line)
    if published.failed:
        raise ReportError("; ".join(published.failed))


def _account(order: Order, record: RunRecord) -> Account:
    """The run against the baseline that is named; what gates say of it, where one of both is."""
    settings = order.settings
    baseline = baseline_for(record.run, settings, order.root)
    standing = stand(sample(record), baseline) if baseline is not None else None
    if not settings.gate and standing is None:
        return Account(record)
    gates = evaluate(
        record, gates=settings.gate, incomplete=settings.incomplete, standing=standing, max_age=settings.max_age
    )
    return Account(record, gates, standing)
