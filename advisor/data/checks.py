"""What every source must satisfy, and the shapes that models see."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from advisor.data.values import Array, DataError, Part, Source

CHUNK_VALUES = 4_000_000
"""Large arrays are worked on in pieces of about this many values, to keep memory flat."""
LARGEST = float(np.finfo(np.float32).max)


def checked(source: Source) -> Source:
    """The source with inputs as (n, features) or (n, height, width, channels). Raises DataError."""
    train = _checked(source, source.train)
    others = [
        None if part is None else _checked(source, part)
        for part in (source.validation, source.test)
    ]
    for part in others:
        if part is not None and part.inputs.shape[1:] != train.inputs.shape[1:]:
            raise DataError(
                f"data.source: {source.name}: examples of {part.inputs_name} have shape "
                f"{part.inputs.shape[1:]}, those of {train.inputs_name} {train.inputs.shape[1:]}"
            )
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
    for piece in pieces(len(array), array[0].size if len(array) else 1):
        if not (np.abs(array[piece]) <= LARGEST).all():
            break
    else:
        return
    bad = ~(np.abs(array) <= LARGEST)
    row = int(np.argmax(bad.reshape(len(array), -1).any(axis=1)))
    value = array[row][bad[row]].flat[0] if array.ndim > 1 else array[row]
    raise DataError(
        f"{where} has {int(bad.sum())} values that are NaN, infinite or too large for float32; "
        f"the first is {value} in row {row} (the first row is 0)"
    )


def _checked(source: Source, part: Part) -> Part:
    where, inputs, targets = f"data.source: {source.name}", part.inputs, part.targets
    if inputs.dtype.kind not in "biuf":
        raise DataError(f"{where}: {part.inputs_name} holds {inputs.dtype}; allowed: numbers")
    if not 1 <= inputs.ndim <= 4:
        raise DataError(
            f"{where}: {part.inputs_name} has shape {inputs.shape}; allowed: (n, features), "
            f"(n, height, width) and (n, height, width, channels)"
        )
    if targets.ndim == 2 and targets.shape[1] == 1:
        targets = targets[:, 0]
    if targets.ndim != 1:
        raise DataError(
            f"{where}: {part.targets_name} has shape {targets.shape}; "
            f"allowed: (n,), one class number or value for each example"
        )
    if len(inputs) != len(targets):
        raise DataError(
            f"{where}: {part.inputs_name} has {len(inputs)} examples and "
            f"{part.targets_name} has {len(targets)}; they must be as many"
        )
    if inputs.size == 0:
        raise DataError(f"{where}: {part.inputs_name} is empty (shape {inputs.shape})")
    check_finite(f"{where}: {part.inputs_name}", inputs)
    check_finite(f"{where}: {part.targets_name}", targets)
    return replace(part, inputs=_shaped(f"{where}: {part.inputs_name}", inputs), targets=targets)


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
