"""Which rows train, validate and test. Depends on nothing but the targets and the split seed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from advisor.data.values import Array, DataError, Rows
from advisor.recipe import Data

FEWEST_VALUES = 2
"""Fewest examples in each split of a regression: a deviation needs two."""
SPLIT_STREAM = 1 << 40
"""Sets these random numbers apart from those that are keyed by a training seed alone."""


@dataclass(frozen=True)
class SplitRows:
    """Row numbers into the source's training part; empty where the source brings its own.

    Training rows come in random order, the others in the source's.
    """

    train: Rows
    validation: Rows
    test: Rows


def split_rows(
    data: Data, targets: Array, classes: tuple[str, ...] | None, own: tuple[bool, bool]
) -> SplitRows:
    """Split off what the source does not bring: `own` is (validation, test).

    Stratified where there are classes. The rows are shuffled once and dealt out in the order
    test, validation, training, so that changing `validation` never moves the test rows.
    """
    n = len(targets)
    labels = np.zeros(n, dtype=np.int64) if classes is None else targets.astype(np.int64)
    counts = np.bincount(labels, minlength=len(classes) if classes else 1)
    fewest = 1 if classes else FEWEST_VALUES
    parts = 1 + own.count(False)
    if (counts < parts * fewest).any():
        raise DataError(_too_few(counts, parts, fewest, classes))
    wanted_validation = 0.0 if own[0] else data.validation
    wanted_test = 0.0 if own[1] else data.test
    kept = fewest * (2 if wanted_validation else 1)
    test = _shares(counts, wanted_test, fewest, counts - kept)
    validation = _shares(counts, wanted_validation, fewest, counts - test - fewest)
    random = np.random.Generator(np.random.Philox(key=[data.split_seed % 2**64, SPLIT_STREAM]))
    order = random.permutation(n)
    grouped = order[np.argsort(labels[order], kind="stable")]
    place = np.arange(n) - np.repeat(np.cumsum(counts) - counts, counts)
    rank = np.empty(n, dtype=np.int64)  # of each row among the shuffled rows of its class
    rank[grouped] = place
    in_test = rank < test[labels]
    in_train = rank >= (test + validation)[labels]
    return SplitRows(
        order[in_train[order]], np.flatnonzero(~in_test & ~in_train), np.flatnonzero(in_test)
    )


def _shares(counts: Array, share: float, fewest: int, most: Array) -> Array:
    """How many of each class: rounded by largest remainder, within `fewest` and `most`."""
    if share == 0:
        return np.zeros_like(counts)
    exact = counts * share
    taken = np.floor(exact).astype(np.int64)
    missing = round(exact.sum()) - int(taken.sum())
    taken[np.argsort(taken - exact, kind="stable")[:missing]] += 1
    return np.clip(taken, fewest, most)


def _too_few(counts: Array, parts: int, fewest: int, classes: tuple[str, ...] | None) -> str:
    if classes is None:
        return f"data.source: {counts[0]} examples are too few; {parts * fewest} are needed"
    number = int(np.argmin(counts))
    return (
        f"data.source: class {classes[number]!r} has {counts[number]} training examples; at least "
        f"{parts} are needed, so that it can appear in every split"
    )
