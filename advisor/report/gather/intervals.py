"""Gains with the intervals that a report shows. Pure."""

from __future__ import annotations

import math

from advisor.estimates import limits, within
from advisor.evidence import Comparison, Z
from advisor.metrics import oriented
from advisor.recipe import Metric
from advisor.report.model import Interval

ALIKE = 1e-4
"""Metrics of one training, computed twice, differ by less."""


def interval(
    metric: Metric, found: Comparison, before: float | None, after: float | None
) -> Interval:
    """A comparison as it is shown beside these two values, within what the gain can be. Where it
    rests on other seeds than they do, nobody knows what was missing there."""
    own = _is_of(metric, found.gain, before, after)
    start = before if own else None
    seen = found.step + Z * _error_of_examples(found)
    alone = bounded(metric, start, found.gain, found.gain - seen, found.gain + seen)
    ends = bounded(metric, start, found.gain, found.low, found.high)
    return Interval(found.gain, *ends, alone, found.seeds, own)


def bounded(
    metric: Metric, before: float | None, gain: float, low: float, high: float
) -> tuple[float, float]:
    """Within what can be gained on `before`; None: on anything."""
    if before is not None:
        return within(metric, before, gain, low, high)
    least, most = limits(metric)
    return max(low, least - most), min(high, most - least)


def _is_of(metric: Metric, gain: float, before: float | None, after: float | None) -> bool:
    """Whether the gain is the difference of these values."""
    if before is None or after is None:
        return True
    off = oriented(metric, after) - oriented(metric, before) - gain
    return not abs(off) > ALIKE * max(1.0, abs(before))


def _error_of_examples(found: Comparison) -> float:
    """Standard error of the gain if the examples were all there is to it."""
    return min(found.error, found.least * math.sqrt(2 / found.seeds))
