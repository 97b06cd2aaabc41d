"""One hyperparameter of a search: where it may lie, and how that is written as a number."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from advisor.recipe import Value

Condition: TypeAlias = tuple[str, tuple[Value, ...]]

DIGITS = 3
"""Significant digits of what is proposed: more would say nothing and read badly."""


@dataclass(frozen=True)
class Dimension:
    """A range from `low` to `high`, both included, or a list of `choices`.

    Choices that are numbers, or lists of numbers such as layers' widths, are in ascending order and
    stand for positions between which there is a nearest; others, such as kinds, have no order.
    """

    path: str
    low: float = 0.0
    high: float = 0.0
    log: bool = False
    """evenly in the logarithm; for choices: each is a multiple of the one before"""
    integer: bool = False
    choices: tuple[Value, ...] = ()
    given: Condition | None = None
    """only where the field at this path has one of these values; None: always"""
    widenings: int = 0
    """how often `advisor.search.widened` has extended it"""

    @property
    def name(self) -> str:
        """The path, and the condition: the rate of SGD is not the rate of Adam."""
        if self.given is None:
            return self.path
        return f"{self.path} [{', '.join(map(str, self.given[1]))}]"

    @property
    def ordered(self) -> bool:
        return all(size(choice) is not None for choice in self.choices)

    def applies(self, values: Mapping[str, Any]) -> bool:
        """Whether the condition holds of a recipe with these fields."""
        return self.given is None or values.get(self.given[0]) in self.given[1]

    def at(self, share: float) -> Value:
        """The value that lies this share of the way, from 0 (included) to 1 (left out)."""
        if self.choices:
            return self.choices[int(share * len(self.choices))]
        if self.log:
            exponent = _between(math.log(self.low), math.log(self.high), share)
            return self.value(math.exp(exponent))
        half = 0.5 if self.integer else 0.0  # as much room for the first and last whole number
        return self.value(_between(self.low - half, self.high + half, share))

    def value(self, coordinate: float) -> Value:
        """What stands in the recipe at this coordinate: a place among the choices, or the value."""
        if self.choices:
            return self.choices[int(coordinate)]
        if self.integer:
            return int(min(max(round(coordinate), self.low), self.high))
        return min(max(float(f"{coordinate:.{DIGITS}g}"), self.low), self.high)

    def coordinate(self, value: Value) -> float | None:
        """The nearest coordinate to this value; None for a kind that is not among the choices."""
        if not self.choices:
            return min(max(size(value) or 0.0, self.low), self.high)
        if self.ordered:
            return min(range(len(self.choices)), key=lambda place: self._off(place, value))
        return self.choices.index(value) if value in self.choices else None

    def holds(self, value: Value) -> bool:
        """Whether this value is in the range or among the choices. Nothing at all (0) counts as
        the low end of a logarithmic range, which has no 0."""
        if self.choices:
            return value in self.choices
        here = size(value) or 0.0
        return self.low <= here <= self.high or (self.log and here == 0)

    def _off(self, place: int, value: Value) -> float:
        ours, theirs = size(self.choices[place]) or 0.0, size(value) or 0.0
        if self.log and ours > 0 and theirs > 0:
            return abs(math.log(ours / theirs))
        return abs(ours - theirs)


def _between(low: float, high: float, share: float) -> float:
    return low + (high - low) * share


def size(value: Value) -> float | None:
    """A number, or the sum of a list of numbers; None for anything else."""
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return None
    if isinstance(value, tuple):
        sizes = [size(inner) for inner in value]
        return math.fsum(each for each in sizes if each is not None) if all(sizes) else None
    return float(value)
