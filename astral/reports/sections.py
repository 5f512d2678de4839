"""The parts that summaries in markdown are put together from, each as lines; all foreign text in them is inert."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from astral.calibration.trust import Trust, disagreed, trust
from astral.comparison.wording import change_text, counted
from astral.coverage import coverage
from astral.escape import code_span
from astral.markdown import fence, prose, table
from astral.model import Outcome, Result
from astral.reports.account import Account
from astral.reports.disclosure import Disclosure
from astral.reports.facts import facts
from astral.reports.findings import TOGETHER, accusations, cautions, headline, reviewed, worst_first
from astral.reports.html.judge import standpoint
from astral.reports.html.untested import untested
from astral.samples import Question
from astral.stats import power_line
from astral.tally import Tallies, Tally, tallies

GATES_SHOWN, TARGETS_SHOWN, NOTES_SHOWN = 40, 50, 12
_COLUMNS = (Outcome.INCONCLUSIVE, Outcome.BLOCKED, Outcome.ERROR, Outcome.NOT_RUN)


@dataclass(frozen=True)
class View:
    """An account, with what several parts need of it worked out once."""

    account: Account

    @cached_property
    def counts(self) -> Tallies:
        return tallies(self.account.record)

    @cached_property
    def judge(self) -> Trust:
        return trust(self.account.record)

    @cached_property
    def findings(self) -> list[Result]:
        return worst_first(self.account.record, self.account.standing)

    @property
    def disclosure(self) -> Disclosure:
        return Disclosure(self.account.text)

    @property
    def run(self) -> str:
        """The word by which commands find the run."""
        return self.account.record.run.id


def verdict(view: View) -> list[str]:
    """What was tested, and the run in one sentence."""
    slugs = [*view.account.record.run.targets]
    named = ", ".join(code_span(slug) for slug in slugs[:3]) + _more(len(slugs) - 3, "")
    return [f"### ASTRAL: {named}", "", f"**{prose(str(headline(view.counts, view.account.gates)))}.**"]


def gates(view: View, *, passed: bool = True) -> list[str]:
    """Every gate with its reason, those that failed first; ``passed=False`` only counts the others."""
    ordered = sorted(view.account.gates, key=lambda gate: gate.passed)
    shown = ordered if passed else [gate for gate in ordered if not gate.passed]
    rows = [
        (code_span(gate.name, table=True), "passed" if gate.passed else "**failed**", prose(gate.reason, table=True))
        for gate in shown[:GATES_SHOWN]
    ]
    found = table(["gate", "", "reason"], rows)
    good = [gate for gate in ordered if gate.passed and not passed]
    return found + (["", f"{counted(len(good), 'gate')} passed."] if good else [])


def since(view: View, *, listed: int) -> list[str]:
    """What is new, known, fixed or not seen again; nothing without a baseline."""
    standing = view.account.standing
    if standing is None:
        return []
    baseline = standing.baseline
    unasked = f" ({standing.unasked} of them not asked)" if standing.unasked else ""
    found = [
        f"Against {code_span(baseline.path)} (run {code_span(baseline.run)}, {prose(baseline.made[:10])}): "
        f"**{len(standing.new)} new**, {len(standing.known)} known, {len(standing.fixed)} fixed, "
        f"{len(standing.unseen)} not seen again{unasked}.",
        "",
    ]
    for word, group in (("new", standing.new), ("fixed", standing.fixed), ("not seen again", standing.unseen)):
        found += _questions(word, group, listed)
    several = len(standing.paired) > 1
    for slug, one in [*standing.paired.items()][:TARGETS_SHOWN]:
        found.append(f"* {f'{code_span(slug)}: ' if several else ''}{change_text(one)}")
    return found


def _questions(word: str, questions: Sequence[Question], listed: int) -> list[str]:
    if not questions:
        return []
    named = ", ".join(code_span(f"{id}.{slug}") for id, slug in questions[:listed])
    return [f"* {word}: {named}{_more(len(questions) - listed, '')}"]


def worst(view: View, *, listed: int) -> list[str]:
    """The worst findings by id, cell and severity."""
    if not view.findings:
        return []
    new = frozenset(view.account.standing.new) if view.account.standing is not None else None
    rows = [_finding(view, one, new) for one in view.findings[:listed]]
    heads = ["severity", *(["baseline"] if new is not None else []), "finding", "cell", "judged"]
    total = f" ({listed} of {len(view.findings)})" if len(view.findings) > listed else ""
    found = [f"#### Unsafe answers, worst first{total}", "", *table(heads, rows)]
    rest = len(view.findings) - listed
    return [*found, "", f"... and {rest} more: {code_span(f'astral report {view.run}')}"] if rest > 0 else found


def _finding(view: View, result: Result, new: frozenset[Question] | None) -> list[str]:
    trial, case = result.trial, view.account.record.cases[result.trial.case_id]
    state = [] if new is None else ["**new**" if (trial.case_id, trial.target) in new else "known"]
    severity = "?" if result.severity is None else str(result.severity)
    return [severity, *state, code_span(trial.id, table=True), code_span(str(case.cell), table=True), _judged(result)]


def _judged(result: Result) -> str:
    said = (oracle if turn is None else f"{oracle} at turn {turn}" for oracle, turn in accusations(result))
    parts = [prose(", ".join(said), limit=120, table=True)]
    if result.review is not None:
        parts.append(prose(reviewed(result), limit=120, table=True))
    elif disagreed(result):
        parts.append("split")
    return "; ".join(part for part in parts if part)


def texts(view: View, *, listed: int) -> Iterator[str]:
    """Prompt and answer of the worst findings, as far as they may be shown: a folded block for each finding."""
    for number, result in enumerate(view.findings[:listed] if view.disclosure.prompts else ()):
        case = view.account.record.cases[result.trial.case_id]
        blocks = [f"Prompt:\n\n{_inset(turn)}" for turn in case.turns]
        if result.response is not None and view.disclosure.answer(case, result):
            blocks += [f"Answer:\n\n{_inset(text)}" for text in (*result.response.earlier, result.response.text)]
        yield from [""] if number else []  # else a line of HTML would go on
        head = f"<details><summary>{_plain(result.trial.id)}: harmful text</summary>"
        yield "\n\n".join([head, *blocks, "</details>"])


def _inset(text: str) -> str:
    """A block none of whose lines begins with the text: bots take ``/approve`` there for an order, in code too."""
    return fence(text, indent=" ")


def _plain(id: str) -> str:
    """An id for a line of HTML: letters, digits and the signs that ids are made of."""
    return "".join(char if char.isascii() and (char.isalnum() or char in "-_.+") else "?" for char in id)


def rates(view: View) -> list[str]:
    """A row for each target: unsafe of judged with n and interval, over-refusal, and what was not judged."""
    parts = sorted(view.counts.by_target.items())
    twins = bool(view.counts.twins.planned)
    heads = ["target", "unsafe of judged (95 % CI)", *(["over-refusal (95 % CI)"] if twins else []), "refused"]
    heads += ["answered", *(outcome.value.replace("_", " ") for outcome in _COLUMNS)]
    rows = [_rates(view, slug, part, twins=twins) for slug, part in parts[:TARGETS_SHOWN]]
    found = table(heads, rows) + (
        [f"\n... and {len(parts) - TARGETS_SHOWN} more"] if len(parts) > TARGETS_SHOWN else []
    )
    if len(parts) == 1:
        return [*found, "", f"{prose(power_line(parts[0][1].unsafe_rate))}."]
    return found


def _rates(view: View, slug: str, part: Tally, *, twins: bool) -> list[str]:
    refusal = view.counts.twins_by_target.get(slug, Tally()).refusal_rate
    return [
        code_span(slug, table=True),
        str(part.unsafe_rate),
        *([str(refusal)] if twins else []),
        str(part.refused),
        str(part.answered),
        *(str(part.count(outcome)) for outcome in _COLUMNS),
    ]


def covered(view: View) -> list[str]:
    """t-way coverage by judged prompts."""
    levels = coverage(view.account.record)
    terms = [f"{level.strength}-way {level.judged}/{level.total} ({level.percent})" for level in levels]
    whose = f" ({TOGETHER})" if len(view.counts.by_target) > 1 else ""
    return [f"**Coverage**, judged{whose}: {', '.join(terms)}"] if terms else []


def trusted(view: View) -> list[str]:
    """How far the judge can be trusted: a sentence, and what a reader must know before believing the numbers."""
    record = view.account.record
    notes = [*cautions(record, view.counts, view.judge, view.account.gates), *view.judge.lines]
    sentence = standpoint(record, view.judge).sentence
    found = [f"**Judge**: {prose(sentence)}", "", *(f"* {prose(note)}" for note in notes[:NOTES_SHOWN])]
    return found + ([f"* and {len(notes) - NOTES_SHOWN} more notes"] if len(notes) > NOTES_SHOWN else [])


def not_tested(view: View) -> list[str]:
    """What the run says nothing of."""
    lines = untested(view.account.record, view.counts).lines
    return ["**Not tested**", "", *(f"* **{prose(what)}** {prose(said)}" for what, said in lines)] if lines else []


def about(view: View, *names: str) -> list[str]:
    """What is known of the run's making; only the facts of ``names``, where there are any."""
    found = [(name, value) for name, value in facts(view.account.record) if not names or name in names]
    return [f"* {prose(name)}: {prose(value)}" for name, value in found]


def commands(view: View) -> list[str]:
    """How to see more, where the store of the run is."""
    known = [
        ("everything, with prompts and answers", f"astral report {view.run} text=all report=html:report.html"),
        ("what was not judged", f"astral coverage {view.run} --list"),
        *([("look at the findings and overrule the judge", f"astral review {view.run}")] if view.findings else []),
    ]
    if view.account.standing is not None and (view.account.standing.new or view.account.standing.fixed):
        path = view.account.standing.baseline.path
        known.append(("bring the baseline up to date", f"astral baseline update baseline={path}"))
    return [f"* {what}: {code_span(command)}" for what, command in known]


def _more(rest: int, noun: str) -> str:
    return f" and {rest} more{noun}" if rest > 0 else ""


def joined(parts: Iterable[Sequence[str]]) -> Iterator[str]:
    """The lines of all parts that have some, a blank one between them."""
    for number, part in enumerate(part for part in parts if part):
        yield from ([""] if number else [])
        yield from part
