"""What every source must satisfy, and the shapes that models see."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from advisor.architecture import PADDING
from advisor.data.values import Array, DataError, Part, Source
from advisor.recipe import Task

CHUNK_VALUES = 4_000_000
"""Large arrays are worked on in pieces of about this many values, to keep memory flat."""
LARGEST = float(np.finfo(np.float32).max)


def checked(source: Source, task: Task) -> Source:
    """The source with inputs as (n, features), (n, height, width, channels), tokens (n, time) or
    texts (n,), and targets (n,), or (n, labels or time) where the task has them. Raises DataError.
    """
    if task == "language_model" and not source.vocabulary:
        raise DataError(
            f"data.source: {source.name} holds no tokens, which task language_model needs; "
            f"allowed: text:PATH, or python:FILE.py:FUNCTION that returns `vocabulary`"
        )
    train = _checked(source, source.train, task)
    others = [
        None if part is None else _checked(source, part, task)
        for part in (source.validation, source.test)
    ]
    for part in others:
        if part is not None:
            _check_alike(source, train, part)
    return replace(source, train=train, validation=others[0], test=others[1])


def pieces(n: int, values_each: int) -> Iterator[slice]:
    """Slices that cover n rows, each of a bounded number of values."""
    size = max(1, CHUNK_VALUES // max(1, values_each))
    for start in range(0, n, size):
        yield slice(start, min(start + size, n))


def check_finite(where: str, array: Array) -> None:
    """Raise DataError for NaN, infinity and what is too large for float32."""
    if array.dtype.kind != "f":
        return
    count, first = 0, ""
    for piece in pieces(len(array), array[0].size if len(array) else 1):
        bad = ~(np.abs(array[piece]) <= LARGEST)
        if not bad.any():
            continue
        if not count:
            row = int(np.argmax(bad.reshape(len(bad), -1).any(axis=1)))
            value = np.asarray(array[piece])[row][bad[row]].flat[0]
            first = f"{value} in row {piece.start + row}"
        count += int(bad.sum())
    if count:
        raise DataError(
            f"{where} has {count} values that are NaN, infinite or too large for float32; "
            f"the first is {first} (the first row is 0)"
        )


def _check_alike(source: Source, train: Part, part: Part) -> None:
    for one, other, name, train_name in (
        (part.inputs, train.inputs, part.inputs_name, train.inputs_name),
        (part.targets, train.targets, part.targets_name, train.targets_name),
    ):
        if one.shape[1:] != other.shape[1:]:
            raise DataError(
                f"data.source: {source.name}: examples of {name} have shape {one.shape[1:]}, "
                f"those of {train_name} {other.shape[1:]}"
            )


def _checked(source: Source, part: Part, task: Task) -> Part:
    where = f"data.source: {source.name}"
    inputs, targets = f"{where}: {part.inputs_name}", f"{where}: {part.targets_name}"
    part = replace(part, targets=_targets(targets, part.targets, task))
    if part.inputs.ndim and part.targets.ndim and len(part.inputs) != len(part.targets):
        raise DataError(
            f"{inputs} has {len(part.inputs)} examples and {part.targets_name} has "
            f"{len(part.targets)}; they must be as many"
        )
    if part.inputs.size == 0:
        raise DataError(f"{inputs} is empty (shape {part.inputs.shape})")
    check_finite(targets, part.targets)
    if source.texts:
        return part
    if source.vocabulary:
        check_tokens(inputs, part.inputs, source.vocabulary)
        return part
    return replace(part, inputs=_numbers(inputs, part.inputs))


def _targets(where: str, targets: Array, task: Task) -> Array:
    if task in ("multilabel", "language_model"):
        if targets.ndim != 2 or targets.shape[1] == 0:
            wanted = (
                "(n, labels), 0 or 1 for each label, which npz, memmap and python sources can bring"
                if task == "multilabel"
                else "(n, time), the token that follows each"
            )
            raise DataError(f"{where} has shape {targets.shape}; allowed for task {task}: {wanted}")
        return targets
    if targets.ndim == 2 and targets.shape[1] == 1:
        targets = targets[:, 0]
    if targets.ndim != 1:
        raise DataError(
            f"{where} has shape {targets.shape}; "
            f"allowed: (n,), one class number or value for each example"
        )
    return targets


def _numbers(where: str, inputs: Array) -> Array:
    if inputs.dtype.kind not in "biuf":
        raise DataError(f"{where} holds {inputs.dtype}; allowed: numbers")
    if not 1 <= inputs.ndim <= 4:
        raise DataError(
            f"{where} has shape {inputs.shape}; allowed: (n, features), "
            f"(n, height, width) and (n, height, width, channels)"
        )
    check_finite(where, inputs)
    return _shaped(where, inputs)


def check_tokens(where: str, inputs: Array, vocabulary: int) -> None:
    """Raise DataError unless these are (n, time) tokens, with padding (0) at the end only."""
    if inputs.dtype.kind not in "iu" or inputs.ndim != 2:
        raise DataError(
            f"{where} has shape {inputs.shape} of {inputs.dtype}; allowed with a vocabulary: "
            f"(n, time) whole numbers"
        )
    for piece in pieces(len(inputs), inputs.shape[1]):
        tokens = np.asarray(inputs[piece])
        stray = (tokens < 0) | (tokens >= vocabulary)
        gaps = (tokens[:, :-1] == PADDING) & (tokens[:, 1:] != PADDING)
        for bad, told in (
            (stray.any(axis=1), f"has a token outside 0 to {vocabulary - 1}"),
            (gaps.any(axis=1), "has padding (0) before other tokens; allowed: at the end"),
            (tokens[:, 0] == PADDING, "has no token but padding (0); allowed: one at least"),
        ):
            if bad.any():
                raise DataError(f"{where}: row {piece.start + int(np.argmax(bad))} {told}")


def _shaped(where: str, inputs: Array) -> Array:
    if inputs.ndim in (1, 3):
        return inputs[..., np.newaxis]
    if inputs.ndim == 4:
        _, first, second, last = inputs.shape
        if first in (1, 3) and second == last > 4:
            raise DataError(
                f"{where} has shape {inputs.shape}, which looks like channels first; "
                f"allowed: (n, height, width, channels)"
            )
    return inputs
