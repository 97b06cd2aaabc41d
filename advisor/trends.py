"""Whether a noisy series moves: two tests that facts and symptoms share."""

from __future__ import annotations

import math

import numpy as np

from advisor.architecture import Floats

BLOCKS = 12
MOST_POINTS = 200


def finite_median(values: Floats) -> float | None:
    finite = values[np.isfinite(values)]
    return float(np.median(finite)) if len(finite) else None


def log_slope(values: Floats, span: float) -> tuple[float, float] | None:
    """Least-squares slope of ln(values) per 1.0, where the series spans `span`, and its t.

    Fitted to 12 means of blocks, whose errors are near enough independent. None under 24
    values, or when one of them is not finite and positive.
    """
    if len(values) < 2 * BLOCKS or not np.isfinite(values).all() or values.min() <= 0:
        return None
    blocks = np.log([part.mean() for part in np.array_split(values, BLOCKS)])
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
        finite = np.array([part.mean() for part in np.array_split(finite, MOST_POINTS)])
    n = len(finite)
    if n < 4:
        return None
    signs = np.sign(finite[None, :] - finite[:, None])[np.triu_indices(n, 1)].sum()
    deviation = math.sqrt(n * (n - 1) * (2 * n + 5) / 18)
    z = (signs + np.sign(-signs)) / deviation
    return 0.5 * math.erfc(-z / math.sqrt(2))
