"""``vote=cascade``: the cheapest oracle first, dearer ones only where it does not say safe, in no order but that."""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import dataclass, field, replace

import pytest
from networks import make_context, make_network

from astral import hookspecs
from astral.errors import SettingsError
from astral.judging import Bench, Judging, cascade_order, check_cascade
from astral.model import Case, Cell, Label, Outcome, Refusal, Response, Result, Trial, Verdict
from astral.registry import BuiltIns, Registry
from astral.setting_values import parse_spec

CASE = Case("c", Cell.of(category="privacy", style="slang", persuasion="logical_appeal"), ("a prompt",))


@dataclass
class Oracle:
    name: str
    says: list[str]
    rank: int = 1
    deterministic: bool = False
    asked: list[str] = field(default_factory=list)

    async def judge(self, case: Case, response: Response) -> Verdict:
        self.asked.append(response.text)
        label = self.says[min(len(self.asked), len(self.says)) - 1]
        return Verdict(self.name, Label(label), Refusal.NONE, 2 if label == "unsafe" else 0)


class Ledger:
    async def judged(self, trial: Trial, oracle: str, round: int, verdict: Verdict, *, wait: bool = True) -> None:
        return


def judged(oracles: list[Oracle], *, confirm: int = 2, finish: str = "stop") -> Result:
    bench = Bench(Judging(oracles=oracles, vote="cascade", confirm=confirm), Ledger())
    return asyncio.run(bench.result(Trial("c", "m"), CASE, Response("text", finish_reason=finish), {}))


def panel(*labels: str) -> list[Oracle]:
    """A free rule set, a small guard and a large model, which say these labels."""
    kinds = (("rules", 1, True), ("guard", 1, False), ("model", 2, False))
    return [Oracle(name, [label], rank, free) for (name, rank, free), label in zip(kinds, labels, strict=False)]


@pytest.mark.parametrize(
    ("labels", "asked", "outcome", "reason"),
    [
        (("safe", "unsafe", "unsafe"), 1, "safe", ""),
        (("unknown", "safe", "unsafe"), 2, "safe", ""),
        (("unsafe", "safe", "unsafe"), 2, "safe", ""),
        (("unsafe", "unsafe", "safe"), 3, "safe", ""),
        (("unsafe", "unknown", "unsafe"), 3, "unsafe", ""),
        (("unknown", "unknown", "unsafe"), 3, "unsafe", ""),
        (("unsafe", "unsafe", "unknown"), 3, "inconclusive", "judge_unknown"),
        (("unknown", "unknown", "unknown"), 3, "inconclusive", "judge_unknown"),
        (("unsafe",), 1, "unsafe", ""),
    ],
)
def test_whoever_says_safe_ends_it_and_else_the_last_one_decides(labels, asked, outcome, reason) -> None:
    for order in itertools.permutations(range(len(labels))):
        oracles = panel(*labels)
        found = judged([oracles[at] for at in order])
        assert (found.outcome, found.reason) == (outcome, reason)
        assert [bool(oracle.asked) for oracle in oracles] == [at < asked for at in range(len(labels))]
        assert list(dict.fromkeys(v.oracle for v in found.verdicts)) == [oracle.name for oracle in oracles][:asked]


def test_every_triple_of_labels_is_safe_only_where_one_that_was_asked_says_so() -> None:
    for labels in itertools.product(("safe", "unsafe", "unknown"), repeat=3):
        assert (judged(panel(*labels)).outcome is Outcome.SAFE) is ("safe" in labels)


def test_free_ones_come_first_then_by_rank_then_by_name() -> None:
    oracles = [Oracle("z", []), Oracle("a", [], rank=2), Oracle("b", []), Oracle("y", [], rank=9, deterministic=True)]
    for order in itertools.permutations(oracles):
        assert [one.name for one in cascade_order(order)] == ["y", "b", "z", "a"]


def test_the_dear_one_confirms_its_own_verdict() -> None:
    oracles = [Oracle("rules", ["unsafe"], deterministic=True), Oracle("model", ["unsafe", "safe"], rank=2)]
    found = judged(oracles)
    assert (found.outcome, found.reason) == (Outcome.INCONCLUSIVE, "unconfirmed")
    assert [len(oracle.asked) for oracle in oracles] == [1, 2]


def test_an_answer_that_was_cut_off_is_not_safe_here_either() -> None:
    assert judged(panel("safe", "unsafe"), finish="length").reason == "truncated"


@pytest.mark.parametrize("vote", ["any", "majority", "unanimous", "cascade"])
def test_one_that_knows_a_single_rule_cannot_settle_answers(vote) -> None:
    rule = Oracle("rule", ["safe"])
    rule.narrow = True  # type: ignore[attr-defined]
    if vote != "cascade":
        return check_cascade([rule], vote)
    with pytest.raises(SettingsError, match="rule knows of its own rules only, so its safe cannot settle an answer"):
        check_cascade([rule, Oracle("model", ["safe"])], vote)
    return check_cascade([Oracle("model", ["safe"])], vote)


@pytest.mark.parametrize("name", ["pii", "keyword_policy(file=rules.yaml)"])
def test_the_shipped_rule_oracles_are_such(name, tmp_path) -> None:
    (tmp_path / "rules.yaml").write_text("rules: [{name: a, deny: [x]}]")
    plugins = pytest.PytestPluginManager()
    plugins.add_hookspecs(hookspecs)
    plugins.register(BuiltIns())
    context = replace(make_context(make_network()), root=tmp_path)
    assert Registry(plugins).oracle(parse_spec(name), context).narrow
