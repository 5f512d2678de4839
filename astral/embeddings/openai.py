"""Embeddings of an OpenAI-compatible endpoint.

``POST /embeddings`` with model, input (a list of texts) and encoding_format; the reply's ``data`` is a list of
``{"index": ..., "embedding": [...]}``, as openai 3.52's ``types/create_embedding_response.py`` and
``types/embedding_create_params.py`` have it (https://github.com/openai/openai-python, read 2026-11-21).
"""

from __future__ import annotations

import asyncio
import itertools
import os
import threading
from collections.abc import Coroutine, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from astral.errors import RetrievalError
from astral.escape import show
from astral.model import Usage
from astral.setting_values import Spec
from astral.wire import Network
from astral.wire.access import KEY_ENV, URL_ENV, open_endpoint
from astral.wire.address import DEFAULT_URL, checked, name_of
from astral.wire.endpoint import FIRST_BACKOFF, LAST_BACKOFF, NO_KEY
from astral.wire.failures import Again, Failure, from_exception, from_status
from astral.wire.replies import ShapeError, read_json

if TYPE_CHECKING:
    import openai

BATCH = 32
"""Texts in one request: the largest vectors in use (3,072 numbers of some 20 characters) stay below the body limit."""
Vectors = list[list[float]]


class OpenAIEmbedder:
    """``openai:MODEL[@URL]``. Key and address are found as for a target. Requests count as the writer's: they are part
    of generation.

    Generation calls it inside a running event loop, so each call runs its own loop in a thread of its own.
    """

    def __init__(self, spec: Spec, network: Network, environment: Mapping[str, str] = os.environ) -> None:
        open_endpoint(
            spec, network, kind="embedder", instead="use the offline embedder=hash", environment=environment
        )  # refuses what no request can be made with, and teaches the redactor the key
        self._key_name = dict(spec.options).get("key_env", KEY_ENV)
        self._key = environment.get(self._key_name, "").strip() or NO_KEY
        self._url = checked(spec.url or environment.get(URL_ENV, "").strip() or DEFAULT_URL)
        self._model, self._network = spec.argument, network
        self._place = name_of(self._url)
        self.id = f"openai:{self._model}@{self._place}"

    def embed_documents(self, texts: list[str]) -> Vectors:
        return _in_thread(self._all(texts))

    def embed_query(self, text: str) -> list[float]:
        return self.embed_documents([text])[0]

    async def _all(self, texts: Sequence[str]) -> Vectors:
        places = asyncio.Semaphore(self._network.concurrency)
        client = self._client()
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [
                    group.create_task(self._batch(client, texts[at : at + BATCH], places))
                    for at in range(0, len(texts), BATCH)
                ]
        except BaseExceptionGroup as group_error:
            raise group_error.exceptions[0] from None  # the first that failed; the others were cancelled
        finally:
            await client.close()
        return [vector for task in tasks for vector in task.result()]

    async def _batch(self, client: openai.AsyncOpenAI, texts: Sequence[str], places: asyncio.Semaphore) -> Vectors:
        """One request, tried again after failures that may pass, by the rules of every other call."""
        request = {"model": self._model, "input": [_sendable(text) for text in texts], "encoding_format": "float"}
        once = False
        for attempt in itertools.count(1):
            async with places:
                self._network.sending("writer", endpoint=self._place, model=self._model, retry=attempt > 1)
                outcome = await self._exchange(client, request, len(texts))
            if not isinstance(outcome, Failure):
                return outcome
            spent = attempt > self._network.retries or (outcome.again is Again.ONCE and once)
            if outcome.again is Again.NO or spent:
                raise self._error(outcome, attempt)
            once = once or outcome.again is Again.ONCE
            longest = min(FIRST_BACKOFF * 2.0 ** (attempt - 1), LAST_BACKOFF)
            wait = longest * self._network.rng.uniform(0.5, 1.0) if outcome.wait is None else outcome.wait
            await self._network.sleep(wait)
        raise AssertionError("unreachable")

    async def _exchange(
        self, client: openai.AsyncOpenAI, request: Mapping[str, Any], expected: int
    ) -> Vectors | Failure:
        """Foreign exceptions end here, as values: they and their chains may quote keys and texts."""
        import httpx2
        import openai

        seconds = self._network.timeout
        try:
            async with asyncio.timeout(seconds):
                reply = await client.post("/embeddings", cast_to=httpx2.Response, body=dict(request))
            vectors, usage = read_vectors(reply.content, expected)
        except TimeoutError:
            return Failure("timeout", f"no complete reply within {seconds:g} s; raise timeout=", Again.YES)
        except openai.APIStatusError as err:
            return from_status(err.status_code, err.response.headers, err.response.content, self._key_name)
        except Exception as err:
            return from_exception(err, self._url.startswith("https:"))
        assumed = Usage(sum(map(len, request["input"])) // 4 + 1, 0)
        self._network.received(usage, "writer", assumed, endpoint=self._place, model=self._model)
        return vectors

    def _client(self) -> openai.AsyncOpenAI:
        import openai

        from astral.wire.transport import bounded_client

        return openai.AsyncOpenAI(
            api_key=self._key,
            base_url=self._url,
            default_headers={"Authorization": f"Bearer {self._key}"},  # OPENAI_CUSTOM_HEADERS may not replace it
            max_retries=0,
            timeout=None,
            http_client=bounded_client(self._url),
        )

    def _error(self, failure: Failure, attempts: int) -> RetrievalError:
        """One inert line. The server's own words stay out: they may quote the texts."""
        what = failure.what
        if failure.again is not Again.NO:  # the wire's advice is for a run; here nothing can be resumed
            what = f"{what.partition(';')[0]}; try again later, or use the offline embedder=hash"
        if failure.filtered:
            what = "the provider's filter refused the texts; use another embedder, such as hash"
        tries = f" (after {attempts} tries)" if attempts > 1 else ""
        line = f"embedder openai:{self._model} at {name_of(self._url)}: {what}{tries}"
        return RetrievalError(show(self._network.redactor.clean(line), None))


def read_vectors(body: bytes, expected: int) -> tuple[Vectors, Usage]:
    """The vectors of a reply in the order of the texts, and the tokens it reports. Raises ShapeError."""
    value = read_json(body)
    rows = value.get("data") if isinstance(value, dict) else None
    if not isinstance(rows, list) or len(rows) != expected or not all(map(_is_row, rows)):
        raise ShapeError("the reply has not one embedding for each text")
    by_index = {row.get("index", number): row.get("embedding") for number, row in enumerate(rows)}
    if by_index.keys() != set(range(expected)):
        raise ShapeError("the reply does not say which embedding is whose")
    vectors = [by_index[number] for number in range(expected)]
    if not all(isinstance(vector, list) and vector and all(map(_is_number, vector)) for vector in vectors):
        raise ShapeError("an embedding of the reply is not a list of numbers")
    usage = value.get("usage")
    tokens = usage.get("prompt_tokens") if isinstance(usage, dict) else None
    return vectors, Usage(tokens if type(tokens) is int and 0 <= tokens < 10**12 else None)


def _is_row(value: Any) -> bool:
    return isinstance(value, dict) and type(value.get("index", 0)) is int


def _is_number(value: Any) -> bool:
    return type(value) in (int, float)


def _sendable(text: str) -> str:
    """``text`` with each lone surrogate as U+FFFD; a blank for an empty text, which endpoints refuse."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace") or " "


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
