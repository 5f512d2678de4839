"""Embeddings of an OpenAI-compatible endpoint.

``POST /embeddings`` with model, input (at most 2,048 texts, none empty, of 300,000 tokens together) and
encoding_format (https://rubydoc.info/github/openai/openai-ruby/OpenAI/Models/EmbeddingCreateParams/Input); the reply's
``data`` is a list of ``{"object": "embedding", "index": ..., "embedding": [...]}``, one for each text, and its
``usage`` has ``prompt_tokens`` (https://developers.openai.com/api/reference/go/resources/embeddings; both read
2026-11-21).
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from astral.errors import BudgetExhausted, CallError, RetrievalError
from astral.escape import show
from astral.model import Usage
from astral.setting_values import Spec
from astral.wire import ChatReply, Endpoint, Network
from astral.wire.access import open_endpoint
from astral.wire.endpoint import Purpose
from astral.wire.exchange import Exchange, json_body
from astral.wire.failures import Again, Failure
from astral.wire.replies import ErrorBody, ShapeError, error_fields, read_json, token_count

BATCH = 32
"""Texts in one request: the largest vectors in use (4,096 numbers of some 22 characters) stay below the body limit."""
Vectors = list[list[float]]


@dataclass(frozen=True, slots=True, repr=False)
class Embedded(ChatReply):
    """A reply with a vector for each text, in the order of the texts."""

    vectors: Vectors = field(default_factory=list, kw_only=True)


class EmbeddingEndpoint(Endpoint):
    """An endpoint apart from the one that answers chats, since it lives in one event loop after the other. What a
    server says stays out of its errors: it may quote the texts.
    """

    brand = ""

    def _error(self, failure: Failure, attempts: int) -> CallError:
        what = failure.what
        if failure.again is not Again.NO:  # the wire's advice is for a run; here nothing can be resumed
            what = f"{what.partition(';')[0]}; try again later, or use the offline embedder=hash"
        return super()._error(replace(failure, what=what, said=""), attempts)


class OpenAIEmbedder:
    """``openai:MODEL[@URL]``. Key and address are found as for a target. Requests count as the writer's, as part of
    generation, unless ``purpose`` says something else.

    Generation calls it inside a running event loop, so each call runs its own loop in a thread of its own.
    """

    def __init__(self, spec: Spec, network: Network, environment: Mapping[str, str] = os.environ) -> None:
        self._endpoint = open_endpoint(
            spec,
            network,
            kind="embedder",
            instead="use the offline embedder=hash",
            environment=environment,
            made=EmbeddingEndpoint,
        )
        self._model, self._clean = spec.argument, network.redactor.clean
        self.purpose: Purpose = "writer"
        self._alone = threading.Lock()  # the endpoint serves one loop at a time
        self.id = f"openai:{self._model}@{self._endpoint.name}"

    def embed_documents(self, texts: list[str]) -> Vectors:
        with self._alone:
            return _in_thread(self._all(texts))

    def embed_query(self, text: str) -> list[float]:
        return self.embed_documents([text])[0]

    async def _all(self, texts: Sequence[str]) -> Vectors:
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(self._batch(texts[at : at + BATCH])) for at in range(0, len(texts), BATCH)]
        except BaseExceptionGroup as group_error:
            raise group_error.exceptions[0] from None  # the first that failed; the others were cancelled
        finally:
            await self._endpoint.aclose()  # its connections end with this loop
        return [vector for task in tasks for vector in task.result()]

    async def _batch(self, texts: Sequence[str]) -> Vectors:
        """The vectors of one request. Raises RetrievalError, one inert line, and BudgetExhausted."""
        try:
            reply = await self._endpoint.send(_exchange(self._model, texts), self.purpose)
        except BudgetExhausted:
            raise
        except CallError as err:
            raise self._error(str(err)) from None
        if not isinstance(reply, Embedded):
            filtered = "the provider's filter refused the texts; use another embedder, such as hash"
            raise self._error(f"{self._endpoint.name}: {filtered}")
        return reply.vectors

    def _error(self, what: str) -> RetrievalError:
        return RetrievalError(f"embedder openai:{show(self._clean(self._model), None)} at {what}")


def _exchange(model: str, texts: Sequence[str]) -> Exchange:
    request = {"model": model, "input": [text or " " for text in texts], "encoding_format": "float"}
    return Exchange(
        body=json_body(request),
        read=partial(read_embedded, expected=len(texts)),
        path="/embeddings",
        model=model,
        assumed_tokens=sum(map(len, texts)) // 4 + 1,
    )


def read_embedded(body: bytes, expected: int) -> Embedded:
    """The reply to ``expected`` texts. Raises ShapeError where it is not a vector of finite numbers for each, all of
    one length, and ErrorBody for an error under a status of success.
    """
    value = read_json(body)
    rows = value.get("data") if isinstance(value, dict) else None
    if isinstance(value, dict) and not rows and value.get("error"):
        raise ErrorBody(error_fields(value))
    if not isinstance(rows, list) or len(rows) != expected or not all(isinstance(row, dict) for row in rows):
        raise ShapeError("the reply has not one embedding for each text")
    by_index = {row.get("index"): row.get("embedding") for row in rows if type(row.get("index")) is int}
    if by_index.keys() != set(range(expected)):
        raise ShapeError("the reply does not say which embedding is whose")
    vectors = [by_index[number] for number in range(expected)]
    if not all(isinstance(vector, list) and vector and all(map(_is_finite, vector)) for vector in vectors):
        raise ShapeError("an embedding of the reply is not a list of numbers")
    if len({len(vector) for vector in vectors}) > 1:
        raise ShapeError("the embeddings of the reply differ in length")
    usage = value.get("usage")
    tokens = token_count(usage.get("prompt_tokens")) if isinstance(usage, dict) else None
    return Embedded("", usage=Usage(tokens), vectors=vectors)


def _is_finite(value: Any) -> bool:
    return type(value) in (int, float) and abs(value) <= sys.float_info.max


def _in_thread(work: Coroutine[Any, Any, Vectors]) -> Vectors:
    found: list[Vectors] = []
    failed: list[BaseException] = []

    def run() -> None:
        try:
            found.append(asyncio.run(work))
        except BaseException as err:
            failed.append(err)

    thread = threading.Thread(target=run, name="astral-embedder", daemon=True)
    thread.start()
    thread.join()
    if failed:
        raise failed[0]
    return found[0]
