"""Answers from a file instead of asking anyone: judge production logs or a published run again."""

from __future__ import annotations

from typing import Any

from astral.context import Context
from astral.errors import CallError, SettingsError
from astral.escape import show
from astral.files import content_hash
from astral.model import Case, Response
from astral.recordings import Recordings, read_recordings
from astral.setting_values import Spec


class ReplayTarget:
    """The recorded answer of a prompt; the n-th repeat gets the n-th one in the file."""

    def __init__(self, name: str, recordings: Recordings, digest: str = "") -> None:
        self.name = name
        self._recordings, self._digest = recordings, digest

    def describe(self) -> dict[str, Any]:
        """The SHA-256 of the file."""
        return {"file_sha256": self._digest} if self._digest else {}

    async def answer(self, case: Case, repeat: int) -> Response:
        found = self._recordings.of(case)
        if not found:
            raise CallError(
                "not_recorded",
                f"target {show(self.name)} has no answer to this prompt; record one or leave the case out",
            )
        if repeat > len(found):
            raise CallError(
                "not_recorded",
                f"target {show(self.name)} has {len(found)} answers to this prompt, not {repeat}; lower repeats=",
            )
        return found[repeat - 1].response


def build_target(spec: Spec, context: Context) -> ReplayTarget:
    if not spec.argument:
        raise SettingsError("target=replay: needs a file; write target=replay:answers.jsonl")
    path = context.root / spec.argument
    return ReplayTarget(spec.text, Recordings(read_recordings(path, context.taxonomy)), content_hash(path))
