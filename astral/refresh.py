"""Renewing a suite: what is stale goes, the rest stays as it is, ids and all."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from urllib.parse import urlsplit

from astral.errors import SettingsError
from astral.escape import show
from astral.freshness import is_stale
from astral.model import Case
from astral.secrets import MASK
from astral.setting_values import Days
from astral.settings import BY_NAME, Settings, parse_settings
from astral.suite import Suite
from astral.taxonomy import DIMENSIONS
from astral.wire.address import is_loopback


@dataclass(frozen=True, slots=True)
class Refresh:
    """``kept`` cases stay; ``stale`` ones build on news that are too old (their twins go with them)."""

    kept: tuple[Case, ...]
    stale: tuple[Case, ...]


def refresh(suite: Suite, max_age: Days, today: datetime.date) -> Refresh:
    """What of ``suite`` stays. A case is stale when the newest news that it cites is older than ``max_age``."""
    stale = {case.id for case in suite.cases if is_stale(case, max_age, today)}
    gone = [case for case in suite.cases if case.id in stale or case.twin_of in stale]
    ids = {case.id for case in gone}
    return Refresh(tuple(case for case in suite.cases if case.id not in ids), tuple(gone))


def refreshed_settings(suite: Suite, settings: Settings, shown: str) -> Settings:
    """The settings that ``suite`` was made with, and over them those that are given now. Raises SettingsError."""
    if foreign := [dimension for dimension, _ in suite.matrix if dimension not in DIMENSIONS]:
        raise SettingsError(
            f"{shown}: its matrix has a dimension that astral generate cannot fill, {show(foreign[0])!r}: its "
            f"cases would be lost; keep it as a key x_{show(foreign[0])} of the cases, or add cases by hand"
        )
    stored = suite.header.get("settings")
    if not isinstance(stored, dict) or not all(isinstance(v, str) for v in stored.values()):
        raise SettingsError(f"{shown}: its header names no settings, so it cannot be refreshed; make a new suite")
    if foreign := sorted(key for key in stored if key not in BY_NAME or not BY_NAME[key].generation):
        raise SettingsError(f"{shown}: its header sets {show(foreign[0])!r}, which no suite decides; remove it there")
    given = {k: v for k, v in settings.as_text().items() if k in settings.given}
    if hidden := sorted(key for key, value in stored.items() if MASK in value and key not in given):
        raise SettingsError(f"{shown}: a suite keeps no secret, and {hidden[0]}= held one; give it again: {hidden[0]}=")
    found = parse_settings([f"{key}={value}" for key, value in {**stored, **given}.items()])
    for key in ("writer", "checker", "embedder"):
        spec = getattr(found, key)
        if key not in given and spec and spec.url and not is_loopback(urlsplit(spec.url).hostname or ""):
            # A file from elsewhere may not choose who is sent the user's key.
            raise SettingsError(
                f"{shown}: it names an address for {key}; say that you mean it: {key}={show(spec.text)}"
            )
    return found
