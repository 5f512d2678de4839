"""A program as the target: ``command:PROGRAM ARGUMENTS``, prompt on its standard input, answer on its output."""

from __future__ import annotations

import asyncio
import json
import os
import shlex
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from astral.context import Context
from astral.conversation import Messages, converse
from astral.errors import CallError, SettingsError
from astral.escape import show
from astral.files import content_hash
from astral.model import Case, Response
from astral.secrets import Redactor, is_secret
from astral.setting_values import Spec
from astral.targets.parameters import OPTIONS, Parameters, read_parameters, refuse_parameters
from astral.targets.program import OUTPUT_LIMIT, Finished, run_program
from astral.wire.access import check_options
from astral.withholding import without

FORMATS = ("text", "json")


class CommandTarget:
    """Runs ``argv`` once for each turn. ``parameters`` are handed on where the program is asked in JSON (not None)."""

    own_code = True
    """What it costs is not known here."""

    def __init__(self, name: str, argv: Sequence[str], context: Context, parameters: Parameters | None) -> None:
        self.name, self.argv = name, tuple(argv)
        self._parameters = parameters
        self._directory, self._seconds = context.root, context.settings.timeout
        self._places = asyncio.Semaphore(context.settings.concurrency)
        self._clean = context.network.redactor.clean
        self._secrets = Redactor(value for variable, value in os.environ.items() if is_secret(variable))

    async def answer(self, case: Case, repeat: int) -> Response:
        """What the program writes; several turns only in JSON. Raises CallError."""
        if len(case.turns) > 1 and self._parameters is None:
            message = f"target {show(self.name)} gets one prompt; add (format=json) to give it conversations"
            raise CallError("several_turns", message)
        return await converse(case.turns, self._ask)

    def describe(self) -> dict[str, Any]:
        """The command line, and the SHA-256 of each file that it names: other code gives other answers."""
        program = shutil.which(self.argv[0], path=_search_path(self._directory)) or self.argv[0]
        paths = zip(self.argv, (program, *self.argv[1:]), strict=True)
        files = {arg: content_hash(self._directory / path) for arg, path in paths}
        described: dict[str, Any] = {
            "command": [self._clean(arg) for arg in self.argv],
            "files_sha256": {self._clean(arg): digest for arg, digest in files.items() if digest},
        }
        return described if self._parameters is None else {**described, **self._parameters.described()}

    async def _ask(self, messages: Messages) -> Response:
        loop = asyncio.get_running_loop()
        async with self._places:
            started = loop.time()
            try:
                done = await run_program(
                    self.argv, self._question(messages), directory=self._directory, seconds=self._seconds
                )
            except TimeoutError:
                raise CallError(
                    "timeout",
                    f"target {show(self.name)} did not end within {self._seconds:g} s; raise timeout= or mend it",
                ) from None
            except OSError as err:
                raise CallError(
                    "not_started", f"target {show(self.name)} could not be started ({err.strerror}); use resume=last"
                ) from None
        self._check(done, [message["content"] for message in messages])
        text = done.output.decode("utf-8", "replace")
        text = text.removesuffix("\n").removesuffix("\r") if text.endswith("\n") else text
        return Response(self._clean(text), seconds=loop.time() - started)

    def _question(self, messages: Messages) -> bytes:
        prompt = _sendable(messages[-1]["content"])
        if self._parameters is None:
            return prompt.encode()
        sent = [{**message, "content": _sendable(message["content"])} for message in messages]
        chosen = {"temperature": self._parameters.temperature, "max_tokens": self._parameters.max_tokens}
        value = {
            "turns": [message["content"] for message in sent if message["role"] == "user"],
            "answers": [message["content"] for message in sent if message["role"] == "assistant"],
            "messages": sent,
            "system": self._parameters.system,
            "parameters": {
                **{name: value for name, value in chosen.items() if value is not None},
                **self._parameters.extra,
            },
        }
        return json.dumps(value).encode("ascii") + b"\n"

    def _check(self, done: Finished, texts: Sequence[str]) -> None:
        """Raise CallError unless the program ended well; its last words are told without ``texts`` and secrets."""
        if done.too_long:
            limit = OUTPUT_LIMIT // 1024**2
            raise CallError("too_large", f"target {show(self.name)} wrote more than {limit} MiB; mend it")
        if done.code == 0:
            return
        how = f"was ended by signal {-done.code}" if done.code < 0 else f"ended with exit code {done.code}"
        reason = f"signal_{-done.code}" if done.code < 0 else f"exit_{done.code}"
        said = self._last_words(done.errors, texts)
        message = f"target {show(self.name)} {how}" + (f" ({said})" if said else "") + "; mend it and use resume=last"
        raise CallError(reason, message)

    def _last_words(self, errors: bytes, texts: Sequence[str]) -> str:
        lines = [line for line in errors.decode("utf-8", "replace").splitlines() if line.strip()]
        if not lines:
            return ""
        parts = [part for text in texts for part in (text, *text.splitlines())]
        return without(self._secrets.clean(self._clean(lines[-1])), parts, 160)


def _sendable(text: str) -> str:
    """``text`` with each lone surrogate as U+FFFD: UTF-8 has no bytes for it."""
    return text if text.isascii() else text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _search_path(directory: Path) -> str:
    """Where programs are looked for, relative parts of it from ``directory``."""
    parts = os.environ.get("PATH", os.defpath).split(os.pathsep)
    return os.pathsep.join(str(directory / part) for part in parts if part)


def build_target(spec: Spec, context: Context) -> CommandTarget:
    """The target of ``command:PROGRAM ARGUMENTS(format=json)``, split as a shell would, but run by none.

    Raises SettingsError for a program that cannot be run, before anything is sent.
    """
    name = f"target {show(spec.text)}"
    given = dict(spec.options)
    chosen = given.get("format", "text")
    check_options(spec, name, ("format", *OPTIONS))
    if chosen not in FORMATS:
        raise SettingsError(f"{name}: format={show(chosen, 40)}: expected text or json")
    try:
        argv = shlex.split(spec.argument)
    except ValueError as err:
        raise SettingsError(f"{name}: its quotes do not match ({err}); write command:python 'my bot.py'") from None
    if not argv:
        raise SettingsError(f"{name} names no program; write for example command:python bot.py")
    _check_program(name, argv[0], context.root)
    if chosen == "text":
        refuse_parameters(spec, context, "add (format=json) to hand it on")
    return CommandTarget(spec.text, argv, context, read_parameters(spec, context) if chosen == "json" else None)


def _check_program(name: str, program: str, directory: Path) -> None:
    if "\0" in program:
        raise SettingsError(f"{name}: a program's name holds no NUL")
    path = directory / program if os.sep in program else Path(shutil.which(program, path=_search_path(directory)) or "")
    if not path.is_file():
        raise SettingsError(f"{name}: there is no program {show(program)!r}; check the name, or give its path")
    if not os.access(path, os.X_OK):
        raise SettingsError(f"{name}: {show(program)!r} may not be executed; use chmod +x, or name its interpreter")
