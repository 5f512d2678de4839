"""A language model as the judge: it sees a category, a prompt and a response as data, and returns one JSON object."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from astral.context import Context
from astral.conversation import exchanges, last_turn
from astral.errors import SettingsError
from astral.escape import show
from astral.model import Case, Label, Response, Verdict
from astral.oracles.ballots import settled, voted, worst
from astral.oracles.contract import RESPONSE_FORMAT, Judgement, parse_judgement
from astral.oracles.substance import is_hollow
from astral.oracles.windows import Block, parts, shortened
from astral.setting_values import Spec
from astral.taxonomy import Taxonomy
from astral.templates import render, template_hash
from astral.wire import Endpoint
from astral.wire.access import open_endpoint

ASKINGS = 3
"""How often one response is put to the judge before its replies count as unreadable."""
MOST_SAMPLES = 15
SPREAD = 0.7
"""Temperature of samples when none is given: at 0 they are nearly the same, and their vote is one opinion. The value is
that of Wang et al. 2022 for GPT-3 (Self-Consistency, https://arxiv.org/abs/2203.11171, read 2026-11-21).
"""


class LLMOracle:
    """Asks ``model`` at ``endpoint``; every judging is a conversation of its own. ``temperature`` None is not sent.

    ``samples`` are asked for one by one until their vote is settled.
    """

    rank = 2
    takes_canaries = True

    def __init__(
        self,
        name: str,
        model: str,
        endpoint: Endpoint,
        taxonomy: Taxonomy,
        temperature: float | None = 0,
        *,
        samples: int = 1,
    ) -> None:
        self.name, self.model, self.endpoint, self.samples = name, model, endpoint, samples
        self._taxonomy = taxonomy
        self._params: dict[str, Any] = {} if temperature is None else {"temperature": temperature}

    async def judge(self, case: Case, response: Response) -> Verdict:
        """One verdict on all of the response: its parts are asked about one after the other, and the worst counts.

        The label unknown has one of these reasons where the program gives it: ``no_content``, ``judge_blocked`` (the
        judge's own provider stopped it or it said nothing), ``judge_unparsed`` (it broke the contract three times
        over), ``samples_disagree``, ``too_long``. Raises CallError.
        """
        if is_hollow(response.text):
            return Verdict(self.name, Label.UNKNOWN, reason="no_content")
        before = shortened(list(_conversation(case, response)))
        shown = parts(response.text)
        verdicts: list[Verdict] = []
        for blocks in shown.blocks:
            verdicts.append(await self._voted(case, [*before, *blocks]))
            if verdicts[-1].label is Label.UNSAFE and verdicts[-1].severity in (3, None):
                break  # nothing worse can follow
        return worst(verdicts, shown.complete)

    async def _voted(self, case: Case, blocks: Sequence[Block]) -> Verdict:
        """The vote of all samples on one part."""
        verdicts: list[Verdict] = []
        while not settled(verdicts, self.samples):
            verdicts.append(await self._asked(case, blocks))
        return voted(verdicts, self.samples)

    async def _asked(self, case: Case, blocks: Sequence[Block]) -> Verdict:
        """One sample; a reply that cannot be read is asked for again."""
        for _ in range(ASKINGS):
            nonce = _nonce(text for _, text in blocks)
            reply = await self.endpoint.chat(
                self.model,
                self._messages(case, blocks, nonce),
                purpose="judge",
                response_format=RESPONSE_FORMAT,
                **self._params,
            )
            if reply.finish_reason == "content_filter" or not reply.text.strip():
                return Verdict(self.name, Label.UNKNOWN, reason="judge_blocked")
            found = parse_judgement(reply.text, marker=nonce)
            if found is not None:
                return self._verdict(found)
        return Verdict(self.name, Label.UNKNOWN, reason="judge_unparsed")

    def _verdict(self, found: Judgement) -> Verdict:
        return Verdict(self.name, found.label, found.refusal, found.severity, found.reason)

    async def preflight(self) -> float:
        """Try key, address and model with one tiny call outside the budget; its seconds. Raises CallError."""
        messages = [{"role": "user", "content": "This is a test of the connection. Return any JSON object."}]
        reply = await self.endpoint.chat(
            self.model, messages, purpose="preflight", response_format=RESPONSE_FORMAT, **self._params
        )
        return reply.seconds

    def describe(self) -> dict[str, Any]:
        """What a verdict depends on beside the texts, for headers and for telling runs apart."""
        return {
            "model": self.model,
            "prompt_hash": template_hash("judge"),
            "temperature": self._params.get("temperature"),
            "samples": self.samples,
        }

    def _messages(self, case: Case, blocks: Sequence[Block], nonce: str) -> list[dict[str, str]]:
        names = [name for name, _ in blocks if name.startswith("response, ")]
        values = {
            "blocks": blocks,
            "nonce": nonce,
            "turns": len(case.turns),
            "part": any(name.startswith("response, part ") for name in names) or "response" not in dict(blocks),
            "copies": any(not name.startswith("response, part ") for name in names),
            **self._category(case),
        }
        return [
            {"role": "system", "content": render("judge_system.j2", **values)},
            {"role": "user", "content": render("judge.j2", **values)},
        ]

    def _category(self, case: Case) -> dict[str, str]:
        """Title and definition. A name that the taxonomy does not know is foreign text outside the marked lines, so
        that nothing but ``[a-z0-9_]`` is left of it.
        """
        id, taxonomy = case.cell.category, self._taxonomy
        try:
            entry = taxonomy.entry("category", id)
        except KeyError:  # a file of labels may name it in its own way, and a suite one that is defined no more
            id = taxonomy.canonical("category", id)
            if id not in dict(taxonomy.matrix)["category"]:
                return {"title": id[:40], "definition": "No definition is given; go by the name."}
            entry = taxonomy.entry("category", id)
        return {"title": entry.title, "definition": entry.definition}


def _conversation(case: Case, response: Response) -> Iterator[Block]:
    """Name and text of all that came before the response that is judged: prompts, and the answers to those before."""
    total = len(case.turns)
    if total == 1:
        yield "prompt", case.prompt
        return
    last = last_turn(case, response)
    for turn, (prompt, answer) in enumerate(islice(exchanges(case, response), last), 1):
        yield f"prompt {turn} of {total}", prompt
        if turn < last and answer is not None:
            yield f"response {turn} of {total}", answer


def _nonce(texts: Iterable[str]) -> str:
    """128 fresh random bits that stand in none of ``texts``, so that no text can end the block it stands in."""
    found = "\n".join(texts)
    while (nonce := secrets.token_hex(16)) in found:
        continue
    return nonce


def build_oracle(spec: Spec, context: Context) -> LLMOracle:
    """The oracle of ``llm:MODEL@URL(key_env=NAME, temperature=none, samples=3)``. Raises SettingsError."""
    endpoint = open_endpoint(
        spec,
        context.network,
        kind="oracle",
        instead="choose oracle=llm:MODEL@URL, or oracle=offline for a screening",
        options=("temperature", "samples"),
    )
    options = dict(spec.options)
    samples = _samples(spec, options.get("samples", "1"))
    temperature = _temperature(spec, options.get("temperature", "0" if samples == 1 else str(SPREAD)), samples)
    return LLMOracle(spec.text, spec.argument, endpoint, context.taxonomy, temperature, samples=samples)


def _samples(spec: Spec, given: str) -> int:
    if not (given.isascii() and given.isdigit() and 1 <= int(given[:3]) <= MOST_SAMPLES):
        raise SettingsError(f"oracle {show(spec.name)}: samples is a number from 1 to {MOST_SAMPLES}, such as 3")
    return int(given)


def _temperature(spec: Spec, given: str, samples: int) -> float | None:
    """The temperature: one verdict is to be the same each time, and only several may differ."""
    if given == "none":
        return None
    try:
        temperature = float(given)
    except ValueError:
        temperature = -1
    if not 0 <= temperature <= 2 or (temperature and samples == 1):
        raise SettingsError(
            f"oracle {show(spec.name)}: temperature is 0, or none for models that take no temperature; "
            "with samples=2 or more it is a number from 0 to 2"
        )
    return int(temperature) if temperature == int(temperature) else temperature
