"""Ways to sample a space: ask for a change to a recipe, tell what it came to, ask again."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import Literal, get_args

import numpy as np

from advisor.recipe import Recipe, Value
from advisor.search import tpe
from advisor.search.dimension import Dimension
from advisor.search.repair import Change, repaired
from advisor.search.told import Told

Kind = Literal["random", "qmc", "grid", "tpe"]
KINDS: tuple[Kind, ...] = get_args(Kind)
"""random: independent; qmc: a scrambled Sobol sequence; grid: every combination, in random order;
tpe: the tree-structured Parzen estimator of Optuna, which learns from what it is told."""

MOST_GRID_DIMENSIONS = 2
"""More would spend most of a grid on values that matter little."""
GRID_LEVELS = 5


@dataclass
class Search:
    """Searches `dims` round `start`. Nothing is stored: a search that was told the same, and asked
    as often, asks for the same, which is how an interrupted one is taken up.

    Raises ValueError for a grid of more than two dimensions.
    """

    dims: Sequence[Dimension]
    kind: Kind
    seed: int
    start: Recipe
    _told: list[Told] = field(default_factory=list)
    _asked: int = 0
    _start_known: bool = False

    def __post_init__(self) -> None:
        if self.kind == "grid" and len(self.dims) > MOST_GRID_DIMENSIONS:
            raise ValueError(
                f"a grid has at most {MOST_GRID_DIMENSIONS} dimensions; found {len(self.dims)}"
            )

    def ask(self) -> Change | None:
        """A change to the starting recipe, which gives a valid one; {} is the start itself, and
        comes first unless it was told. None: there is nothing left to try."""
        if not self._start_known:
            self._start_known = True
            return {}
        values = self._values() if self.dims else None
        self._asked += 1
        return None if values is None else repaired(self.start, values)

    def tell(self, change: Change, value: float | None, pruned_after: float | None = None) -> None:
        """What a change came to: a value that is better when larger; None when it is infeasible
        (diverged, failed, does not fit), which is not the same as poor.

        `pruned_after`: the epoch at which it was given up, `value` what it had reached by then.
        """
        recipe = self.start.changed(change)
        self._start_known |= recipe == self.start
        self._told.append(Told(recipe, value, pruned_after))

    def known(self, change: Change, value: float | None) -> None:
        """A trial that this search did not ask for."""
        self.tell(change, value)

    def _values(self) -> Change | None:
        if self.kind == "tpe":
            return tpe.suggest(self.dims, self.start, self._told, _seed(self.seed, self._asked))
        if self.kind == "grid":
            return self._grid()
        return _chosen(self.dims, self.start, self._shares())

    def _shares(self) -> Sequence[float]:
        """How far along each dimension, from 0 to 1."""
        if self.kind == "random":
            return list(np.random.default_rng([self.seed, self._asked]).random(len(self.dims)))
        qmc = import_module("scipy.stats.qmc")  # late, for its import time; it has no type hints

        points = qmc.Sobol(len(self.dims), scramble=True, seed=self.seed)
        if self._asked:
            points.fast_forward(self._asked)
        return list(points.random(1)[0])

    def _grid(self) -> Change | None:
        levels = [_levels(dim) for dim in self.dims]
        points = [_chosen(self.dims, self.start, shares) for shares in itertools.product(*levels)]
        distinct = {repr(sorted(point.items())): point for point in points}
        order = np.random.default_rng(self.seed).permutation(len(distinct))
        if self._asked >= len(distinct):
            return None
        return list(distinct.values())[int(order[self._asked])]


def _levels(dim: Dimension) -> list[float]:
    """Shares at which a grid looks: each choice, or values from end to end."""
    if dim.choices:
        return [(place + 0.5) / len(dim.choices) for place in range(len(dim.choices))]
    return [place / (GRID_LEVELS - 1) for place in range(GRID_LEVELS)]


def _chosen(dims: Sequence[Dimension], start: Recipe, shares: Sequence[float]) -> Change:
    """The values at these shares, of the dimensions that apply given those before them."""
    fields: dict[str, Value] = start.flat()
    values: Change = {}
    for dim, share in zip(dims, shares, strict=True):
        if dim.applies(fields | values):
            values[dim.path] = dim.at(share)
    return values


def _seed(seed: int, number: int) -> int:
    """A seed of its own for each question, whatever those before it drew."""
    return int(np.random.SeedSequence([seed, number]).generate_state(1)[0])
