"""Which rows train, validate and test. Depends on the targets, groups or times, and a seed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from advisor.data.batches import random_numbers
from advisor.data.copies import kept_together
from advisor.data.grouped import deal_groups
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
    data: Data,
    targets: Array,
    classes: tuple[str, ...] | None,
    own: tuple[bool, bool],
    groups: Array | None = None,
    times: Array | None = None,
    inputs: Array | None = None,
) -> SplitRows:
    """Split off what the source does not bring: `own` is (validation, test).

    random: stratified where there are classes; the rows are shuffled once and dealt out in the
    order test, validation, training, so that changing `validation` never moves the test rows;
    rows with equal `inputs` stay together.
    group: no group in two parts, shares (of each class, too) as near as may be. time: the oldest
    rows train and the newest test. Raises DataError.
    """
    labels = np.zeros(len(targets), np.int64) if classes is None else targets.astype(np.int64)
    random = random_numbers(data.split_seed % 2**64, SPLIT_STREAM)
    wanted = (0.0 if own[0] else data.validation, 0.0 if own[1] else data.test)
    if data.split == "random" or wanted == (0.0, 0.0):
        return _random(labels, classes, wanted, random, inputs)
    if data.split == "group":
        if groups is None:
            raise DataError(
                f"data.split: group needs groups, which {data.source} does not bring; allowed: "
                f"data.group (csv, parquet) or an array `groups` (npz, memmap, python)"
            )
        part = _by_group(groups, labels, wanted, random)
    else:
        part = _by_time(data, len(labels), times, wanted)
    _check_parts(data, part, labels, classes, wanted)
    order = random.permutation(len(labels))
    return SplitRows(
        order[part[order] == 0], *(np.flatnonzero(part == number) for number in (1, 2))
    )


def _random(
    labels: Rows,
    classes: tuple[str, ...] | None,
    wanted: tuple[float, float],
    random: np.random.Generator,
    inputs: Array | None,
) -> SplitRows:
    n = len(labels)
    counts = np.bincount(labels, minlength=len(classes) if classes else 1)
    fewest = 1 if classes else FEWEST_VALUES
    parts = 1 + sum(share > 0 for share in wanted)
    if (counts < parts * fewest).any():
        raise DataError(_too_few(counts, parts, fewest, classes))
    kept = fewest * (2 if wanted[0] else 1)
    test = _shares(counts, wanted[1], fewest, counts - kept)
    validation = _shares(counts, wanted[0], fewest, counts - test - fewest)
    order = random.permutation(n)
    grouped = order[np.argsort(labels[order], kind="stable")]
    place = np.arange(n) - np.repeat(np.cumsum(counts) - counts, counts)
    rank = np.empty(n, dtype=np.int64)  # of each row among the shuffled rows of its class
    rank[grouped] = place
    part = np.where(rank < test[labels], 2, np.where(rank >= (test + validation)[labels], 0, 1))
    if inputs is not None and parts > 1:
        part = _with_copies(part, inputs, labels, fewest)
    return SplitRows(
        order[part[order] == 0], *(np.flatnonzero(part == number) for number in (1, 2))
    )


def _with_copies(part: Rows, inputs: Array, labels: Rows, fewest: int) -> Rows:
    """Copies on one side, unless that takes a class out of a part."""
    together = kept_together(part, inputs)
    for number in np.unique(part):
        counts = np.bincount(labels[together == number], minlength=int(labels.max()) + 1)
        if (counts[np.unique(labels)] < fewest).any():
            return part
    return together


def _by_group(
    groups: Array, labels: Rows, wanted: tuple[float, float], random: np.random.Generator
) -> Rows:
    """(n,) 0 for training, 1 for validation, 2 for test."""
    shares = np.array([1 - sum(wanted), *wanted])
    present = np.flatnonzero(shares > 0)
    found = len(np.unique(groups))
    if found < len(present):
        raise DataError(
            f"data.split: group needs {len(present)} groups at least, one for each split; "
            f"found {found}"
        )
    return np.asarray(present[deal_groups(groups, labels, shares[present], random)])


def _by_time(data: Data, n: int, times: Array | None, wanted: tuple[float, float]) -> Rows:
    """(n,) 0 for training, 1 for validation, 2 for test; equal times in the rows' own order."""
    if times is not None and (times.dtype.kind not in "biufM" or (times != times).any()):
        raise DataError(
            f"data.split: time needs numbers or dates in every row; the times of "
            f"{data.source} are {times.dtype}, or have gaps"
        )
    order = np.arange(n) if times is None else np.argsort(times, kind="stable")
    validation, test = (round(n * share) for share in wanted)
    part = np.zeros(n, dtype=np.int64)
    part[order[n - test - validation : n - test]] = 1
    part[order[n - test :]] = 2
    return part


def _check_parts(
    data: Data,
    part: Rows,
    labels: Rows,
    classes: tuple[str, ...] | None,
    wanted: tuple[float, float],
) -> None:
    """Training has every class; the others have two at least, or two values."""
    for number, name in enumerate(("training", "validation", "test")):
        if number and not wanted[number - 1]:
            continue
        counts = np.bincount(labels[part == number], minlength=len(classes) if classes else 1)
        if classes is None and counts[0] < FEWEST_VALUES:
            told = f"{counts[0]} {name} examples; at least {FEWEST_VALUES} are needed"
        elif classes and number == 0 and not counts.all():
            told = f"no training example of class {classes[int(np.argmin(counts))]!r}"
        elif classes and (counts > 0).sum() < 2:
            told = f"fewer than two classes among the {name} examples"
        else:
            continue
        raise DataError(
            f"data.split: {data.split} leaves {told}; allowed: other shares, another "
            f"data.split_seed (group), or data.split random"
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
