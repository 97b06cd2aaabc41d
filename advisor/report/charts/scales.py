"""From values to places on an axis, and where an axis has its ticks."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

LARGEST, SMALLEST = 1e30, 1e-30
"""Larger values are as good as infinite, and smaller ones as good as zero."""
LOG_PAYS = 30.0
"""Positive values that span such a ratio are shown by their order of magnitude."""
SPREADS = 8.0
"""Values farther out than so many times the width of the middle 80 % are cut off."""
ENOUGH = 12
"""From so many values on there is a middle to speak of."""


@dataclass(frozen=True)
class Scale:
    """A linear or logarithmic axis from `low` to `high`, drawn from `start` to `end`."""

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def __call__(self, value: float) -> float:
        """The place of a value; what lies outside is put at the edge."""
        low, high = self._of(self.low), self._of(self.high)
        at = self._of(min(max(value, self.low), self.high))
        share = (at - low) / (high - low) if high > low else 0.5
        return self.start + share * (self.end - self.start)

    def ticks(self, most: int = 5) -> tuple[float, ...]:
        """Round values within the axis, at most about `most`."""
        if self.log:
            return _powers(self.low, self.high, most)
        return _round_values(self.low, self.high, most)

    def _of(self, value: float) -> float:
        return math.log10(value) if self.log else value


def is_drawable(value: float | None) -> bool:
    return value is not None and math.isfinite(value) and abs(value) < LARGEST


def drawable(values: Iterable[float | None]) -> list[float]:
    return [value for value in values if value is not None and is_drawable(value)]


def fitting(
    values: Iterable[float | None], start: float, end: float, log: bool | None = None
) -> Scale:
    """An axis on which these values can be seen; `log` None: where it pays.

    A few values far from all others would flatten the rest: they are put at the edge.
    """
    seen = sorted(drawable(values))
    if not seen:
        return Scale(0.0, 1.0, start, end)
    pays = log or (log is None and seen[-1] / LOG_PAYS >= seen[0])
    log = pays and seen[0] > SMALLEST
    low, high = (seen[0], seen[-1]) if log else _middle(seen)
    return Scale(*_with_room(low, high, log), start, end, log)


def whole(values: Sequence[float], start: float, end: float, log: bool = False) -> Scale:
    """An axis from the first of these values to the last, without air around; a linear one of
    positive values begins at 0."""
    seen = drawable(values)
    if not seen or (log and min(seen) <= SMALLEST):
        return fitting(values, start, end, log=False)
    low, high = min(seen), max(seen)
    low = min(low, 0.0) if not log else low
    if high <= low:
        return fitting(values, start, end, log=log)
    return Scale(low, high, start, end, log)


def _middle(seen: Sequence[float]) -> tuple[float, float]:
    if len(seen) < ENOUGH:
        return seen[0], seen[-1]
    low, high = seen[len(seen) // 10], seen[-1 - len(seen) // 10]
    reach = SPREADS * (high - low)
    if reach <= 0:
        return seen[0], seen[-1]
    return max(seen[0], low - reach), min(seen[-1], high + reach)


def _with_room(low: float, high: float, log: bool) -> tuple[float, float]:
    """A little air around, so that nothing is drawn onto the frame."""
    if log:
        spare = (high / low) ** 0.06 if high > low else 2.0
        return low / spare, high * spare
    spare = 0.06 * (high - low) or 0.1 * abs(high) or 0.5
    return low - spare, high + spare


def _round_values(low: float, high: float, most: int) -> tuple[float, ...]:
    width = high - low
    if width < SMALLEST:
        return (low,)
    raw = width / max(most, 1)
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * each for each in (1, 2, 2.5, 5, 10) if power * each >= raw * (1 - 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return tuple(float(f"{step * place:.12g}") for place in range(first, last + 1))


def _powers(low: float, high: float, most: int) -> tuple[float, ...]:
    """Powers of ten; between them 2 and 5 where there are few, and every second where many."""
    first, last = math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9)
    if last - first < 1:
        inner = [m * 10.0**p for p in range(first - 1, last + 1) for m in (1, 2, 5)]
        return tuple(value for value in inner if low <= value <= high) or (low, high)
    stride = math.ceil((last - first + 1) / most)
    return tuple(10.0**power for power in range(first, last + 1, stride))
