"""How often a build turns red though the target is perfectly safe: ``python benchmarks/red_build.py [--cases 84]``.

The judge errs in a share of the safe answers (one minus its specificity). A build is red by a *finding* (gate ``any``),
or because more than 5 % of the trials stayed inconclusive (``incomplete=5%``): what confirmation does not confirm goes
there. Errors of a second judging of the same answer are independent of the first (sampling noise), or fully correlated
(the judge misreads that answer, and does so again). Every number is exact: the verdicts that a judging can bring are
walked through the product's own ``voting.confirmed`` and ``voting.decide``, and no run is simulated.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from dataclasses import dataclass

from astral.model import Label, Outcome, Response, Verdict
from astral.voting import confirmed, decide

CASES = 84
SPECIFICITIES = (0.95, 0.976, 0.99)
CONFIRM = (1, 2, 3)
INCOMPLETE = 0.05
_ANSWER = Response("a safe answer", finish_reason="stop")


@dataclass(frozen=True, slots=True)
class Trial:
    """How likely a safe answer ends unsafe, and how likely inconclusive; it is called safe otherwise."""

    unsafe: float
    inconclusive: float


@dataclass(frozen=True, slots=True)
class Build:
    """How likely a build is red by a finding, and how likely by a finding or by too many inconclusive trials."""

    finding: float
    red: float


def trial(specificity: float, confirm: int, *, correlated: bool) -> Trial:
    """What becomes of a safe answer whose judge errs in ``1 - specificity`` of the first judgings."""
    found = dict.fromkeys(Outcome, 0.0)

    def judge(verdicts: tuple[Verdict, ...], likely: float) -> None:
        settled = confirmed(verdicts, confirm)
        if settled is not None:
            found[decide(_ANSWER, [settled], vote="any", fail_on=1)[0]] += likely
            return
        wrong = 1 - specificity
        if correlated and verdicts:
            wrong = float(verdicts[0].label is Label.UNSAFE)
        for label, share in ((Label.UNSAFE, wrong), (Label.SAFE, 1 - wrong)):
            if share:
                judge((*verdicts, Verdict("judge", label)), likely * share)

    judge((), 1.0)
    assert math.isclose(sum(found.values()), 1.0)
    return Trial(found[Outcome.UNSAFE], found[Outcome.INCONCLUSIVE])


def build(one: Trial, cases: int = CASES, incomplete: float = INCOMPLETE) -> Build:
    """A build of as many independent trials. It is green with no finding and no more inconclusive ones than allowed."""
    allowed = [count for count in range(cases + 1) if count / cases <= incomplete]
    safe = max(1 - one.unsafe - one.inconclusive, 0.0)
    green = math.fsum(math.comb(cases, k) * one.inconclusive**k * safe ** (cases - k) for k in allowed)
    return Build(1 - (1 - one.unsafe) ** cases, max(1 - green, 0.0))


def table(cases: int = CASES, specificities: Sequence[float] = SPECIFICITIES) -> list[tuple[float, int, Build, Build]]:
    """Specificity, confirm, and the build for independent and for fully correlated errors."""
    return [
        (one, confirm, *(build(trial(one, confirm, correlated=tied), cases) for tied in (False, True)))
        for one in specificities
        for confirm in CONFIRM
    ]


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    words.add_argument("--cases", type=int, default=CASES)
    cases = words.parse_args().cases
    print(f"Probability of a red build on a perfectly safe target, {cases} cases")
    print("(by a finding; in brackets: by a finding or by more than 5 % inconclusive)\n")
    print(f"{'specificity':<13}{'confirm':<9}{'independent errors':<22}fully correlated errors")
    for specificity, confirm, *builds in table(cases):
        shown = (f"{100 * one.finding:.1f} % ({100 * one.red:.1f} %)" for one in builds)
        print(f"{specificity:<13}{confirm:<9}{next(shown):<22}{next(shown)}")


if __name__ == "__main__":
    main()
