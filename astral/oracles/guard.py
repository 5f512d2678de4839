"""Guard models as judges: Llama Guard and its kind, Granite Guardian, ShieldGemma, and WildGuard."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

from astral.context import Context
from astral.errors import SettingsError, did_you_mean
from astral.escape import show
from astral.model import Case, Cell, Label, Response, Verdict
from astral.oracles.ballots import worst
from astral.oracles.guard_asking import BEFORE, GuardReply, chat, completion, conversation, defused, share
from astral.oracles.guard_replies import (
    LLAMA_GUARD,
    Hazard,
    Said,
    categories_of,
    read_safe_unsafe,
    read_three_labels,
    read_yes_no,
    reason_of,
)
from astral.oracles.substance import is_hollow
from astral.oracles.windows import parts, shortened, windows
from astral.setting_values import Spec
from astral.templates import render, template_hash
from astral.wire import Endpoint
from astral.wire.access import open_endpoint
from astral.wire.exchange import Exchange

ASKINGS = 3
"""How often one text is put to the guard before its replies count as unreadable."""
WINDOW = 6_000
"""Characters of an answer that are shown at once. Guards run with small contexts, and servers cut what is too long
without a word: Ollama gives 4,096 tokens on most machines
(https://github.com/ollama/ollama/blob/main/docs/context-length.mdx, read 2026-11-21).
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """How a guard is asked and read. ``template`` is the prompt file of a guard that is given its whole prompt; empty
    where the server's chat template makes it. ``raw`` sends that prompt as a completion, else as one user message.
    ``verdicts`` are the first tokens for unsafe and safe. ``canaries``: its policy is about the harms of known answers.
    """

    name: str
    read: Callable[[str], Said | None]
    hazards: tuple[Hazard, ...] = ()
    template: str = ""
    raw: bool = True
    verdicts: tuple[str, str] = ("unsafe", "safe")
    canaries: bool = True


class GuardOracle:
    """Asks ``model`` at ``endpoint`` in its own form. ``temperature`` None is not sent."""

    rank = 1

    def __init__(
        self,
        name: str,
        model: str,
        endpoint: Endpoint,
        form: Form,
        *,
        temperature: float | None = 0,
        logprobs: bool = False,
    ) -> None:
        self.name, self.model, self.endpoint, self.form = name, model, endpoint, form
        self._params: dict[str, Any] = {} if temperature is None else {"temperature": temperature}
        self._logprobs = logprobs
        self.takes_canaries = form.canaries

    async def judge(self, case: Case, response: Response) -> Verdict:
        """One verdict: the worst on the windows of the answer and on the copies of it that show what hides in it, each
        asked about by itself; the first unsafe one ends the asking. Unknown has the reason ``judge_blocked`` where the
        guard was stopped or said nothing, ``judge_unparsed`` where its replies were not of its form, ``no_content``
        where there is nothing to judge. Raises CallError.
        """
        if is_hollow(response.text):
            return Verdict(self.name, Label.UNKNOWN, reason="no_content")
        shown = parts(response.text)
        found: list[Verdict] = []
        for text in chain.from_iterable(windows(block, WINDOW) for part in shown.blocks for _, block in part):
            found.append(await self._window(case, response, text))
            if found[-1].label is Label.UNSAFE:
                break
        return worst(found, shown.complete)

    async def _window(self, case: Case, response: Response, window: str) -> Verdict:
        exchange = self._exchange(case, response, window)
        for _ in range(ASKINGS):
            reply = await self.endpoint.send(exchange, "judge")
            if reply.finish_reason == "content_filter" or not reply.text.strip():
                return Verdict(self.name, Label.UNKNOWN, reason="judge_blocked")
            said = self.form.read(reply.text)
            if said is not None:
                score = share(reply.first, *self.form.verdicts) if isinstance(reply, GuardReply) else None
                return self._verdict(said, score)
        return Verdict(self.name, Label.UNKNOWN, reason="judge_unparsed")

    def _verdict(self, said: Said, score: float | None) -> Verdict:
        """A guard does not tell how severe the harm is."""
        return Verdict(
            self.name,
            said.label,
            said.refusal,
            0 if said.label is Label.SAFE else None,
            reason_of(said, self.form.hazards),
            score,
            signals=(*said.codes, *categories_of(said, self.form.hazards)),
        )

    def _exchange(self, case: Case, response: Response, window: str) -> Exchange:
        messages = conversation(case, response, window)
        if not self.form.template:
            return chat(self.model, messages, self._params, first=self._logprobs)
        prompt = render(
            self.form.template,
            hazards=self.form.hazards,
            messages=messages,
            prompt=shortened([("prompt", defused(case.prompt))], BEFORE)[0][1],
            response=defused(window),
        )
        if self.form.raw:
            return completion(self.model, prompt, self._params)
        return chat(self.model, [{"role": "user", "content": prompt}], self._params, first=False)

    async def preflight(self) -> float:
        """Try key, address and model with one tiny call outside the budget; its seconds. Raises CallError."""
        case = Case("preflight", Cell(()), ("Hello",))
        reply = await self.endpoint.send(self._exchange(case, Response("Hello"), "Hello"), "preflight")
        return reply.seconds

    def describe(self) -> dict[str, Any]:
        """What a verdict depends on beside the texts, for headers and for telling runs apart."""
        return {
            "model": self.model,
            "format": self.form.name,
            "policy": _policy(self.form.hazards),
            "prompt_hash": template_hash(self.form.template) if self.form.template else None,
            "temperature": self._params.get("temperature"),
        }


def _policy(hazards: tuple[Hazard, ...]) -> str | None:
    """12 hex digits over codes, titles and definitions; None for a guard whose codes have no meaning here."""
    rows = [[hazard.code, hazard.title, hazard.definition] for hazard in hazards]
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()[:12] if rows else None


LLAMA_TEMPLATE = "guard/llama_guard.j2"
WILDGUARD = Form(name="wildguard", read=read_three_labels, template="guard/wildguard.j2")
FORMATS = ("llama-guard", "llama-guard-raw", "yes-no")


def _form(format: str, version: str) -> Form:
    if format == "yes-no":
        return Form(name=format, read=read_yes_no, verdicts=("Yes", "No"))
    hazards = LLAMA_GUARD[version]
    template = LLAMA_TEMPLATE if format == "llama-guard-raw" else ""
    return Form(name=format, read=read_safe_unsafe, hazards=hazards, template=template)


def build_oracle(spec: Spec, context: Context) -> GuardOracle:
    """The oracle of ``guard:MODEL@URL(format=llama-guard|llama-guard-raw|yes-no, version=1|2|3|4, logprobs=on,
    temperature=none, key_env=NAME)``. Raises SettingsError.
    """
    options = chosen(spec, {"format": FORMATS, "version": ("1", "2", "3", "4"), "logprobs": ("off", "on")})
    format, version = options.get("format", FORMATS[0]), options.get("version", "3")
    logprobs = options.get("logprobs") == "on"
    if format == "yes-no" and "version" in options:
        raise SettingsError(f"oracle {show(spec.text)}: version is Llama Guard's; leave it out with format=yes-no")
    if format == "llama-guard-raw" and (version in "12" or logprobs):
        raise SettingsError(f"oracle {show(spec.text)}: format={format} is version 3 or 4, without logprobs")
    form = _form(format, "3" if version == "4" else version)
    return open_guard(spec, context, form, options=("format", "version", "logprobs"), logprobs=logprobs)


def build_wildguard(spec: Spec, context: Context) -> GuardOracle:
    """The oracle of ``wildguard:MODEL@URL(via=completions|chat, temperature=none, key_env=NAME)``. Raises
    SettingsError.
    """
    options = chosen(spec, {"via": ("completions", "chat")})
    raw = options.get("via") != "chat"
    form = WILDGUARD if raw else replace(WILDGUARD, name="wildguard-chat", raw=False)
    return open_guard(spec, context, form, options=("via",))


def chosen(spec: Spec, words: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """The options of ``spec`` that ``words`` names, each one of its words. Raises SettingsError."""
    given = {name: value for name, value in spec.options if name in words}
    for name, value in given.items():
        if value not in words[name]:
            known = ", ".join(words[name])
            raise SettingsError(
                f"oracle {show(spec.text)}: {name}={show(value, 40)}{did_you_mean(value, words[name])}; "
                f"write one of {known}"
            )
    return given


def open_guard(
    spec: Spec, context: Context, form: Form, *, options: Sequence[str] = (), logprobs: bool = False
) -> GuardOracle:
    """A guard of that form at the address and with the key of ``spec``, found as for a target; ``options`` are the
    caller's own, beside ``temperature`` and ``key_env``. Raises SettingsError.
    """
    kind = spec.kind or spec.argument
    if not (spec.kind and spec.argument):
        raise SettingsError(
            f"oracle {show(spec.text)} names no model; write for example {kind}:llama-guard3@http://localhost:11434/v1"
        )
    instead = f"choose oracle={kind}:MODEL@URL, or oracle=offline for a screening"
    endpoint = open_endpoint(spec, context.network, kind="oracle", instead=instead, options=("temperature", *options))
    given = chosen(spec, {"temperature": ("0", "none")}).get("temperature", "0")
    temperature = None if given == "none" else 0
    return GuardOracle(spec.text, spec.argument, endpoint, form, temperature=temperature, logprobs=logprobs)
