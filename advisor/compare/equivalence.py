"""Gate 4's verdict: are two backends' whole trainings equivalent? Pure statistics.

Two one-sided t-tests (TOST; Schuirmann 1987) on the paired differences of one metric, one pair a
seed. Both hypotheses are tested at `ALPHA`: that the true mean difference is within the margin,
and that it is beyond it. Neither need be shown, which is "undecided": few seeds of a noisy training
show nothing, and that is not agreement.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Literal

Outcome = Literal["equivalent", "different", "undecided", "not enough seeds"]

ALPHA = 0.05
LEAST_SEEDS = 3
"""With two pairs the interval is 4.5 deviations wide each way: no margin that means anything."""
MOST_SEEDS = 200


@dataclass(frozen=True)
class Equivalence:
    """What the paired differences (first - second, larger is better) show."""

    outcome: Outcome
    margin: float
    differences: tuple[float, ...]
    """one a seed that both backends finished"""
    mean: float
    deviation: float
    """of the differences between seeds"""
    low: float
    high: float
    """the interval of the mean that both tests look at, 1 - 2 ALPHA"""
    p: float
    """of the equivalence test: the larger of the two one-sided"""
    failed: tuple[int, int] = (0, 0)
    """seeds on which only the first, only the second backend reached no finite result"""


def judge(
    first: Mapping[int, float | None], second: Mapping[int, float | None], margin: float
) -> Equivalence:
    """Compare results by seed; None is a training without a finite result.

    A training that fails on one backend only has no difference, and leaving it out must not make
    the backends look alike: then they are not called equivalent, and they are different where one
    fails on every seed and the other on none.
    """
    both = [seed for seed in first if first[seed] is not None and second[seed] is not None]
    found = tost([_value(first, seed) - _value(second, seed) for seed in both], margin)
    failed = (_only(first, second), _only(second, first))
    outcome = found.outcome
    if len(first) >= LEAST_SEEDS and max(failed) == len(first):
        outcome = "different"
    elif any(failed) and outcome == "equivalent":
        outcome = "undecided"
    return Equivalence(**{**vars(found), "outcome": outcome, "failed": failed})


def tost(differences: Sequence[float], margin: float) -> Equivalence:
    """The verdict on paired differences; `margin` must be positive."""
    if margin <= 0:
        raise ValueError(f"the margin of an equivalence test must be positive; found {margin}")
    count = len(differences)
    mean = math.fsum(differences) / count if count else math.nan
    if count < LEAST_SEEDS:
        unknown: dict[str, Any] = dict.fromkeys(("deviation", "low", "high", "p"), math.nan)
        return Equivalence("not enough seeds", margin, tuple(differences), mean, **unknown)
    deviation = math.sqrt(math.fsum((d - mean) ** 2 for d in differences) / (count - 1))
    half = _quantile(count) * deviation / math.sqrt(count)
    p = _p(margin - abs(mean), deviation / math.sqrt(count), count)
    outcome: Outcome = "equivalent" if p < ALPHA else "different" if p > 1 - ALPHA else "undecided"
    return Equivalence(
        outcome, margin, tuple(differences), mean, deviation, mean - half, mean + half, p
    )


def seeds_to_decide(found: Equivalence) -> int | None:
    """How many seeds would decide if mean and deviation stayed as they are; None: beyond
    MOST_SEEDS, or nothing is known."""
    gap = abs(found.margin - abs(found.mean))
    for count in range(LEAST_SEEDS, MOST_SEEDS + 1):
        if _quantile(count) * found.deviation / math.sqrt(count) < gap:
            return count
    return None


def _p(gap: float, error: float, count: int) -> float:
    """The chance of a mean at least `gap` inside the margin if the truth is on the margin."""
    if error == 0:
        return 0.0 if gap > 0 else 1.0
    return float(_special().stdtr(count - 1, -gap / error))


def _quantile(count: int) -> float:
    return float(_special().stdtrit(count - 1, 1 - ALPHA))


def _special() -> Any:
    """Student's t: `stdtr` and its inverse. Imported late, since it takes a while."""
    return import_module("scipy.special")


def _value(results: Mapping[int, float | None], seed: int) -> float:
    value = results[seed]
    assert value is not None
    return value


def _only(ours: Mapping[int, float | None], theirs: Mapping[int, float | None]) -> int:
    return sum(ours[seed] is None and theirs[seed] is not None for seed in ours)
