"""Normalisation with statistics of the training examples only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from advisor.architecture import Floats
from advisor.data.checks import pieces
from advisor.data.values import Array, DataError, Inputs, Rows


@dataclass(frozen=True)
class Scaling:
    """(x - mean) / std per feature of a table or channel of an image, in float64."""

    mean: Floats
    std: Floats

    @property
    def dtype(self) -> np.dtype[Any]:
        return np.dtype(np.float32)

    def shape(self, inputs: Array) -> tuple[int, ...]:
        """The shape of one example."""
        return inputs.shape[1:]

    def apply(self, where: str, inputs: Array, rows: Rows) -> Floats:
        """These rows as float32. Raises DataError where the result is not finite."""
        scaled = np.empty((len(rows), *inputs.shape[1:]), dtype=np.float32)
        plain = bool((self.mean == 0).all() and (self.std == 1).all())
        for piece in pieces(len(rows), inputs[0].size):
            taken = np.asarray(inputs[rows[piece]])
            with np.errstate(over="ignore"):
                scaled[piece] = taken if plain else (taken - self.mean) / self.std
            if not np.isfinite(scaled[piece]).all():
                raise DataError(f"{where}: values lie too far from the training examples to scale")
        return scaled


def unscaled(inputs: Array) -> Scaling:
    return Scaling(np.zeros(inputs.shape[-1]), np.ones(inputs.shape[-1]))


def standard(inputs: Array, rows: Rows) -> Scaling:
    """Mean and deviation of these rows; constant columns get deviation 1."""
    mean, std = moments(inputs, rows)
    return Scaling(mean, np.where(std > 0, std, 1.0))


def moments(inputs: Inputs, rows: Rows | None = None) -> tuple[Floats, Floats]:
    """Mean and deviation over all axes but the last, in float64. Constant columns deviate by 0."""
    picked = np.arange(len(inputs)) if rows is None else rows
    shape = inputs.shape[1:]
    total, squares = np.zeros(shape), np.zeros(shape)
    low, high = np.full(shape, np.inf), np.full(shape, -np.inf)
    count = len(picked) * (inputs[0].size // shape[-1])
    for piece in pieces(len(picked), inputs[0].size):
        taken = np.asarray(inputs[picked[piece]])
        total += taken.sum(axis=0, dtype=np.float64)
        low, high = np.minimum(low, taken.min(axis=0)), np.maximum(high, taken.max(axis=0))
    mean = _over_pixels(total) / count
    for piece in pieces(len(picked), inputs[0].size):
        taken = np.asarray(inputs[picked[piece]]) - mean
        squares += np.square(taken, out=taken).sum(axis=0)
    std = np.sqrt(_over_pixels(squares) / count)
    axes = tuple(range(len(shape) - 1))
    constant = low.min(axis=axes) == high.max(axis=axes)  # rounding would leave a tiny deviation
    return np.where(constant, low.min(axis=axes), mean), np.where(constant, 0.0, std)


def _over_pixels(array: Floats) -> Floats:
    return np.asarray(array.sum(axis=tuple(range(array.ndim - 1))))
