"""What the gates said, and how the run stands against its baseline."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from astral.baseline import Standing
from astral.comparison.wording import change_text
from astral.escape import show
from astral.gates import GateResult
from astral.reports.terminal.wrapping import rest, wrap
from astral.samples import Question

QUESTIONS_SHOWN = 5


def gate_lines(gates: Sequence[GateResult], width: int) -> list[str]:
    """Every gate in force with its reason, those that failed first."""
    ordered = sorted(gates, key=lambda gate: gate.passed)
    return [line for gate in ordered for line in wrap(_said(gate), width)]


def _said(gate: GateResult) -> str:
    return f"gate {show(gate.name)} {'passed' if gate.passed else 'failed'}: {show(gate.reason, None)}"


def against(standing: Standing | None, gates: Sequence[GateResult], width: int) -> list[str]:
    """What is new, known, fixed or not seen again; ids of what no finding shows, and the change on shared prompts."""
    if standing is None:
        return []
    baseline = standing.baseline
    unasked = f" ({standing.unasked} of them not asked)" if standing.unasked else ""
    found = [
        *wrap(f"baseline {show(baseline.path)}, made of run {show(baseline.run)}, {show(baseline.made[:10])}", width),
        *wrap(
            f"  {len(standing.new)} new, {len(standing.known)} known, {len(standing.fixed)} fixed, "
            f"{len(standing.unseen)} not seen again{unasked}",
            width,
            "    ",
        ),
    ]
    found += [line for told in _changes(standing, gates) for line in wrap(f"  {told}", width, "    ")]
    found += _questions("fixed", standing.fixed, width) + _questions("not seen again", standing.unseen, width)
    if standing.new or standing.fixed:
        named = shlex.quote(f"baseline={show(baseline.path)}")
        found += wrap(f"  to bring it up to date: astral baseline update {named}", width, "    ")
    return found


def _changes(standing: Standing, gates: Sequence[GateResult]) -> list[str]:
    """What changed on shared prompts, by target; nothing where the gate ``regression`` tells it of the only one."""
    several = len(standing.paired) > 1
    if not several and any(gate.name.startswith("regression") for gate in gates):
        return []
    return [(f"{show(slug)}: " if several else "") + change_text(one) for slug, one in standing.paired.items()]


def _questions(word: str, questions: Sequence[Question], width: int) -> list[str]:
    if not questions:
        return []
    shown = questions[:QUESTIONS_SHOWN]
    found = [line for id, slug in shown for line in wrap(f"    {show(id)}.{show(slug)}", width, "      ")]
    return [f"  {word}:", *found, *(f"  {line}" for line in rest(len(questions) - len(shown), ": see a JSON report"))]
