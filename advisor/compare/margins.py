"""The scale on which a metric is compared, and the margin within which it does not matter.

The margin is fixed before anything is trained: one taken from the spread of these very trainings
would widen with their noise, and the test would no longer hold its error rate.
"""

from __future__ import annotations

import math

from advisor.metrics import oriented
from advisor.recipe import LOWER_IS_BETTER, Metric

SHARE = 0.01
"""The default margin: this share of the metric's scale."""
LOGARITHMIC: frozenset[Metric] = frozenset({"perplexity"})
"""Compared by their logarithm, since they have no scale but multiply."""
ERRORS: frozenset[Metric] = LOWER_IS_BETTER - LOGARITHMIC


def comparable(metric: Metric, value: float | None) -> float | None:
    """The value as it is compared: larger is better; None where it is not finite."""
    if value is None or not math.isfinite(value):
        return None
    return oriented(metric, math.log(value) if metric in LOGARITHMIC else value)


def default_margin(metric: Metric, chance: float) -> float:
    """0.01 for shares, correlations and r2; 0.01 of chance's error for rmse and mae; 0.01 of the
    logarithm, a hundredth of the value, for perplexity. `chance` is chance's metric."""
    return SHARE * chance if metric in ERRORS and chance > 0 else SHARE


def scale_name(metric: Metric) -> str:
    """How the compared quantity is called."""
    return f"log {metric}" if metric in LOGARITHMIC else metric
