"""Two models compared example by example: counts, McNemar's test, the bootstrap. Pure."""

from __future__ import annotations

import numpy as np
from scipy.special import bdtr

from advisor.architecture import Floats

RESAMPLES = 2000
MOST_RESAMPLED = 5000
"""With more examples the mean of gains is normal to all intents, and resampling tells nothing."""
TAIL = 0.017
"""Share of resamples left out at each end: as much as 2.12 standard errors leave out."""


def discordant(gains: Floats) -> tuple[int, int]:
    """How many of the examples the first model does better, and how many worse.

    `gains`: (seeds, n); an example counts by its mean over seeds.
    """
    means = gains.mean(axis=0)
    return int(np.sum(means > 0)), int(np.sum(means < 0))


def mcnemar(better: int, worse: int) -> float:
    """Chance of counts at least as uneven if neither model were better: exact, two-sided
    (McNemar 1947; a sign test where examples count by more than right or wrong)."""
    n = better + worse
    return min(1.0, 2.0 * float(bdtr(min(better, worse), n, 0.5))) if n else 1.0


def bootstrap(gains: Floats) -> tuple[float, float] | None:
    """Percentile interval of the mean gain over resampled examples; None where there are so many
    that it tells nothing. Catches what a standard error does not: a gain that rests on a few
    examples. `gains`: (n,)."""
    n = len(gains)
    if n > MOST_RESAMPLED or n < 2:
        return None
    rows = np.random.default_rng(0).integers(n, size=(RESAMPLES, n), dtype=np.int32)
    low, high = np.quantile(gains[rows].mean(axis=1), [TAIL, 1 - TAIL])
    return float(low), float(high)
