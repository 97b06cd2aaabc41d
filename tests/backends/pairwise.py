"""A few combinations in which every pair of choices occurs."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

Combination: TypeAlias = dict[str, str]
Pair: TypeAlias = tuple[tuple[str, str], tuple[str, str]]


def pairs_of(combination: Mapping[str, str]) -> set[Pair]:
    return set(itertools.combinations(sorted(combination.items()), 2))


def covering(
    axes: Mapping[str, Sequence[str]], allowed: Callable[[Combination], bool]
) -> list[Combination]:
    """Combinations of one choice an axis, greedily the one with most new pairs first.

    Every pair that occurs in some allowed combination is covered; the same axes give the same list.
    """
    every = [dict(zip(axes, row, strict=True)) for row in itertools.product(*axes.values())]
    candidates = {number: pairs_of(one) for number, one in enumerate(every) if allowed(one)}
    missing = set().union(*candidates.values())
    chosen: list[Combination] = []
    while missing:
        best = max(candidates, key=lambda number: (len(candidates[number] & missing), -number))
        missing -= candidates.pop(best)
        chosen.append(every[best])
    return chosen
