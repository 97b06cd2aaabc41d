"""A ratio of two means with an honest interval (Fieller 1954)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from importlib import import_module

import numpy as np

from advisor.architecture import Floats

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Ratio:
    """None for what the figures leave open: a bound that may be anything, or a ratio whose
    denominator is not above zero."""

    value: float | None
    low: float | None
    high: float | None


def ratio_of_means(over: Floats, under: Floats) -> Ratio:
    """mean(over) / mean(under) of a positive ratio, from paired, independent figures.

    The interval holds every ratio r for which mean(over - r * under) may be 0 by a t-test. It has
    no upper end where the denominator may be 0.
    """
    n = len(over)
    spread = np.cov(over, under) / n
    x, y = float(np.mean(over)), float(np.mean(under))
    quantile = import_module("scipy.special").stdtrit  # late, for its import time
    t2 = float(quantile(n - 1, (1 + CONFIDENCE) / 2)) ** 2
    square = y * y - t2 * float(spread[1, 1])
    middle = x * y - t2 * float(spread[0, 1])
    rest = x * x - t2 * float(spread[0, 0])
    value = x / y if x > 0 and y > 0 else None
    inner = middle * middle - square * rest
    if inner < 0 or square == 0:
        return Ratio(value, None, None)
    root = math.sqrt(inner)
    if square > 0:
        return Ratio(value, max(0.0, (middle - root) / square), (middle + root) / square)
    low = max((middle - root) / square, (middle + root) / square)
    return Ratio(value, max(0.0, low), None)
