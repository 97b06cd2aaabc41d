"""Single settings moved by one step from where a recipe has them. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from advisor.recipe import Recipe, Value
from advisor.search.dimension import DIGITS, Dimension
from advisor.search.ranges import STEPS, allowed
from advisor.search.repair import Change, repaired

FACTOR = 10**0.5
"""Half a decade, of a range that is searched in its logarithm."""
STEP_DIGITS = 2
"""Significant digits of a step along such a range: two steps make a decade, and one back leads to
where it came from."""
USUAL: dict[tuple[str, Value], tuple[float, ...]] = {
    ("optimizer.lr", "sgd"): (0.03, 0.15),
    ("optimizer.lr", "adamw"): (1e-3, 5e-3),
}
"""Where a setting may begin under another kind; otherwise in the middle of its range there. SGD's
rates are with momentum 0.9; the second is for few steps."""


TOGETHER = {"train.accumulation": "train.batch_size", "model.feedforward": "model.units"}
"""What moves only with another setting."""


@dataclass(frozen=True)
class Step:
    """One setting, moved once."""

    path: str
    towards: str
    """up, down, or the kind that it becomes, numbered where it begins in several ways"""
    change: Change
    """to the recipe that it was made for, with what it entails"""

    @property
    def mark(self) -> tuple[str, str]:
        """Names the step whatever recipe it is taken from."""
        return self.path, self.towards


def steps(recipe: Recipe, dims: Sequence[Dimension]) -> list[Step]:
    """All steps from the recipe's own values, in the order of `dims`: half a decade of a
    logarithmic range, a fifth of another, the next of ordered choices, any other of kinds. What is
    0 on a logarithmic range goes to the middle of it."""
    fields = recipe.flat()
    found = [
        Step(dim.path, towards, repaired(recipe, values))
        for dim in dims
        if dim.applies(fields)
        for towards, values in _moves(dim, fields.get(dim.path), recipe, dims)
    ]
    return [step for step in found if recipe.changed(step.change) != recipe]


def fewer(change: Change, seed: int, most: int = 3) -> Change:
    """Some of the settings that a change moves, at most so many, drawn evenly; what belongs to an
    optimiser or a schedule stays together."""
    groups: dict[str, Change] = {}
    for path, value in change.items():
        groups.setdefault(_group(path, change), {})[path] = value
    random = np.random.default_rng(seed)
    count = min(len(groups), int(random.integers(1, most + 1)))
    drawn = sorted(random.choice(len(groups), size=count, replace=False))
    kept = list(groups.values())
    return {path: value for place in drawn for path, value in kept[place].items()}


def _group(path: str, change: Change) -> str:
    """What must be moved together: kinds with what means something else under them."""
    decays = path in ("regularization.weight_decay", "regularization.l2")
    if "optimizer.kind" in change and (path.startswith("optimizer.") or decays):
        return "optimizer.kind"
    if "schedule.kind" in change and path.startswith("schedule."):
        return "schedule.kind"
    return TOGETHER.get(path, path)


def _moves(
    dim: Dimension, value: Value, recipe: Recipe, dims: Sequence[Dimension]
) -> Iterator[tuple[str, Change]]:
    if dim.choices and not dim.ordered:
        for kind in dim.choices:
            if kind != value:
                for way, brought in enumerate(_brought(dim, kind, recipe, dims)):
                    name = f"{kind} ({way + 1})" if way else str(kind)
                    yield name, {dim.path: kind, **brought}
    elif dim.choices:
        yield from _neighbours(dim, value)
    else:
        yield from _ranged(dim, float(value or 0))  # type: ignore[arg-type]


def _brought(
    dim: Dimension, kind: Value, recipe: Recipe, dims: Sequence[Dimension]
) -> Iterator[Change]:
    """What comes with a kind: settings that mean something else under it; several times where one
    of them may begin in several places."""
    fields: dict[str, Any] = recipe.flat()
    after = {**fields, dim.path: kind}
    new = [
        other
        for other in dims
        if other.given is not None
        and other.given[0] == dim.path
        and other.applies(after)
        and not other.applies(fields)
        and not other.choices
    ]
    starts = [USUAL.get((one.path, kind), (one.value(_middle(one)),)) for one in new]
    for way in range(max(map(len, starts), default=1)):
        yield {one.path: at[min(way, len(at) - 1)] for one, at in zip(new, starts, strict=True)}


def _neighbours(dim: Dimension, value: Value) -> Iterator[tuple[str, Change]]:
    place = dim.coordinate(value)
    if place is None:
        return
    if place > 0:
        yield "down", {dim.path: dim.choices[int(place) - 1]}
    if place + 1 < len(dim.choices):
        yield "up", {dim.path: dim.choices[int(place) + 1]}


def _ranged(dim: Dimension, value: float) -> Iterator[tuple[str, Change]]:
    if dim.log and value <= 0:
        yield "up", {dim.path: dim.value(_middle(dim))}
        return
    step = (dim.high - dim.low) / STEPS
    for towards, moved in (
        ("down", value / FACTOR if dim.log else value - step),
        ("up", value * FACTOR if dim.log else value + step),
    ):
        digits = STEP_DIGITS if dim.log else DIGITS
        if dim.low <= value <= dim.high:
            moved = min(max(moved, dim.low), dim.high)
        yield towards, {dim.path: allowed(dim.path, float(f"{moved:.{digits}g}"))}


def _middle(dim: Dimension) -> float:
    return math.sqrt(dim.low * dim.high) if dim.log else (dim.low + dim.high) / 2
