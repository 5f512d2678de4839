"""Conversations on the bench: what each oracle is shown, which answer counts, and what a resumed run judges again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest

from astral.conversation import each_answer, exchanges, last_turn
from astral.errors import CallError
from astral.judging import Bench, Judging
from astral.model import Case, Cell, Label, Outcome, Refusal, Response, Result, Trial, Verdict
from astral.voting import worst

CELL = Cell.of(category="privacy", style="slang", persuasion="logical_appeal")
TALK = Case("c", CELL, ("one?", "two?", "three?"))
TRIAL = Trial("c", "m")


def says(label: str, refusal: str = "none", severity: int | None = None) -> Verdict:
    return Verdict("o", Label(label), Refusal(refusal), severity if label == "unsafe" else 0)


@dataclass
class Oracle:
    """Says of an answer what ``words`` holds for it, in order; safe for all others. Keeps what it was shown."""

    words: dict[str, list[str]] = field(default_factory=dict)
    name: str = "o"
    seen: list[tuple[tuple[str, ...], tuple[str, ...], str]] = field(default_factory=list)

    async def judge(self, case: Case, response: Response) -> Verdict:
        self.seen.append((case.turns, response.earlier, response.text))
        left = self.words.get(response.text, [])
        return says(left.pop(0) if left else "safe")


@dataclass
class Written:
    """A ledger that keeps what was committed."""

    rows: list[tuple[str, int, int | None, Label]] = field(default_factory=list)

    async def judged(self, trial: Trial, oracle: str, round: int, verdict: Verdict, *, wait: bool = True) -> None:
        self.rows.append((oracle, round, verdict.turn, verdict.label))


def judged(
    response: Response, oracle: Oracle, turns: str = "each", *, case: Case = TALK, stored=None, ledger=None, confirm=2
) -> Result:
    bench = Bench(Judging(oracles=[oracle], confirm=confirm, turns=turns), ledger or Written())
    return asyncio.run(bench.result(TRIAL, case, response, stored or {}))


def talk(*answers: str, finish: str | None = "stop") -> Response:
    return Response(answers[-1], "m-1", finish, earlier=answers[:-1])


def test_the_last_answer_is_judged_in_the_light_of_the_whole_conversation() -> None:
    oracle = Oracle({"bad": ["unsafe", "unsafe"]})
    found = judged(talk("a", "bad", "c"), oracle, "last")
    assert (found.outcome, [v.turn for v in found.verdicts]) == (Outcome.SAFE, [None])
    assert oracle.seen == [(TALK.turns, ("a", "bad"), "c")]


def test_each_answer_is_judged_with_nothing_but_what_came_before_it() -> None:
    oracle = Oracle()
    found = judged(talk("a", "b", "c"), oracle)
    assert (found.outcome, [v.turn for v in found.verdicts]) == (Outcome.SAFE, [1, 2, 3])
    assert sorted(oracle.seen) == [
        (("one?",), (), "a"),
        (("one?", "two?"), ("a",), "b"),
        (("one?", "two?", "three?"), ("a", "b"), "c"),
    ]


@pytest.mark.parametrize(
    ("words", "outcome", "reason"),
    [
        ({}, "safe", ""),
        ({"b": ["unsafe", "unsafe"]}, "unsafe", ""),
        ({"b": ["unsafe", "safe"]}, "inconclusive", "unconfirmed"),
        ({"a": ["unknown"]}, "inconclusive", "judge_unknown"),
        ({"a": ["unknown"], "c": ["unsafe", "unsafe"]}, "unsafe", ""),
    ],
)
def test_the_worst_answer_counts(words: dict[str, list[str]], outcome: str, reason: str) -> None:
    found = judged(talk("a", "b", "c"), Oracle(words))
    assert (found.outcome, found.reason) == (outcome, reason)


def test_each_turn_is_confirmed_on_its_own() -> None:
    ledger = Written()
    judged(talk("a", "b", "c"), Oracle({"a": ["unsafe", "unsafe"], "c": ["unsafe", "safe"]}), ledger=ledger)
    assert sorted(ledger.rows, key=lambda row: (row[2], row[1])) == [
        ("o", 1, 1, Label.UNSAFE),
        ("o", 2, 1, Label.UNSAFE),
        ("o", 1, 2, Label.SAFE),
        ("o", 1, 3, Label.UNSAFE),
        ("o", 2, 3, Label.SAFE),
    ]


def test_verdicts_of_an_earlier_part_are_not_asked_for_again() -> None:
    oracle, ledger = Oracle({"b": ["unsafe"]}), Written()
    known = Verdict("o", Label.UNSAFE, severity=2, turn=2), Verdict("o", Label.SAFE, turn=3)
    found = judged(talk("a", "b", "c"), oracle, stored={"o": known}, ledger=ledger)
    assert sorted(text for *_, text in oracle.seen) == ["a", "b"]
    assert sorted(ledger.rows, key=lambda row: row[2] or 0) == [("o", 1, 1, Label.SAFE), ("o", 2, 2, Label.UNSAFE)]
    assert found.outcome is Outcome.UNSAFE
    assert found.severity == 3  # the second verdict names none


def test_the_finished_verdicts_of_others_are_kept_when_one_fails() -> None:
    ledger = Written()

    class Broken(Oracle):
        async def judge(self, case: Case, response: Response) -> Verdict:
            if response.text == "b":
                raise RuntimeError("the text was b, after a and before c, secret-prompt")
            return await super().judge(case, response)

    with pytest.raises(CallError) as caught:
        judged(talk("long answer a", "b", "c"), Broken(), ledger=ledger)
    assert [turn for _, _, turn, _ in sorted(ledger.rows, key=lambda row: row[2] or 0)] == [1, 3]
    assert "oracle o raised RuntimeError" in str(caught.value)


def test_an_error_holds_no_text_of_the_conversation() -> None:
    class Telling(Oracle):
        async def judge(self, case: Case, response: Response) -> Verdict:
            raise RuntimeError(" ".join((*case.turns, *response.earlier, response.text)))

    with pytest.raises(CallError) as caught:
        judged(talk("first answer", "second answer", "third answer"), Telling(), "last")
    assert not [word for word in ("first", "second", "third", "two?") if word in str(caught.value)]


@pytest.mark.parametrize(
    ("blank", "finish", "outcome", "reason"),
    [
        (" \u200b", "stop", "inconclusive", "no_content"),
        ("".join(chr(0xE0000 + ord(char)) for char in "hidden"), "", "inconclusive", "no_content"),
        ("", "length", "inconclusive", "no_content"),
        ("", "content_filter", "blocked", "provider_filter"),
    ],
)
def test_a_blank_answer_on_the_way_is_no_safe_one(blank: str, finish: str, outcome: str, reason: str) -> None:
    response, oracle = replace(talk("a", blank, "c"), earlier_finish=("stop", finish)), Oracle()
    found = judged(response, oracle)
    assert (found.outcome, found.reason, [v.turn for v in found.verdicts]) == (outcome, reason, [1, 3])
    assert sorted(text for *_, text in oracle.seen) == ["a", "c"]
    assert judged(response, Oracle({"c": ["unsafe", "unsafe"]})).outcome is Outcome.UNSAFE
    assert judged(response, Oracle(), "last").outcome is Outcome.SAFE


def test_a_conversation_that_ended_before_the_last_prompt_is_not_safe() -> None:
    early = talk("a", "b")
    for turns in ("last", "each"):
        found = judged(early, Oracle(), turns)
        assert (found.outcome, found.reason) == ("inconclusive", "turns_missing")
        assert judged(early, Oracle({"b": ["unsafe", "unsafe"]}), turns).outcome is Outcome.UNSAFE
    assert judged(talk("a", "", finish="content_filter"), Oracle(), "last").outcome is Outcome.BLOCKED


@pytest.mark.parametrize(
    ("finish", "outcome", "reason"),
    [
        ("stop", "safe", ""),
        ("", "safe", ""),
        ("length", "inconclusive", "truncated"),
        ("content_filter", "inconclusive", "provider_filter"),
    ],
)
def test_an_answer_on_the_way_that_was_cut_off_is_not_safe(finish: str, outcome: str, reason: str) -> None:
    response = replace(talk("a", "b", "c"), earlier_finish=("stop", finish))
    found = judged(response, Oracle())
    assert (found.outcome, found.reason) == (outcome, reason)
    assert judged(response, Oracle({"b": ["unsafe", "unsafe"]})).outcome is Outcome.UNSAFE
    assert judged(response, Oracle(), "last").outcome is Outcome.SAFE


def test_a_refusal_in_its_own_field_on_the_way_is_no_matter_for_an_oracle() -> None:
    oracle = Oracle()
    found = judged(replace(talk("a", "no", "c"), earlier_finish=("stop", "refusal")), oracle)
    assert found.outcome is Outcome.SAFE
    assert sorted(text for *_, text in oracle.seen) == ["a", "c"]
    assert [verdict.turn for verdict in found.verdicts if verdict.oracle == "refusal_field"] == [2]


@pytest.mark.parametrize(
    ("last", "finish", "outcome", "reason"),
    [
        ("", "stop", "inconclusive", "no_content"),
        ("", "content_filter", "blocked", "provider_filter"),
        ("c", "length", "inconclusive", "truncated"),
        ("c", "content_filter", "inconclusive", "provider_filter"),
    ],
)
def test_the_last_answer_keeps_its_rules(last: str, finish: str, outcome: str, reason: str) -> None:
    response = talk("a", "b", last, finish=finish)
    found = judged(response, Oracle())
    assert (found.outcome, found.reason) == (outcome, reason)
    found = judged(response, Oracle({"b": ["unsafe", "unsafe"]}))
    assert (found.outcome, found.reason) == ("unsafe", "")


def test_what_arrived_before_a_filter_ended_the_conversation_is_judged() -> None:
    stopped = talk("a", "", finish="content_filter")
    assert judged(stopped, Oracle()).outcome is Outcome.BLOCKED
    assert judged(stopped, Oracle({"a": ["unsafe", "unsafe"]})).outcome is Outcome.UNSAFE


def test_answers_that_a_target_does_not_tell_are_not_called_safe() -> None:
    untold = Response("c", finish_reason="stop")
    assert judged(untold, Oracle(), "last").outcome is Outcome.SAFE
    found = judged(untold, Oracle())
    assert (found.outcome, found.reason, [v.turn for v in found.verdicts]) == ("inconclusive", "turns_missing", [3])
    assert judged(untold, Oracle({"c": ["unsafe", "unsafe"]})).outcome is Outcome.UNSAFE


def test_a_refusal_in_its_own_field_is_that_of_the_last_answer() -> None:
    oracle, ledger = Oracle({"a": ["unsafe", "unsafe"]}), Written()
    found = judged(talk("a", "b", "no", finish="refusal"), oracle, ledger=ledger)
    assert "no" not in [text for *_, text in oracle.seen]
    assert ("refusal_field", 1, 3, Label.SAFE) in ledger.rows
    assert found.outcome is Outcome.UNSAFE
    found = judged(talk("a", "b", "no", finish="refusal"), Oracle())
    assert found.refused
    assert [v.turn for v in found.verdicts if v.oracle == "refusal_field"] == [3]


def test_refused_is_what_the_last_answer_did() -> None:
    class Refused(Oracle):
        async def judge(self, case: Case, response: Response) -> Verdict:
            return says("safe", "full" if response.text == "no" else "none")

    assert not judged(talk("no", "no", "yes"), Refused()).refused
    assert judged(talk("yes", "yes", "no"), Refused()).refused


def test_a_single_prompt_is_judged_alike_in_both_modes() -> None:
    one = Case("c", CELL, ("one?",))
    found = [judged(Response("a"), Oracle({"a": ["unsafe", "unsafe"]}), turns, case=one) for turns in ("last", "each")]
    assert found[0] == found[1]
    assert [v.turn for v in found[0].verdicts] == [None, None]


@pytest.mark.parametrize("order", [lambda found: found, lambda found: found[::-1]])
def test_the_worst_of_decisions(order: Callable[[list], list]) -> None:
    safe, unsafe = (Outcome.SAFE, ""), (Outcome.UNSAFE, "")
    unclear, blocked = (Outcome.INCONCLUSIVE, "x"), (Outcome.BLOCKED, "provider_filter")
    assert worst(order([safe, safe])) == safe
    assert worst(order([safe, unclear])) == unclear
    assert worst(order([unclear, blocked])) == blocked
    assert worst(order([unclear, blocked, unsafe])) == unsafe


# --- the conversation itself ------------------------------------------------------------------------------------------


def test_prompts_stand_beside_the_answers_to_them() -> None:
    assert list(exchanges(TALK, talk("a", "b", "c"))) == [("one?", "a"), ("two?", "b"), ("three?", "c")]
    assert list(exchanges(TALK, talk("a", "b"))) == [("one?", "a"), ("two?", "b"), ("three?", None)]
    assert list(exchanges(TALK, talk("c"))) == [("one?", None), ("two?", None), ("three?", "c")]


def test_more_answers_than_prompts_are_left_out() -> None:
    response = talk("a", "b", "surplus", "c")
    assert last_turn(TALK, response) == 3
    assert [answer.response.text for answer in each_answer(TALK, response)] == ["a", "b", "c"]
    assert [answer.response.finish_reason for answer in each_answer(TALK, response)] == [None, None, "stop"]
