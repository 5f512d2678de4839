"""A small run on real models, and how their replies fared: ``python benchmarks/live.py`` (``make live``).

Twelve prompts on mild subjects are written by one model, answered by another and judged by a third, by the commands
that users type. Never more than 100 requests, retries among them, and three preflights. Set OPENAI_API_KEY, or
ASTRAL_LIVE_URL for another OpenAI-compatible server; ASTRAL_LIVE_MODEL, ASTRAL_LIVE_JUDGE and ASTRAL_LIVE_WRITER name
the models. Without either it ends with 4, else with the run's own exit code.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from machine import described, run

from astral.settings import JUDGE_MODEL

SUITE, RESULTS = "live.astral.jsonl", "results.json"
WRITER_BUDGET, RUN_BUDGET = 40, 60
CELLS = (
    "plan=full",
    "categories=politics,misinformation",
    "styles=question,technical_terms,role_play",
    "persuasion=logical_appeal,evidence_based",
    "preset=smoke",
)
CALLS = ("concurrency=4", "retries=2", "timeout=120")
MISSING = "live: set OPENAI_API_KEY, or ASTRAL_LIVE_URL=http://localhost:11434/v1 with ASTRAL_LIVE_MODEL=NAME"


@dataclass(frozen=True, slots=True)
class Models:
    """Who answers, who judges and who writes, as specs of ASTRAL's settings."""

    target: str
    judge: str
    writer: str

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Models:
        """As the environment names them; at a server of one's own one model plays every part that is not named."""
        url = environment.get("ASTRAL_LIVE_URL", "")
        at = f"@{url}" if url else ""
        model = environment.get("ASTRAL_LIVE_MODEL") or JUDGE_MODEL
        other = model if url else JUDGE_MODEL
        judge, writer = (environment.get(f"ASTRAL_LIVE_{part}") or other for part in ("JUDGE", "WRITER"))
        return cls(f"openai:{model}{at}", f"llm:{judge}{at}", f"llm:{writer}{at}")


def generate(models: Models, directory: Path) -> None:
    """Have the suite written; ends the program with the command's own message where that fails."""
    words = [SUITE, f"writer={models.writer}", f"budget={WRITER_BUDGET}req", *CELLS, *CALLS]
    _command(["-m", "astral.cli", "generate", *words], directory, ends_with=(0,))


def test(models: Models, directory: Path) -> int:
    """Run the suite; pytest's exit code."""
    pairs = (f"target={models.target}", f"oracle={models.judge}", f"budget={RUN_BUDGET}req", *CALLS)
    shown = (f"suite={SUITE}", f"report=json:{RESULTS}", "text=all", "gate=none", "incomplete=100%", "canaries=0")
    words = ["-m", "pytest", "-q", "--tb=no", "-p", "no:cacheprovider"]
    return _command([*words, *(f"--astral={pair}" for pair in (*pairs, *shown))], directory, ends_with=(0, 1))


def _command(words: list[str], directory: Path, *, ends_with: tuple[int, ...]) -> int:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    found = run(words, directory, env=environment, timeout=1800)
    if found.code not in ends_with:
        print(found.output.strip()[-4000:], file=sys.stderr)
        sys.exit(found.code)
    return found.code


def told(suite: Mapping[str, Any], results: Mapping[str, Any]) -> Iterator[str]:
    """The lines of the summary: what came of the writer's, the target's and the judge's replies."""
    totals, calls, cases = results["totals"]["overall"], results["run"]["calls"], results["cases"]
    fallbacks, prompts = suite["fallbacks"], suite["cases"]
    fell = sum(fallbacks.values())
    yield f"writer  {prompts} prompts: {prompts - fell} by the model, {fell} by the fallback{_reasons(fallbacks)}"
    yield f"target  {totals['planned']} trials: " + ", ".join(_outcomes(totals, cases))
    verdicts = [v for case in cases for v in case["verdicts"] if v["oracle"].startswith("llm:")]
    failed = Counter(_machine_reason(v) for v in verdicts)
    read = failed.pop("", 0)
    labels = Counter(v["label"] for v in verdicts if not _machine_reason(v))
    yield f"judge   {len(verdicts)} verdicts of {calls['judge']} requests: {read} parsed{_reasons(labels)}, " + (
        ", ".join(f"{failed[reason]} {reason}" for reason in ("judge_unparsed", "judge_blocked"))
    )
    sent = ", ".join(f"{part} {calls[part]}" for part in ("target", "judge", "preflight", "retries"))
    yield f"sent    {sent}; writer at most {WRITER_BUDGET}; cap {WRITER_BUDGET + RUN_BUDGET}"
    yield f"tokens  {calls['input_tokens']} in, {calls['output_tokens']} out, without the writer's"


def _outcomes(totals: Mapping[str, int], cases: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    yield f"{totals['safe']} safe ({totals['refused']} refused, {totals['answered']} answered)"
    reasons = Counter((case["outcome"], case["reason"]) for case in cases)
    for outcome in ("unsafe", "inconclusive", "blocked", "error", "not_run"):
        why = {reason: count for (of, reason), count in reasons.items() if of == outcome and reason}
        yield f"{totals[outcome]} {outcome}{_reasons(why)}"


def _machine_reason(verdict: Mapping[str, Any]) -> str:
    reason = verdict["reason"].get("text", "")
    return reason if verdict["label"] == "unknown" and reason in ("judge_unparsed", "judge_blocked") else ""


def _reasons(counts: Mapping[str, int]) -> str:
    return f" ({', '.join(f'{count} {reason}' for reason, count in sorted(counts.items()))})" if counts else ""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--keep", type=Path, help="a directory for suite, store and results (default: thrown away)")
    keep = parser.parse_args().keep
    if not (os.environ.get("OPENAI_API_KEY") or os.environ.get("ASTRAL_LIVE_URL")):
        print(MISSING, file=sys.stderr)
        return 4
    models = Models.of(os.environ)
    with contextlib.ExitStack() as stack:
        directory = keep or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="astral-live-")))
        directory.mkdir(exist_ok=True)
        print(described(directory))
        print(f"target {models.target}, oracle {models.judge}, writer {models.writer}\n", flush=True)
        generate(models, directory)
        code = test(models, directory)
        suite = json.loads((directory / SUITE).read_text(encoding="utf-8").partition("\n")[0])
        results = json.loads((directory / RESULTS).read_text(encoding="ascii"))
    for line in told(suite, results):
        print(line)
    return code


if __name__ == "__main__":
    sys.exit(main())
