"""What a metric can be at most and at least: an interval around an estimate may reach beyond."""

from __future__ import annotations

import math

SHARES = ("accuracy", "balanced_accuracy", "f1", "roc_auc")


def gain(metric: str, value: float | None) -> float | None:
    """An end of an interval of gains, within what a gain of this metric can be."""
    if value is None or metric not in SHARES:
        return value
    return max(-1.0, min(1.0, value))


def metric_value(metric: str, value: float | None) -> float | None:
    """An end of an interval of the metric itself, within what the metric can be."""
    if value is None:
        return None
    least = 0.0 if metric in SHARES else -math.inf
    most = 1.0 if metric in (*SHARES, "r2") else math.inf
    return max(least, min(most, value))
