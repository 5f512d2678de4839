"""How many calls at once an endpoint bears, found out by additive increase and multiplicative decrease."""

from __future__ import annotations

CAUTION = 10
"""How many rounds of successes it takes to grow by one where that was found to be too much before."""
FIRST_PAUSE, LAST_PAUSE = 1.0, 30.0
"""Seconds for which all wait when an endpoint refuses again without one success between."""


class Width:
    """A limit between 1 and ``most``. It starts at ``most``, since most endpoints bear what the user set.

    As the congestion window of TCP, it grows by one for a whole round of successes, is halved by a round that met a
    refusal, and does not grow while less than it allows is on its way (draft-ietf-ccwg-ratelimited-increase-03,
    https://datatracker.ietf.org/doc/draft-ietf-ccwg-ratelimited-increase/03/, read 2026-11-21).
    """

    def __init__(self, most: int) -> None:
        self._most = self.limit = self._borne = most
        self._successes = self._refused_rounds = self._last_start = 0

    def succeeded(self, in_flight: int) -> None:
        """A call was answered while ``in_flight`` of them, itself included, were on their way."""
        self._refused_rounds = 0
        if self.limit == self._most or in_flight < self.limit:
            return
        self._successes += 1
        rounds = 1 if self.limit < self._borne else CAUTION
        if self._successes >= rounds * self.limit:
            self.limit += 1
            self._successes = 0

    def throttled(self, start: int, starts: int) -> float:
        """A call, the ``start``-th of ``starts`` so far, was refused; the seconds for which all should wait.

        Those that had started before the last decrease know nothing of it, so they change nothing.
        """
        if start <= self._last_start:
            return 0.0
        self._last_start = starts
        self._borne = max(self.limit - 1, 1)
        self.limit = max(self.limit // 2, 1)
        self._successes = 0
        self._refused_rounds += 1
        return 0.0 if self._refused_rounds == 1 else min(FIRST_PAUSE * 2.0 ** (self._refused_rounds - 2), LAST_PAUSE)
