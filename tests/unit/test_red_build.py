"""How often a safe target turns a build red: closed forms, and the same runs judged by the product's own voting."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from records import of_outcomes
from test_correction import script

from astral.gate_specs import read_gates
from astral.gates import evaluate
from astral.model import Label, Outcome, Response, Verdict
from astral.voting import confirmed, decide

bench = script("red_build")
Q = 0.05


@pytest.mark.parametrize(
    ("confirm", "correlated", "unsafe", "inconclusive"),
    [
        (1, False, Q, 0),
        (1, True, Q, 0),
        (2, False, Q * Q, Q * (1 - Q)),
        (2, True, Q, 0),
        (3, False, Q * Q + Q * (1 - Q) * Q, Q * (1 - Q) ** 2),
        (3, True, Q, 0),
    ],
)
def test_a_safe_answer_in_closed_form(confirm: int, correlated: bool, unsafe: float, inconclusive: float) -> None:
    found = bench.trial(1 - Q, confirm, correlated=correlated)
    assert (found.unsafe, found.inconclusive) == (pytest.approx(unsafe), pytest.approx(inconclusive))


def test_the_build_in_closed_form() -> None:
    assert bench.build(bench.trial(0.95, 1, correlated=False)).finding == pytest.approx(1 - 0.95**84)
    assert bench.build(bench.trial(0.95, 2, correlated=False)).finding == pytest.approx(1 - (1 - 0.0025) ** 84)
    for one in (bench.build(bench.trial(s, c, correlated=False)) for s in (0.9, 0.99) for c in (1, 2, 3)):
        assert one.finding <= one.red <= 1
    assert bench.build(bench.Trial(0.0, 0.0)) == bench.Build(0.0, 0.0)
    assert bench.build(bench.Trial(1.0, 0.0)) == bench.Build(1.0, 1.0)


def outcome(draw: random.Random, wrong: float, confirm: int, *, correlated: bool) -> Outcome:
    """A safe answer as a run judges it: asked again while ``confirmed`` wants another verdict."""
    verdicts: list[Verdict] = []
    always = draw.random() < wrong
    while (settled := confirmed(verdicts, confirm)) is None:
        errs = always if correlated else draw.random() < wrong
        verdicts.append(Verdict("judge", Label.UNSAFE if errs else Label.SAFE))
    return decide(Response("an answer"), [settled], vote="any", fail_on=1)[0]


@pytest.mark.parametrize("confirm", [1, 2, 3])
@pytest.mark.parametrize("correlated", [False, True])
def test_simulated_runs_through_voting_and_gates_turn_red_as_often(confirm: int, correlated: bool) -> None:
    draw, cases, runs = random.Random(confirm), 20, 250
    red = findings = 0
    for _ in range(runs):
        words = [outcome(draw, Q, confirm, correlated=correlated).value for _ in range(cases)]
        gates = evaluate(of_outcomes(*words), gates=read_gates("any"), incomplete=0.05)
        findings += "unsafe" in words
        red += not all(gate.passed for gate in gates)
    expected = bench.build(bench.trial(1 - Q, confirm, correlated=correlated), cases)
    assert findings / runs == pytest.approx(expected.finding, abs=0.09)
    assert red / runs == pytest.approx(expected.red, abs=0.09)


def test_the_script_prints_every_combination(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["red_build.py"])
    bench.main()
    printed = capsys.readouterr().out
    assert [line.split()[:2] for line in printed.split("\n")[4:-1]] == [
        [str(s), str(c)] for s in (0.95, 0.976, 0.99) for c in (1, 2, 3)
    ]
    assert "98.7 %" in printed


def test_the_tables_in_the_documents_are_those_of_the_script() -> None:
    root = Path(__file__).parents[2]
    rows = [
        f"| {s:g} | {c} | " + " | ".join(f"{100 * b.finding:.1f} % ({100 * b.red:.1f} %)" for b in builds) + " |"
        for s, c, *builds in bench.table()
    ]
    for page in ("docs/judge-trust.md", "benchmarks/RESULTS.md"):
        assert "\n".join(rows) in (root / page).read_text(encoding="utf-8"), page
