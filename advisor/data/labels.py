"""Targets as numbers: class indices, 0 and 1, or values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from advisor.data.values import Array, DataError, Part, Source
from advisor.recipe import Task


@dataclass(frozen=True)
class Targets:
    """int64 classes or tokens, float32 0 and 1, or float64 raw values; None where the source has
    no such part."""

    train: Array
    validation: Array | None
    test: Array | None
    classes: tuple[str, ...] | None


def encode(source: Source, task: Task) -> Targets:
    """The targets of every part of a checked source. Raises DataError."""
    if task == "regression":
        return Targets(*_of_parts(source, partial(_values, source)), None)
    if task == "multilabel":
        return Targets(*_of_parts(source, partial(_zeros_and_ones, source)), None)
    if task == "language_model":
        return Targets(*_of_parts(source, partial(_next_tokens, source)), None)
    known = _known_classes(source, task)
    dtype = np.float32 if task == "binary" else np.int64
    names = source.class_names or ()
    if len(names) != len(known):
        names = tuple(_name(value) for value in known)
    return Targets(*_of_parts(source, partial(_indices, source, known, dtype)), names)


def _of_parts(
    source: Source, encoded: Callable[[Part], Array]
) -> tuple[Array, Array | None, Array | None]:
    train, validation, test = source.train, source.validation, source.test
    return (
        encoded(train),
        None if validation is None else encoded(validation),
        None if test is None else encoded(test),
    )


def _values(source: Source, part: Part) -> Array:
    if part.targets.dtype.kind not in "biuf":
        row = next((i for i, t in enumerate(part.targets) if not _is_number(t)), 0)
        raise DataError(
            f"data.source: {source.name}: {part.targets_name} has {str(part.targets[row])!r} in "
            f"row {row}; task regression needs numbers"
        )
    return part.targets.astype(np.float64)


def _zeros_and_ones(source: Source, part: Part) -> Array:
    where, targets = f"data.source: {source.name}: {part.targets_name}", part.targets
    if targets.dtype.kind not in "biuf":
        raise DataError(f"{where} holds {targets.dtype}; task multilabel needs 0 and 1")
    wrong = (targets != 0) & (targets != 1)
    if wrong.any():
        row, label = np.argwhere(wrong)[0]
        raise DataError(
            f"{where} has {_name(targets[row, label])} in row {row}, label {label}; "
            f"task multilabel needs 0 and 1"
        )
    return targets.astype(np.float32)


def _next_tokens(source: Source, part: Part) -> Array:
    where, targets = f"data.source: {source.name}: {part.targets_name}", part.targets
    if targets.shape != part.inputs.shape or targets.dtype.kind not in "iu":
        raise DataError(
            f"{where} has shape {targets.shape} of {targets.dtype}; allowed: the next token, a "
            f"whole number, for each of {part.inputs.shape}"
        )
    wrong = (targets < 0) | (targets >= source.vocabulary)
    if wrong.any():
        row = int(np.argmax(wrong.any(axis=1)))
        raise DataError(f"{where}: row {row} has a token outside 0 to {source.vocabulary - 1}")
    return targets.astype(np.int64)


def _known_classes(source: Source, task: Task) -> Array:
    targets, where = source.train.targets, f"data.source: {source.name}: "
    where += source.train.targets_name
    if targets.dtype.kind not in "biufU":
        raise DataError(f"{where} holds {targets.dtype}; allowed: class numbers or names")
    known = np.unique(targets)
    if len(known) == 1:
        raise DataError(f"{where} has one class only: {_name(known[0])}; at least two are needed")
    if task == "binary":
        if len(known) != 2:
            raise DataError(
                f"{where} has {len(known)} values ({_listed(known)}); task binary needs two; "
                f"for more, the task is classification or regression"
            )
        return known
    if known.dtype.kind == "f" and (known != np.floor(known)).any():
        fraction = known[known != np.floor(known)][0]
        raise DataError(
            f"{where} has the value {fraction:g}; task classification needs whole numbers"
            f"{'' if source.numbered else ' or names'} (for such values, the task is regression)"
        )
    if source.numbered and known.dtype.kind != "U":
        _check_numbering(where, known)
    elif len(known) > max(20, len(targets) / 4):
        raise DataError(
            f"{where} has {len(known)} different values in {len(targets)} rows, too many to be "
            f"classes (for such values, the task is regression)"
        )
    return known


def _check_numbering(where: str, known: Array) -> None:
    """Class numbers must be 0 to K-1: a gap or a negative number is nearly always a slip."""
    stray = known[(known < 0) | (known >= len(known))]
    if not len(stray):
        return
    raise DataError(
        f"{where} has labels out of range: {len(known)} classes must be numbered 0 to "
        f"{len(known) - 1}, found {_name(stray[0])} (all labels: {_listed(known)})"
    )


def _indices(source: Source, known: Array, dtype: type[np.generic], part: Part) -> Array:
    where = f"data.source: {source.name}: {part.targets_name}"
    if (part.targets.dtype.kind == "U") != (known.dtype.kind == "U"):
        raise DataError(f"{where} holds {part.targets.dtype}, unlike the training targets")
    found = np.searchsorted(known, part.targets)
    found = np.minimum(found, len(known) - 1)
    wrong = known[found] != part.targets
    if wrong.any():
        row = int(np.argmax(wrong))
        raise DataError(
            f"{where} has labels out of range: {_name(part.targets[row])} in row {row}; "
            f"allowed: the classes of the training targets ({_listed(known)})"
        )
    return found.astype(dtype)


def _listed(values: Array) -> str:
    shown = ", ".join(_name(value) for value in values[:12])
    return shown + (", ..." if len(values) > 12 else "")


def _name(value: object) -> str:
    if isinstance(value, np.floating):
        return f"{value:.12g}"
    return str(int(value)) if isinstance(value, np.bool_) else str(value)


def _is_number(value: object) -> bool:
    try:
        float(str(value))
    except ValueError:
        return False
    return True
