"""The scale of one axis: values to places, and ticks at round values."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

SMALLEST = 1e-300
STEPS = (1, 2, 2.5, 5, 10)


@dataclass(frozen=True)
class Axis:
    """Values from `low` to `high`; on a log axis both are decimal exponents."""

    low: float
    high: float
    log: bool = False

    @classmethod
    def around(cls, values: Iterable[float], log: bool = False) -> Axis | None:
        """The axis that holds all values that can be drawn; None where there are none."""
        places = [place(value, log) for value in values]
        finite = [found for found in places if found is not None]
        if not finite:
            return None
        low, high = min(finite), max(finite)
        if high - low < SMALLEST:
            pad = 0.5 if log or abs(low) < SMALLEST * 1e9 else abs(low) * 0.05
            return cls(low - pad, high + pad, log)
        return cls(low, high, log)

    def share(self, value: float) -> float | None:
        """Where a value lies, from 0 to 1 (outside, where it lies outside); None: nowhere."""
        found = place(value, self.log)
        return None if found is None else (found - self.low) / (self.high - self.low)

    def ticks(self, most: int, whole: bool = False) -> list[float]:
        """At most `most` round values within the axis, in their own units; `whole`: no fractions
        where the axis is long enough for that."""
        if self.log:
            return self._powers(most)
        least = (self.high - self.low) / max(1, most)
        steps = (1, 2, 5, 10) if whole else STEPS
        step = round_step(max(1.0, least) if whole and self.high - self.low >= 2 else least, steps)
        first = math.ceil(self.low / step - 1e-9)
        last = math.floor(self.high / step + 1e-9)
        return [n * step for n in range(first, last + 1)][:most]

    def _powers(self, most: int) -> list[float]:
        first, last = math.ceil(self.low - 1e-9), math.floor(self.high + 1e-9)
        powers = range(first, last + 1)
        if len(powers) >= 2:
            return [10.0**n for n in powers[:: -(-len(powers) // max(1, most))]]
        linear = Axis(10.0**self.low, 10.0**self.high)
        return [value for value in linear.ticks(most) if value > 0]


def place(value: float, log: bool) -> float | None:
    """The value, or its exponent; None for what such an axis cannot show."""
    if not math.isfinite(value) or (log and value < SMALLEST):
        return None
    return math.log10(value) if log else value


def round_step(least: float, steps: Sequence[float] = STEPS) -> float:
    """The smallest of `steps` (times a power of ten) that is not below `least`."""
    power = 10.0 ** math.floor(math.log10(max(least, SMALLEST)))
    return next(step * power for step in steps if step * power >= least * (1 - 1e-9))


def label(value: float) -> str:
    """A tick in at most 7 characters."""
    if value and not 1e-3 <= abs(value) < 1e5:
        mantissa, exponent = f"{value:.1e}".split("e")
        return f"{mantissa.removesuffix('.0')}e{int(exponent)}"
    return f"{value:.0f}" if abs(value) >= 1e4 else f"{value:.4g}"
