"""What a search was told of one trial."""

from __future__ import annotations

from dataclasses import dataclass

from advisor.recipe import Recipe


@dataclass(frozen=True)
class Told:
    """A recipe and what it came to."""

    recipe: Recipe
    value: float | None
    """larger is better; None: infeasible"""
    pruned_after: float | None = None
    """epochs after which it was given up; None: it ran to its end"""
