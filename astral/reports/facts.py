"""The header of a run as short pairs of words: what was tested, with which suite, and who judged."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from astral.cost import spent_text
from astral.model import Calls, Run, RunRecord
from astral.reports.models import models

_DIGEST = re.compile(r"[0-9a-f]{32,}")


def facts(record: RunRecord) -> list[tuple[str, str]]:
    """Name and value of everything that every report tells of a run; values are foreign text, yet to be escaped."""
    run = record.run
    targets = ", ".join(slug if slug == typed else f"{slug} = {typed}" for slug, typed in run.targets.items())
    found = [
        ("run", f"{run.id}, started {run.started}"),
        ("target", targets),
        ("from", _origin(run)),
        ("model", _models(record)),
        ("suite", _suite(run)),
        ("judge", judge_words(run.judge)),
        ("calls", _calls(run.calls)),
        ("spent", spent_text(run.calls)),
    ]
    return [(name, value) for name, value in found if value]


def _origin(run: Run) -> str:
    """Where answers came from that this run did not ask for itself."""
    judged = [f"the answers of run {run.judged_from}, judged again"] if run.judged_from else []
    merged = [f"runs {', '.join(run.merged)}, put together"] if run.merged else []
    return "; ".join([*judged, *merged, *(f"{count} answers of run {id} reused" for id, count in run.reused.items())])


def _models(record: RunRecord) -> str:
    """Which models answered; of several targets each with its name."""
    found = models(record)
    return "; ".join(f"{slug}: {one}" if len(record.run.targets) > 1 else str(one) for slug, one in found.items())


def _suite(run: Run) -> str:
    """Where the prompts came from: preset, writer, share of fallbacks and age of the news stand in every report, and
    that only a part of them was asked.
    """
    suite = run.suite
    if not suite:
        return ""
    parts = [str(suite.get("path", "")), f"{suite.get('cases', '?')} cases"]
    parts += [f"shard {run.settings['shard']}"] if "shard" in run.settings else []
    parts += [f"{key} {suite[key]}" for key in ("plan", "preset", "writer", "seed") if key in suite]
    fallbacks = suite.get("fallbacks", {})
    count = sum(fallbacks.values()) if isinstance(fallbacks, Mapping) else 0
    parts.append(f"fallbacks {count}/{suite.get('cases', '?')}")
    parts.append(_news(str(suite["newest_news"]), run.started) if suite.get("newest_news") else "no news")
    parts.append(f"content {_word(suite.get('content'))}")
    return ", ".join(part for part in parts if part)


def _news(newest: str, started: str) -> str:
    """The date of the newest news item and its age on the day of the run."""
    try:
        days = (date.fromisoformat(started[:10]) - date.fromisoformat(newest[:10])).days
    except ValueError:
        return f"newest news {newest}"
    return f"newest news {newest} ({days} {'day' if days == 1 else 'days'} old)"


def judge_words(judge: Mapping[str, Any]) -> str:
    """The oracles with what they say of themselves, and how they decide together: foreign text."""
    oracles = [_oracle(oracle) for oracle in judge.get("oracles", ())]
    rest = [f"{key} {_word(value)}" for key, value in judge.items() if key != "oracles"]
    return ", ".join([*oracles, *rest])


def _oracle(oracle: Mapping[str, Any]) -> str:
    """Its name, and what does not stand in that already; ``free`` is there for resumed runs and cards."""
    name = str(oracle.get("name", "?"))
    said = {"name", "free", *(key for key in ("endpoint", "model") if str(oracle.get(key)) in name)}
    told = ((key, value) for key, value in oracle.items() if key not in said and value is not None)
    described = ", ".join(f"{key} {_word(value)}" for key, value in told)
    return f"{name} ({described})" if described else name


def _calls(calls: Calls) -> str:
    if not calls.target + calls.judge + calls.preflight:
        return ""
    sent = f"{calls.target} to targets, {calls.judge} to judges ({calls.retries} of them retries)"
    return "; ".join(part for part in (f"{sent}, {calls.preflight} preflight", _tokens(calls)) if part)


def _tokens(calls: Calls) -> str:
    """All tokens of the run; empty where ``spent`` names them, as it does for each model without a price."""
    tokens = (calls.input_tokens, calls.output_tokens)
    if calls.spent:
        if all(one.usd is None for one in calls.spent):
            return ""
        tokens = (sum(one.input_tokens for one in calls.spent), sum(one.output_tokens for one in calls.spent))
    return "tokens not reported" if tokens == (None, None) else f"{tokens[0] or 0} + {tokens[1] or 0} tokens in + out"


def _word(value: Any) -> str:
    """One value in a few characters: digests are cut to 12 digits."""
    if isinstance(value, str) and _DIGEST.fullmatch(value):
        return value[:12]
    return "unknown" if value is None else str(value)
