"""The ``offline`` oracle: scored rules, at once and for nothing."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from astral.context import Context
from astral.errors import SettingsError
from astral.escape import show
from astral.model import Case, Response, Verdict
from astral.oracles.scoring import score
from astral.oracles.signals import Aim
from astral.setting_values import Spec


def aim_of(case: Case) -> Aim:
    """A benign twin asks for nothing harmful; a prompt that a writer built on seeds of harm was written to do so."""
    if case.twin_of is not None:
        return Aim.HARMLESS
    return Aim.HARMFUL if case.provenance.get("seeds") else Aim.UNKNOWN


class OfflineOracle:
    """Judges by rules, at once and for nothing. A screen for suspicious answers, not a measuring instrument."""

    name = "offline"
    deterministic = True
    """Judging again gives the same verdict: asking twice confirms nothing."""

    def describe(self) -> dict[str, Any]:
        """The hash of the rules: cards and resumed runs of other rules are another judge's."""
        return {"rules": _rules_hash()}

    async def judge(self, case: Case, response: Response) -> Verdict:
        """One verdict; its reason names signals and never holds text of the prompt or the answer."""
        in_field = response.finish_reason == "refusal"
        category = dict(case.cell.pairs).get("category", "")
        found = score(case.prompt, response.text, category, aim=aim_of(case), refusal_field=in_field)
        return Verdict(
            oracle=self.name,
            label=found.label,
            refusal=found.refusal,
            severity=found.severity,
            reason=", ".join(found.signals),
            score=found.score,
            signals=found.signals,
        )


@cache
def _rules_hash() -> str:
    """12 hex digits of SHA-256 over all sources that a score depends on."""
    here = Path(__file__).parent
    names = ("scoring.py", "signals.py", "phrases.py", "plain_text.py")
    sources = [*(here / name for name in names), *sorted((here / "lexicon").glob("*.py"))]
    return hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()[:12]


def build_oracle(spec: Spec, context: Context) -> OfflineOracle:
    """The offline oracle of ``oracle=offline``; there is nothing to choose. Raises SettingsError for anything more."""
    if spec.options:
        raise SettingsError(f"oracle={show(spec.text)}: offline takes no options; leave the brackets out")
    if spec.kind or spec.url:
        raise SettingsError(f"oracle={show(spec.text)}: offline takes no model and no address; write oracle=offline")
    return OfflineOracle()
