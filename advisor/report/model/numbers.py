"""Numbers with what they lie between, and series."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

Points: TypeAlias = tuple[tuple[float, float], ...]
"""(x, y) each; values that are not finite are gaps"""


@dataclass(frozen=True)
class Interval:
    """A gain, larger is better, and between what it lies."""

    value: float
    low: float
    high: float
    examples: tuple[float, float] | None = None
    """between what it would lie if seeds made no difference"""
    seeds: int = 1
    own: bool = True
    """whether it is of the two values that it is shown beside; else of repeats"""


@dataclass(frozen=True)
class Estimate:
    """A metric with its 95 % interval over the examples it was measured on."""

    value: float
    low: float | None = None
    high: float | None = None
    loss: float | None = None
    trial: int | None = None
    """the trial it comes from"""
