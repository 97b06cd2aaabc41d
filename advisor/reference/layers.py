"""Layers that know no sequences."""

from __future__ import annotations

import math

import numpy as np

from advisor.architecture import LEAKY_SLOPE, NORM_EPS, Floats
from advisor.recipe import ActivationKind

SELU_SCALE, SELU_ALPHA = 1.0507009873554805, 1.6732632423543772
"""Klambauer 1706.02515"""


def convolved(x: Floats, kernel: Floats, stride: int) -> Floats:
    size, height, width = len(kernel), x.shape[1], x.shape[2]
    edge = size // 2
    wide = np.pad(x, ((0, 0), (edge, edge), (edge, edge), (0, 0)))
    parts = (
        wide[:, i : i + height : stride, j : j + width : stride] @ kernel[i, j]
        for i, j in np.ndindex(size, size)
    )
    return np.asarray(sum(parts))


def blocks(x: Floats) -> Floats:
    """(n, height, width, c) as (n, height // 2, 2, width // 2, 2, c)."""
    n, height, width, channels = x.shape
    even = x[:, : height // 2 * 2, : width // 2 * 2]
    return even.reshape(n, height // 2, 2, width // 2, 2, channels)


def normalized(x: Floats, mean: Floats, var: Floats) -> Floats:
    return np.asarray((x - mean) / np.sqrt(var + NORM_EPS))


def group_normalized(x: Floats, groups: int) -> Floats:
    grouped = x.reshape(len(x), -1, groups, x.shape[-1] // groups)
    mean = grouped.mean(axis=(1, 3), keepdims=True)
    return normalized(grouped, mean, grouped.var(axis=(1, 3), keepdims=True)).reshape(x.shape)


def sigmoid(x: Floats) -> Floats:
    return np.asarray(np.exp(-np.logaddexp(0, -x)))


def activated(kind: ActivationKind, x: Floats) -> Floats:
    match kind:
        case "relu":
            return np.maximum(x, 0)
        case "leaky_relu":
            return np.where(x > 0, x, LEAKY_SLOPE * x)
        case "elu":
            return _elu(x, 1.0)
        case "selu":
            return SELU_SCALE * _elu(x, SELU_ALPHA)
        case "gelu":
            return np.asarray(x * (1 + np.vectorize(math.erf)(x / math.sqrt(2))) / 2)
        case "silu":
            return x * sigmoid(x)
        case "tanh":
            return np.asarray(np.tanh(x))
        case "sigmoid":
            return sigmoid(x)


def _elu(x: Floats, alpha: float) -> Floats:
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))
