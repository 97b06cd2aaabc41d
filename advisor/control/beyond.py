"""What a session changed that the searches of a control do not vary. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

from pydantic import ValidationError

from advisor.recipe import Recipe
from advisor.search import Dimension
from advisor.search.repair import repaired
from advisor.state import LOCKS

Beyond: TypeAlias = dict[str, list[Any]]
"""field -> [at the start, now]; None where there is no such field"""


def beyond(start: Recipe, best: Recipe, dims: Sequence[Dimension]) -> Beyond:
    """The fields in which `best` differs from all that a search over `dims` could have made of
    `start`."""
    before, after = start.flat(), best.flat()
    inside = {dim.path: after[dim.path] for dim in dims if _holds(dim, before, after)}
    made = _made(start, inside)
    return {
        path: [before.get(path), value]
        for path, value in after.items()
        if path != LOCKS and before.get(path) != value != made.get(path)
    }


def _holds(dim: Dimension, before: dict[str, Any], after: dict[str, Any]) -> bool:
    """Whether the field was moved within what is searched."""
    value = after.get(dim.path)
    moved = dim.path in after and before.get(dim.path) != value
    return moved and dim.applies(after) and dim.holds(value)


def _made(start: Recipe, change: dict[str, Any]) -> dict[str, Any]:
    """The fields of the recipe that a search makes of this change."""
    try:
        return start.changed(repaired(start, change)).flat()
    except (ValidationError, KeyError):  # it is whole only with what was not searched
        return {**start.flat(), **change}
