"""``astral judge``: the answers of a stored run, judged again; no target is asked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from contextlib import closing

import pytest

from astral.commands.order import Order, say
from astral.commands.progress import progress_bar
from astral.conclusion import conclude
from astral.errors import SettingsError
from astral.header import judging_settings
from astral.model import Outcome, Result, Run, RunRecord, Trial
from astral.rejudge import Rejudging
from astral.reports.grid import Column, grid
from astral.run import STORE
from astral.settings import parse_pairs
from astral.store import Store


def judge(order: Order) -> int:
    """Judge, or go on judging; the exit code is that of a run."""
    typed = parse_pairs(order.config.getoption("astral") or ())
    if order.words and "resume" in typed:
        raise SettingsError("name a run to judge, or one to go on with by resume=, not both")
    name = order.words[0] if order.words else "last"
    with Store(order.directory / ".astral" / STORE) as store:
        stored = store.run(order.settings.resume or name)
        source = stored.judged_from or stored.id if order.settings.resume else stored.id
        before = _outcomes(store, source) if source in store.run_ids() else {}
    settings = judging_settings(order.settings, stored, typed)
    run = Rejudging(settings, order.registry(), order.context(settings), order.directory, say, source=stored.id)
    with closing(run):
        run.build()
        if settings.dry_run:
            run.foresee()
            return 0
        return _judged(order, run, stored, before)


def _judged(order: Order, run: Rejudging, stored: Run, before: Mapping[Trial, Outcome]) -> int:
    what = (
        f"goes on judging the answers of {stored.judged_from}"
        if stored.id == run.id
        else f"judges those of {stored.id}"
    )
    interrupted = False
    try:
        run.begin_judging()
        say(f"astral: run {run.id} {what}")
        with progress_bar("judging") as tick:
            for done, trial in enumerate(run.trials, 1):
                run.wait(trial)
                tick(done, len(run.trials))
    except KeyboardInterrupt:
        interrupted = True
    record = run.finish()
    if record is None:
        return int(pytest.ExitCode.INTERRUPTED)
    conclusion = conclude(
        record, run.settings, order.root, failure=run.failure, baseline=run.baseline, formats=run.formats
    )
    for line in (*conclusion.lines, *changed_lines(before, record)):
        say(line)
    if interrupted:
        say("interrupted; what was judged is kept")
        return int(pytest.ExitCode.INTERRUPTED)
    return 0 if conclusion.passed else 1


def _outcomes(store: Store, run: str) -> dict[Trial, Outcome]:
    return dict.fromkeys(store.trials(run), Outcome.NOT_RUN) | store.outcomes(run)


def _judged_as(result: Result) -> Outcome:
    """What the oracles came to, whatever a person said of the answer."""
    return result.review.was if result.review is not None and result.review.was is not None else result.outcome


def changed_lines(before: Mapping[Trial, Outcome], record: RunRecord) -> list[str]:
    """How many trials went from which outcome to which by the oracles: a line, and a table if there is more to tell."""
    pairs = Counter((before[one.trial], _judged_as(one)) for one in record.results if one.trial in before)
    changed = {pair: count for pair, count in pairs.items() if pair[0] is not pair[1]}
    if not pairs:
        return []
    head = f"{sum(changed.values())} of {sum(pairs.values())} outcomes changed"
    if not changed:
        return ["", f"{head} against the first judging"]
    terms = sorted(changed.items(), key=lambda item: (-item[1], item[0]))
    listed = ", ".join(f"{count} {was} -> {now}" for (was, now), count in terms)
    rows = [outcome for outcome in Outcome if any(was is outcome for was, _ in pairs)]
    columns = [outcome for outcome in Outcome if any(now is outcome for _, now in pairs)]
    table = grid(
        Column(("was",), tuple(rows), left=True),
        [Column((f"now {now}",), tuple(str(pairs[was, now]) for was in rows)) for now in columns],
        120,
    )
    return ["", f"{head}: {listed}", *table]
