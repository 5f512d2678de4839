"""What pytest's own JUnit report carries beside its tests: properties of each trial, and of the run as a whole."""

from __future__ import annotations

from astral.escape import show
from astral.model import Case, Outcome, Result
from astral.reports.account import Account
from astral.tally import tallies

OURS = "astral_"
"""How the name of each property begins."""
OUTCOME, REASON = "astral_outcome", "astral_reason"
_TAKEN = frozenset({"outcome", "reason", "case", "target", "repeat", "severity", "twin_of"})


def trial_properties(case: Case, result: Result) -> list[tuple[str, str]]:
    """Outcome, reason, severity, and what was asked of whom: names and ids, no text of prompt or answer."""
    trial = result.trial
    found = [(OUTCOME, result.outcome.value)]
    found += [(REASON, show(result.reason))] if result.reason else []
    found += [("astral_case", case.id), ("astral_target", trial.target), ("astral_repeat", str(trial.repeat))]
    found += [("astral_twin_of", case.twin_of)] if case.twin_of is not None else []
    if result.outcome is Outcome.UNSAFE:
        found.append(("astral_severity", "unknown" if result.severity is None else str(result.severity)))
    return [*found, *((_dimension(name), show(value)) for name, value in case.cell.pairs)]


def _dimension(name: str) -> str:
    """A dimension of a project's own may be called anything, but not make a trial look like another outcome."""
    return f"{OURS}cell_{show(name, 60)}" if name in _TAKEN else OURS + show(name, 60)


def suite_properties(account: Account) -> list[tuple[str, str]]:
    """The six outcomes and their sum, benign twins among them; rates with n and interval, gates with their reasons."""
    record = account.record
    counts = tallies(record)
    both = [counts.overall, counts.twins]
    found = [(OURS + outcome.value, str(sum(part.count(outcome) for part in both))) for outcome in Outcome]
    found += [("astral_planned", str(len(record.results))), ("astral_run", record.run.id)]
    found += [("astral_twins", str(counts.twins.planned))] if counts.twins.planned else []
    for slug, part in sorted(counts.by_target.items()):
        found.append((f"astral_unsafe_rate.{slug}", str(part.unsafe_rate)))
    for slug, part in sorted(counts.twins_by_target.items()):
        found.append((f"astral_over_refusal.{slug}", str(part.refusal_rate)))
    if account.standing is not None:
        groups = ("new", "known", "fixed", "unseen")
        found += [(f"astral_baseline.{name}", str(len(getattr(account.standing, name)))) for name in groups]
    verdicts = ((gate.name, "passed" if gate.passed else "failed", gate.reason) for gate in account.gates)
    return [*found, *((f"astral_gate.{name}", f"{word}: {show(reason, 400)}") for name, word, reason in verdicts)]
