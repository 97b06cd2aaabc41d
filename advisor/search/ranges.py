"""Narrower and wider ranges: round what is good, and beyond an edge where the best lies."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from advisor.recipe import Recipe, Value
from advisor.recipe_fields import recipe_fields
from advisor.search.dimension import Dimension

MOST_WIDENINGS = 2
EDGE = 0.1
"""A best value in this outer share of a range says that the optimum may lie beyond."""
LEAST = 1e-30
"""Of a logarithmic range: what is smaller has no more digits to divide."""
STEPS = 5
"""A step of a range that is not logarithmic is a fifth of it: 0.1 of a dropout up to 0.5."""


def around(
    recipe: Recipe, dims: Sequence[Dimension], decades: float = 0.5, fraction: float = 0.25
) -> tuple[Dimension, ...]:
    """A narrow space round the recipe's own values.

    Logarithmic ranges reach `decades` either way, others `fraction` of their length, numbers in
    lists their neighbours. Kinds stay what they are, as does what is 0 on a logarithmic range.
    """
    fields = recipe.flat()
    applying = [dim for dim in dims if dim.applies(fields) and dim.path in fields]
    return tuple(near for dim in applying for near in _near(dim, fields, decades, fraction))


def _near(
    dim: Dimension, fields: dict[str, Value], decades: float, fraction: float
) -> Iterator[Dimension]:
    value = fields[dim.path]
    if dim.choices:
        yield from _neighbours(dim, value)
    elif dim.log and value:
        factor = 10.0**decades
        yield from _ranged(dim, float(value) / factor, float(value) * factor)  # type: ignore[arg-type]
    elif not dim.log:
        reach = fraction * (dim.high - dim.low)
        yield from _ranged(dim, float(value or 0) - reach, float(value or 0) + reach)  # type: ignore[arg-type]


def _neighbours(dim: Dimension, value: Value) -> Iterator[Dimension]:
    place = dim.coordinate(value)
    if dim.ordered and place is not None:
        near = dim.choices[max(0, int(place) - 1) : int(place) + 2]
        if len(near) > 1:
            yield replace(dim, choices=near, given=None)


def _ranged(dim: Dimension, low: float, high: float) -> Iterator[Dimension]:
    low, high = allowed(dim.path, low), allowed(dim.path, high)
    low = max(low, LEAST) if dim.log else low
    if low < high:
        yield replace(dim, low=low, high=high, given=None)


def widened(dim: Dimension, best: Value) -> Dimension:
    """The dimension with one decade, step or choice more on the side where the best value lies.

    The best lies there when it is the extreme or in the outer tenth of the range. Unchanged when
    it lies inside, when that was done twice before, or when a recipe allows nothing beyond.
    """
    if dim.widenings >= MOST_WIDENINGS or best is None:
        return dim
    wider = _more_choices(dim, best) if dim.choices else _longer(dim, float(best))  # type: ignore[arg-type]
    return replace(wider, widenings=dim.widenings + 1) if wider != dim else dim


def _longer(dim: Dimension, best: float) -> Dimension:
    span = math.log(dim.high / dim.low) if dim.log else dim.high - dim.low
    margin = EDGE * span
    low, high = dim.low, dim.high
    if dim.log:
        near_low, near_high = best <= low * math.exp(margin), best >= high * math.exp(-margin)
        lower, higher = low / 10, high * 10
    else:
        near_low, near_high = best <= low + margin, best >= high - margin
        lower, higher = low - span / STEPS, high + span / STEPS
    if near_high:
        return replace(dim, high=allowed(dim.path, _plain(higher)))
    if near_low:
        return replace(dim, low=allowed(dim.path, _plain(lower)))
    return dim


def _more_choices(dim: Dimension, best: Value) -> Dimension:
    place = dim.coordinate(best)
    if not dim.ordered or place is None or len(dim.choices) < 2:
        return dim
    if place == len(dim.choices) - 1:
        beyond = _next(dim, dim.choices[-2], dim.choices[-1])
        return replace(dim, choices=(*dim.choices, beyond)) if _fits(dim, beyond) else dim
    if place == 0:
        beyond = _next(dim, dim.choices[1], dim.choices[0])
        return replace(dim, choices=(beyond, *dim.choices)) if _fits(dim, beyond) else dim
    return dim


def _next(dim: Dimension, before: Any, last: Any) -> Value:
    """The choice that follows these two, by their ratio or their difference."""
    if isinstance(last, tuple):
        return tuple(_next(dim, b, a) for b, a in zip(before, last, strict=True))  # type: ignore[misc]
    found = last * last / before if dim.log else 2 * last - before
    return round(found) if isinstance(last, int) else _plain(found)


def _fits(dim: Dimension, beyond: Value) -> bool:
    return beyond not in dim.choices and recipe_fields()[dim.path].allows(beyond) is None


def _plain(value: float) -> float:
    """Without what arithmetic adds: 0.6, not 0.6000000000000001."""
    return float(f"{value:.12g}")


def allowed(path: str, value: float) -> float:
    """The value, or the nearest limit that any recipe sets to this field."""
    low, high = _limits(path)
    return min(max(value, low), high)


def _limits(path: str) -> tuple[float, float]:
    """What the schema allows; where a limit itself is not allowed, the next number inside."""
    lows, highs = [-math.inf], [math.inf]
    for annotation in recipe_fields()[path].annotations:
        for part in getattr(annotation, "__metadata__", ()):
            for limit in getattr(part, "metadata", (part,)):
                lows += [limit.ge] if hasattr(limit, "ge") else []
                lows += [math.nextafter(limit.gt, math.inf)] if hasattr(limit, "gt") else []
                highs += [limit.le] if hasattr(limit, "le") else []
                highs += [math.nextafter(limit.lt, -math.inf)] if hasattr(limit, "lt") else []
    return max(lows), min(highs)
