"""Whether a noisy series moves: two tests that facts and symptoms share."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from advisor.architecture import Floats

BLOCKS = 12
MOST_POINTS = 200
ENOUGH = 100_000
"""Values from which a quantile is as good as from all of them."""


def finite_median(values: Floats) -> float | None:
    finite = values[np.isfinite(values)]
    return median(finite) if len(finite) else None


def median(values: Floats) -> float:
    """`numpy.median` of at least one value, to the bit, in a fraction of the time for a few."""
    half, odd = divmod(len(values), 2)
    middle = (half, -1) if odd else (half - 1, half, -1)  # NaN is sorted to the end
    parted = np.partition(values, middle)
    if parted[-1] != parted[-1]:
        return math.nan
    found = parted[half] if odd else (parted[half - 1] + parted[half]) / 2
    return float(found) + 0.0  # never -0.0


def running_median(values: Floats, width: Literal[3, 5]) -> Floats:
    """(n - width + 1,) medians of 3 or 5 finite neighbours."""
    shifted = [values[i : len(values) - width + 1 + i] for i in range(width)]
    if width == 5:  # neither the lowest nor the highest of four is the median of five
        a, b, c, d, last = shifted
        low = np.maximum(np.minimum(a, b), np.minimum(c, d))
        shifted = [low, np.minimum(np.maximum(a, b), np.maximum(c, d)), last]
    one, two, three = shifted
    return np.asarray(np.maximum(np.minimum(one, two), np.minimum(np.maximum(one, two), three)))


def block_means(values: Floats, blocks: int) -> Floats:
    """(blocks,) means of neighbours, in parts that differ by one value at most."""
    edges = np.arange(blocks + 1) * len(values) // blocks
    return np.asarray(np.add.reduceat(values, edges[:-1]) / np.diff(edges))


def thinned(values: Floats) -> Floats:
    """Every k-th of the values, of which at least ENOUGH are left, for quantiles."""
    return values[:: max(1, len(values) // ENOUGH)]


def deviation(values: Floats) -> float:
    """1.4826 times the median absolute deviation: that of normal noise, whatever the outliers;
    NaN of nothing."""
    if not len(values):
        return math.nan
    return 1.4826 * median(np.abs(values - median(values)))


def jitter(values: Floats) -> float | None:
    """Deviation of a series around its course, from first differences; None under 4 values."""
    if len(values) < 4:
        return None
    return deviation(np.diff(values)) / math.sqrt(2)


def scatter(values: Floats) -> float | None:
    """Deviation of a series around its straight line; None under 4 values."""
    if len(values) < 4:
        return None
    x = np.arange(len(values)) - (len(values) - 1) / 2
    rest = values - values.mean() - x * float(x @ values) / float(x @ x)
    return math.sqrt(float(rest @ rest) / (len(values) - 2))


def held(checks: Sequence[bool], least: int = 2, of: int = 3) -> bool:
    """Whether at least `least` of the last `of` checks hold, so that one alone decides nothing."""
    return sum(checks[-of:]) >= least


def log_slope(values: Floats, span: float) -> tuple[float, float] | None:
    """Least-squares slope of ln(values) per 1.0, where the series spans `span`, and its t.

    Fitted to 12 means of blocks, whose errors are near enough independent. None under 24
    values, or when one of them is not finite and positive.
    """
    if len(values) < 2 * BLOCKS or not (values.min() > 0 and values.max() < math.inf):  # or NaN
        return None
    blocks = np.log(block_means(values, BLOCKS))
    x = (np.arange(BLOCKS) - (BLOCKS - 1) / 2) * span / BLOCKS
    slope = float(x @ blocks / (x @ x))
    rest = blocks - blocks.mean() - slope * x
    error = math.sqrt(float(rest @ rest) / (BLOCKS - 2) / float(x @ x))
    return slope, slope / max(error, 1e-12)


def falling(values: Floats) -> float | None:
    """One-sided p-value of the Mann-Kendall test that `values` fall; None under 4 values.

    Long series are thinned to 200 means first: the test is quadratic and assumes independence.
    """
    finite = values[np.isfinite(values)]
    if len(finite) > MOST_POINTS:
        finite = block_means(finite, MOST_POINTS)
    n = len(finite)
    if n < 4:
        return None
    one, other, later = finite[:, None], finite[None, :], _later(n)
    signs = np.count_nonzero((other > one) & later) - np.count_nonzero((other < one) & later)
    deviation = math.sqrt(n * (n - 1) * (2 * n + 5) / 18)
    z = (signs + np.sign(-signs)) / deviation
    return 0.5 * math.erfc(-z / math.sqrt(2))


@lru_cache(maxsize=32)
def _later(n: int) -> NDArray[np.bool_]:
    """(n, n) whether the second of a pair comes after the first."""
    return np.triu(np.ones((n, n), bool), 1)
