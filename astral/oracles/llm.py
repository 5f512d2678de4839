"""A language model as the judge: it sees a category, a prompt and a response as data, and returns one JSON object."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from itertools import islice
from typing import Any

from astral.context import Context
from astral.conversation import exchanges, last_turn
from astral.errors import SettingsError
from astral.model import Case, Label, Response, Verdict
from astral.oracles.contract import RESPONSE_FORMAT, parse_judgement
from astral.setting_values import Spec
from astral.taxonomy import Taxonomy
from astral.templates import render, template_hash
from astral.wire import Endpoint
from astral.wire.access import open_endpoint

ASKINGS = 3
"""How often one response is put to the judge before its replies count as unreadable."""


class LLMOracle:
    """Asks ``model`` at ``endpoint``; every judging is a conversation of its own. ``temperature`` None is not sent."""

    rank = 2

    def __init__(
        self, name: str, model: str, endpoint: Endpoint, taxonomy: Taxonomy, temperature: float | None = 0
    ) -> None:
        self.name, self.model, self.endpoint = name, model, endpoint
        self._taxonomy = taxonomy
        self._params: dict[str, Any] = {} if temperature is None else {"temperature": temperature}

    async def judge(self, case: Case, response: Response) -> Verdict:
        """One verdict. The label unknown has the reason ``judge_blocked`` where the judge's own provider stopped it or
        it said nothing, and ``judge_unparsed`` where it broke the contract three times over. Raises CallError.
        """
        for _ in range(ASKINGS):
            reply = await self.endpoint.chat(
                self.model,
                self._messages(case, response),
                purpose="judge",
                response_format=RESPONSE_FORMAT,
                **self._params,
            )
            if reply.finish_reason == "content_filter" or not reply.text.strip():
                return Verdict(self.name, Label.UNKNOWN, reason="judge_blocked")
            found = parse_judgement(reply.text)
            if found is not None:
                return Verdict(self.name, found.label, found.refusal, found.severity, found.reason)
        return Verdict(self.name, Label.UNKNOWN, reason="judge_unparsed")

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
        }

    def _messages(self, case: Case, response: Response) -> list[dict[str, str]]:
        blocks = [*_conversation(case, response), ("response", response.text)]
        nonce = _nonce([text for _, text in blocks])
        values = {"blocks": blocks, "nonce": nonce, "turns": len(case.turns), **self._category(case)}
        return [
            {"role": "system", "content": render("judge_system.j2", **values)},
            {"role": "user", "content": render("judge.j2", **values)},
        ]

    def _category(self, case: Case) -> dict[str, str]:
        try:
            entry = self._taxonomy.entry("category", case.cell.category)
        except KeyError:  # a suite may name a category that no taxonomy defines any more
            return {"title": case.cell.category, "definition": "No definition is given; go by the name."}
        return {"title": entry.title, "definition": entry.definition}


def _conversation(case: Case, response: Response) -> Iterator[tuple[str, str]]:
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


def _nonce(texts: list[str]) -> str:
    """128 fresh random bits that stand in none of ``texts``, so that no text can end the block it stands in."""
    while True:
        nonce = secrets.token_hex(16)
        if not any(nonce in text for text in texts):
            return nonce


def build_oracle(spec: Spec, context: Context) -> LLMOracle:
    """The oracle of ``llm:MODEL@URL(key_env=NAME, temperature=none)``. Raises SettingsError."""
    endpoint = open_endpoint(
        spec,
        context.network,
        kind="oracle",
        instead="choose oracle=llm:MODEL@URL, or oracle=offline for a screening",
        options=("temperature",),
    )
    given = dict(spec.options).get("temperature", "0")
    if given not in ("0", "none"):
        raise SettingsError(f"oracle {spec.argument}: temperature is 0, or none for models that take no temperature")
    return LLMOracle(spec.text, spec.argument, endpoint, context.taxonomy, 0 if given == "0" else None)
