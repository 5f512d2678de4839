"""How a guard model is asked: a conversation for its server's chat template, or the whole prompt as it was trained on.

A chat request has the user's and the model's turns; the template of the model (in vLLM and Ollama its own) puts the
policy around them: https://ollama.com/library/llama-guard3. A raw prompt goes to ``POST /completions``, where no
template is applied: https://docs.vllm.ai/en/stable/serving/openai_compatible_server/. Both read on 2026-11-21.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from astral.conversation import exchanges, last_turn
from astral.model import Case, Response
from astral.oracles.windows import shortened
from astral.wire.exchange import Exchange, json_body
from astral.wire.replies import ChatReply, ShapeError, read_json, read_reply

Messages = list[dict[str, str]]
MAX_TOKENS = 128
"""Of a completion: what WildGuard's authors allow (https://github.com/allenai/wildguard, wildguard/wildguard.py). A
server that is not told takes 16.
"""
BEFORE = 6_000
"""Characters of the conversation before the answer that a guard is shown."""
TOP = 5
"""Alternatives asked for with the first token: enough to hold both verdicts."""
_FRAME = re.compile(
    r"<(?=\||/?s>|(?:start|end)_of_turn>|(?:bos|eos|pad|unk)>|</?sys>>|(?:begin|end)\s)|\[(?=/?inst\])"
    r"|(?:^|(?<=[\n\r\v\f\x85\u2028\u2029]))[^\S\n]{0,8}(?:user|agent|human user|ai assistant|answers)(?=:)",
    re.IGNORECASE,
)
"""Special tokens, and the words that open a message in the prompts of Llama Guard and WildGuard."""


@dataclass(frozen=True, slots=True, repr=False)
class GuardReply(ChatReply):
    """A reply with the alternatives to its first token that is not blank, each with its probability."""

    first: Mapping[str, float] = field(default_factory=dict, kw_only=True)


def defused(text: str) -> str:
    """``text`` with a blank within each string that frames a guard's prompt (``< |eot_id|>``, ``[ /INST]``, ``Agent :``
    at the start of a line), so that no judged text can end the message it stands in, or open another.
    """
    return _FRAME.sub(lambda found: found[0] + " ", text)


def conversation(case: Case, response: Response, window: str) -> Messages:
    """The exchanges up to the judged answer, of which ``window`` is shown, user and assistant in turn: prompts whose
    answer is not known stand together, since templates refuse two messages of one role in a row.
    """
    messages: Messages = []
    last = last_turn(case, response)
    for turn, (prompt, answer) in enumerate(islice(exchanges(case, response), last), 1):
        if messages and messages[-1]["role"] == "user":
            messages[-1]["content"] += f"\n\n{defused(prompt)}"
        else:
            messages.append({"role": "user", "content": defused(prompt)})
        if turn < last and answer is not None:
            messages.append({"role": "assistant", "content": defused(answer)})
    bounded = shortened([(message["role"], message["content"]) for message in messages], BEFORE)
    return [{"role": role, "content": text} for role, text in (*bounded, ("assistant", defused(window)))]


def chat(model: str, messages: Sequence[Mapping[str, str]], params: Mapping[str, Any], *, first: bool) -> Exchange:
    """A chat completion; with ``first`` the probabilities of its first token are asked for as well
    (``logprobs`` and ``top_logprobs`` of https://developers.openai.com/api/reference/resources/chat, read 2026-11-21).
    """
    request: dict[str, Any] = {"model": model, "messages": list(messages), **params}
    if first:
        request |= {"logprobs": True, "top_logprobs": TOP}
    size = sum(len(message["content"]) for message in messages)
    read = read_first if first else read_reply
    return Exchange(body=json_body(request), read=read, model=model, assumed_tokens=size // 4 + 1)


def completion(model: str, prompt: str, params: Mapping[str, Any]) -> Exchange:
    """A completion of the prompt as it is (https://developers.openai.com/api/reference/resources/completions)."""
    request = {"model": model, "prompt": prompt, "max_tokens": MAX_TOKENS, **params}
    return Exchange(
        body=json_body(request),
        read=read_completion,
        path="/completions",
        model=model,
        assumed_tokens=len(prompt) // 4 + 1,
    )


def read_completion(body: bytes) -> ChatReply:
    """The completion that ``body`` is: ``choices[0].text``. Raises ShapeError or ErrorBody."""
    value = read_json(body)
    choices = value.get("choices") if isinstance(value, dict) else None
    choice = choices[0] if isinstance(choices, list) and choices else None
    if isinstance(choice, dict) and isinstance(choice.get("text"), str):
        message = {"role": "assistant", "content": choice["text"]}
        return read_reply(json_body({**value, "choices": [{**choice, "message": message}]}))
    if isinstance(value, dict) and value.get("error"):
        return read_reply(body)
    raise ShapeError("the reply has no completion")


def read_first(body: bytes) -> GuardReply:
    """The chat completion that ``body`` is, with the alternatives to its first token where it has them."""
    reply = read_reply(body)
    fields = {name: getattr(reply, name) for name in ("text", "refusal", "finish_reason", "model", "usage")}
    return GuardReply(**fields, first=_first(read_json(body)["choices"][0].get("logprobs")))


def _first(logprobs: Any) -> dict[str, float]:
    """Token without blanks to probability, at the first place whose token is not blank."""
    places = logprobs.get("content") if isinstance(logprobs, dict) else None
    for place in places if isinstance(places, list) else ():
        if not isinstance(place, dict) or not isinstance(place.get("token"), str):
            return {}
        if place["token"].strip():
            top = place.get("top_logprobs")
            found = [place, *(top if isinstance(top, list) else ())]
            return {one["token"].strip(): math.exp(one["logprob"]) for one in reversed(found) if _is_token(one)}
    return {}


def _is_token(one: Any) -> bool:
    """A log probability is at most 0; rounding may put it a little above."""
    if not isinstance(one, dict) or not isinstance(one.get("token"), str):
        return False
    logprob = one.get("logprob")
    return isinstance(logprob, int | float) and -1e9 < logprob <= 1e-3


def share(first: Mapping[str, float], unsafe: str, safe: str) -> float | None:
    """P(unsafe) of the two verdicts: what the first token's probability says
    (https://github.com/meta-llama/PurpleLlama, Llama-Guard3/8B/MODEL_CARD.md). None where neither is among them.
    """
    bad, good = first.get(unsafe, 0.0), first.get(safe, 0.0)
    return min(bad / (bad + good), 1.0) if bad + good > 0 else None
