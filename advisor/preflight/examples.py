"""What the training examples alone show: values that cannot be, features that say nothing, equal
inputs with different labels. Exact, by hash."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from advisor.data.hashing import Rows
from advisor.data.values import Array, Dataset
from advisor.preflight.looking import Looked
from advisor.preflight.part import Part

FEW_COLUMNS, KINDS_SAMPLE = 64, 2000
"""Inputs of more columns than this can take any number of values; others are looked at in a sample
of so many rows."""
ROOM = 100
"""Where there are fewer possible inputs than this for each example, equal ones are no sign."""
CONTINUOUS = 0.5
"""A column with more different values than this share of its rows is continuous."""


def check_values(dataset: Dataset, train: Looked, validation: Looked) -> Part:
    """Shares of values that are not finite, and of targets and tokens that the task has not."""
    lost = total = 0
    for looked in (train, validation):
        for array in (looked.inputs, looked.targets):
            total += array.size
            lost += _not_finite(array) if array.dtype.kind == "f" else 0
    strange, known = 0, 0
    for looked in (train, validation):
        for array, most in _ranges(dataset, looked):
            known += array.size
            strange += int(np.sum((array < 0) | (array >= most) | (array != np.floor(array))))
    return Part(
        {
            "not_finite_share": lost / max(1, total),
            "out_of_range_share": strange / known if known else 0.0,
        }
    )


def _not_finite(array: Array) -> int:
    flat = array.reshape(len(array), -1)
    size = max(1, 4_000_000 // max(1, flat.shape[1]))
    return sum(
        int(np.sum(~np.isfinite(flat[start : start + size]))) for start in range(0, len(flat), size)
    )


def _ranges(dataset: Dataset, looked: Looked) -> Iterator[tuple[Array, int]]:
    """Arrays that must hold whole numbers from 0 on, and what each must stay below."""
    if dataset.task != "regression":
        yield looked.targets, 2 if dataset.task in ("binary", "multilabel") else dataset.outputs
    if dataset.vocabulary:
        yield looked.inputs, dataset.vocabulary


def check_features(dataset: Dataset, train: Looked) -> Part:
    """Shares of features that never change, and of those that repeat an earlier one."""
    if dataset.vocabulary:
        return Part(notes=("tokens have no features to check",))
    flat = train.inputs.reshape(len(train.inputs), -1)
    constant = flat.min(axis=0) == flat.max(axis=0)
    hashes = train.rows.column_hashes()
    varying = np.flatnonzero(~constant)
    _, first, kinds = np.unique(hashes[varying], return_index=True, return_inverse=True)
    repeats = [
        column
        for place, column in enumerate(varying)
        if (original := varying[first[kinds[place]]]) != column
        and np.array_equal(flat[:, original], flat[:, column])
    ]
    return Part(
        {
            "constant_share": float(constant.mean()),
            "duplicate_feature_share": len(repeats) / flat.shape[1],
        }
    )


def check_labels(dataset: Dataset, train: Looked) -> Part:
    """Equal inputs among the training examples, and how many of them have different targets."""
    kinds = train.rows.kinds
    repeated = np.bincount(kinds)[kinds] > 1
    facts: dict[str, float | None] = {"duplicate_share": float(repeated.mean())}
    if dataset.task in ("regression", "language_model"):
        return Part(facts, (f"equal inputs may well differ in their targets ({dataset.task})",))
    in_conflict = conflicting(kinds, Rows(train.targets).kinds)
    if in_conflict.any() and few_inputs(dataset, train):
        return Part(facts, (COMMON,))
    facts["conflicting_share"] = float(in_conflict.mean())
    facts["conflicting_examples"] = int(in_conflict.sum())
    return Part(facts)


COMMON = "the inputs can take so few values that equal ones are no sign of anything"


def conflicting(inputs: NDArray[np.int64], targets: NDArray[np.int64]) -> NDArray[np.bool_]:
    """(n,) whether another example has this input, but another target; both by kind."""
    pairs = np.unique(inputs * (int(targets.max()) + 1) + targets)
    different = np.bincount(pairs // (int(targets.max()) + 1), minlength=int(inputs.max()) + 1)
    return np.asarray(different[inputs] > 1)


def few_inputs(dataset: Dataset, train: Looked) -> bool:
    """Whether examples must coincide by chance, as where all columns are yes or no."""
    flat = train.inputs.reshape(len(train.inputs), -1)
    if flat.shape[1] > FEW_COLUMNS:
        return False
    sample = flat[:: max(1, len(flat) // KINDS_SAMPLE)]
    counts = [len(np.unique(column)) for column in sample.T]
    if max(counts) > CONTINUOUS * len(sample):
        return False
    return float(np.sum(np.log(counts))) < math.log(ROOM * len(dataset.train.targets))
