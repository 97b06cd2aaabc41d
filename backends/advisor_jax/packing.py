"""Biases and norm scales kept as one vector.

XLA compiles the optimiser anew for every array: with the small ones in one, a convolutional model
with batch normalisation compiles in three quarters of the time. Kernels, which are large, stay as
they are, so that nothing of size is copied.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias, TypeVar, cast

from advisor.architecture import Weights, is_decayed, is_trainable

Vectors: TypeAlias = tuple[tuple[str, tuple[int, ...]], ...]
"""names and shapes of the arrays in the vector, in order"""
NAME = "1d"
"""of the vector; no layer can be called so"""

T = TypeVar("T")


def kernels_of(weights: Weights) -> tuple[str, ...]:
    """The parameters of a layer list that decay."""
    return tuple(name for name in weights if is_trainable(name) and is_decayed(name))


def vectors_of(weights: Weights) -> Vectors:
    """Its other parameters."""
    return tuple(
        (name, array.shape)
        for name, array in weights.items()
        if is_trainable(name) and not is_decayed(name)
    )


def is_packed(name: str) -> bool:
    """Whether this is the vector; else it is a kernel."""
    return name == NAME


def packed(
    vectors: Vectors, parameters: Mapping[str, T], joined: Callable[[list[T]], T]
) -> dict[str, T]:
    """Kernels by name, and the rest joined. For NumPy and JAX arrays alike."""
    small = dict(vectors)
    found = {name: array for name, array in parameters.items() if name not in small}
    if vectors:
        found[NAME] = joined([cast("Any", parameters[name]).reshape(-1) for name in small])
    return found


def unpacked(vectors: Vectors, parameters: Mapping[str, T]) -> dict[str, T]:
    """Every parameter by its own name."""
    found, start = dict(parameters), 0
    vector: Any = found.pop(NAME, None)
    for name, shape in vectors:
        size = math.prod(shape)
        found[name] = vector[start : start + size].reshape(shape)
        start += size
    return found
