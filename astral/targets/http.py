"""Any JSON or form endpoint as a target: a chatbot, a gateway, a service of one's own, described by a TOML file."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from typing import Any

from astral.context import Context
from astral.conversation import total_usage
from astral.errors import CallError, SettingsError, TemplateError
from astral.escape import show
from astral.model import Case, Response
from astral.model_names import answers_as
from astral.setting_values import Spec
from astral.targets.http_file import HttpFile, read_file
from astral.targets.openai import in_words
from astral.targets.parameters import refuse_parameters
from astral.wire import ChatReply, Endpoint, Network, Purpose
from astral.wire.access import check_options
from astral.wire.exchange import Exchange
from astral.wire.failures import Failure


class HttpEndpoint(Endpoint):
    """An endpoint of a wire format of its own, whose name may not tell a secret that stands in its address."""

    brand = "http at "

    def __init__(self, network: Network, url: str, key_name: str, headers: Mapping[str, str]) -> None:
        super().__init__(network, url, None, key_name, headers=headers)
        self.name = self.place = network.redactor.clean(self.name)


class HttpTarget:
    """Sends each turn as its file says; every independent asking of a case is a conversation of its own."""

    def __init__(self, name: str, file: HttpFile, endpoint: Endpoint, *, strict: bool = False) -> None:
        self.name, self.endpoint = name, endpoint
        self.model = file.model or name
        """What prices go by."""
        self._file, self._strict = file, strict

    async def answer(self, case: Case, repeat: int) -> Response:
        """One request for each turn, all with one conversation id; the last reply is the answer.

        A turn that is blocked without any text ends the exchange there. Raises CallError.
        """
        talk = _Talk(case.id, own_id=self._file.reply.session is None)
        replies: list[ChatReply] = []
        for turn in case.turns:
            reply = await self._ask(talk, turn, "target")
            text, finish = in_words(reply)
            replies.append(reply)
            if finish == "content_filter" and not text.strip():
                break
            talk.answered(text)
        usage = total_usage([reply.usage for reply in replies])
        seconds = sum(reply.seconds for reply in replies)
        said = [in_words(reply) for reply in replies[:-1]]
        earlier, ends = tuple(words for words, _ in said), tuple(end or "" for _, end in said)
        return Response(text, reply.model, finish, usage, seconds, earlier=earlier, earlier_finish=ends)

    async def preflight(self) -> float:
        """Try address, headers and selectors with one small call outside the budget; its seconds. Raises CallError."""
        reply = await self._ask(_Talk("preflight", self._file.reply.session is None), "Reply with OK.", "preflight")
        return reply.seconds

    def describe(self) -> dict[str, Any]:
        """All that an answer depends on beside its case; nothing secret."""
        return {
            "api": "http",
            "endpoint": self.endpoint.name,
            "model": self._file.model,
            "file_sha256": self._file.digest,
        }

    async def _ask(self, talk: _Talk, prompt: str, purpose: Purpose) -> ChatReply:
        if talk.session is None:
            raise self._error(
                "bad_reply", f"session_from matched nothing in the first reply; compare {self._file.name}"
            )
        try:
            body, query = self._file.request.filled(talk.asked(prompt))
        except (TemplateError, ValueError) as err:
            raise self._error("bad_request", f"the request could not be made ({show(str(err), 160)})") from None
        end = self._file.path_end
        exchange = Exchange(
            body=body,
            read=lambda content: self._file.reply.read(content, talk.learn),
            path=end + (f"{'&' if '?' in end else '?'}{query}" if query else ""),
            method=self._file.method,
            content_type=self._file.request.content_type,
            model=self.model,
            assumed_tokens=len(body) // 4 + 1,
            refused=self._blocked,
        )
        reply = await self.endpoint.send(exchange, purpose)
        if self._strict and not answers_as(self.model, reply.model):
            answered = show(reply.model or "", 80)
            raise self._error("model_mismatch", f"{answered} answered and not {show(self.model)}; see strict_model=")
        return reply

    def _blocked(self, status: int, headers: Mapping[str, str], body: bytes) -> Failure | None:
        if status in self._file.blocked_status:
            return Failure("provider_filter", "a filter before the endpoint refused the prompt", filtered=True)
        return None

    def _error(self, reason: str, what: str) -> CallError:
        return CallError(reason, f"{self.endpoint.brand}{self.endpoint.name}: {what}")


class _Talk:
    """A conversation as it goes: what was said, and the id that the other side knows it by.

    The id is random, since nobody may have used it before; with ``session_from`` it is empty until the first reply
    has named one.
    """

    def __init__(self, case_id: str, own_id: bool) -> None:
        self._case_id = case_id
        self.session: str | None = secrets.token_hex(16) if own_id else ""
        self._turns: list[str] = []
        self._messages: list[dict[str, str]] = []

    def asked(self, prompt: str) -> dict[str, Any]:
        """What the templates are filled with for the next user text."""
        self._turns.append(prompt)
        self._messages.append({"role": "user", "content": prompt})
        return {
            "prompt": prompt,
            "turns": self._turns,
            "messages": self._messages,
            "session": self.session,
            "turn": len(self._turns),
            "case_id": self._case_id,
        }

    def answered(self, text: str) -> None:
        self._messages.append({"role": "assistant", "content": text})
        if not self.session:
            self.session = None

    def learn(self, session: str) -> None:
        """Keep the first id that the other side names."""
        self.session = self.session or session


def build_target(spec: Spec, context: Context, environment: Mapping[str, str] = os.environ) -> HttpTarget:
    """The target of ``http:FILE.toml``. Raises SettingsError, which names file and key."""
    name = f"target {show(spec.text)}"
    if not spec.argument or spec.argument.startswith("//") or spec.url is not None:
        raise SettingsError(f"{name}: the address stands in a file; write http:FILE.toml (see docs/targets.md)")
    check_options(spec, name, ())
    refuse_parameters(spec, context, f"write what is sent into {show(spec.argument, 80)}")
    file = read_file(context.root / spec.argument, spec.argument, environment, context.network.redactor)
    strict = context.settings.strict_model
    if strict and not (file.model and file.reply.model):
        raise SettingsError(f"{name}: strict_model=on needs model and model_from in {file.name}")
    return HttpTarget(spec.text, file, _endpoint(file, context.network), strict=strict)


def _endpoint(file: HttpFile, network: Network) -> Endpoint:
    """The endpoint of the file's address and headers: files that share both share its limits."""
    place = ("http", file.url, tuple(sorted(file.headers.items())))
    where = f"the headers of {file.name}"
    return network.known(place, lambda: HttpEndpoint(network, file.url, where, file.headers))
