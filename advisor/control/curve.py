"""The best validation metric so far against epochs spent: one definition for every search.

Points are (epochs spent, value), one wherever the best gets better; in between the value holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

from advisor.metrics import oriented
from advisor.recipe import Metric

Points: TypeAlias = tuple[tuple[float, float], ...]

ROUNDING = 1e-9


def best_so_far(points: Iterable[tuple[float, float]], metric: Metric) -> Points:
    """Those points, in order of epochs, that are better than all before them."""
    found: list[tuple[float, float]] = []
    for spent, value in sorted(points, key=lambda point: point[0]):
        if not found or oriented(metric, value) > oriented(metric, found[-1][1]):
            found.append((spent, value))
    return tuple(found)


def value_at(curve: Sequence[tuple[float, float]], spent: float) -> float | None:
    """The best value once so many epochs were spent; None before the first."""
    before = [value for epochs, value in curve if epochs <= spent + ROUNDING]
    return before[-1] if before else None


def reached(curve: Sequence[tuple[float, float]], value: float, metric: Metric) -> float | None:
    """Epochs after which the curve was as good as this value; None where it never was."""
    wanted = oriented(metric, value)
    return next((spent for spent, got in curve if oriented(metric, got) >= wanted), None)
