"""Biases and norm scales kept as one vector.

XLA compiles the optimiser anew for every array: with the small ones in one, a convolutional model
with batch normalisation compiles in three quarters of the time. Kernels, which are large, stay as
they are, so that nothing of size is copied.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias, TypeVar, cast

from advisor.architecture import Weights, is_decayed, is_trainable

Vectors: TypeAlias = tuple[tuple[str, int], ...]
"""names and sizes of the arrays in the vector, in order"""
NAME = "vectors"

T = TypeVar("T")


def vectors_of(weights: Weights) -> Vectors:
    return tuple(
        (name, array.size)
        for name, array in weights.items()
        if is_trainable(name) and not is_decayed(name)
    )


def packed(
    vectors: Vectors, parameters: Mapping[str, T], joined: Callable[[list[T]], T]
) -> dict[str, T]:
    """Kernels by name, and the rest joined. For NumPy and JAX arrays alike."""
    kernels = {name: array for name, array in parameters.items() if is_decayed(name)}
    return {**kernels, NAME: joined([parameters[name] for name, _ in vectors])}


def unpacked(vectors: Vectors, parameters: Mapping[str, T]) -> dict[str, T]:
    """Every parameter by its own name."""
    found, vector, start = dict(parameters), cast("Any", parameters[NAME]), 0
    del found[NAME]
    for name, size in vectors:
        found[name] = vector[start : start + size]
        start += size
    return found
