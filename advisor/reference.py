"""What a backend must compute, in NumPy and float64: layers, losses and optimisers.

Slow and plain on purpose. The contract in `advisor.testing` holds every backend against it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from advisor.architecture import (
    LEAKY_SLOPE,
    NORM_EPS,
    Activation,
    BatchNorm,
    Conv,
    Dense,
    Dropout,
    Flatten,
    Floats,
    Layer,
    LayerNorm,
    MaxPool,
    Weights,
    is_decayed,
)
from advisor.recipe import ActivationKind, Recipe


def forward(
    layers: Sequence[Layer], weights: Weights, inputs: Floats, training: bool = False
) -> dict[str, Floats]:
    """Every layer's output by name, in NumPy; dropout off. `training`: batch statistics."""
    x: Floats = inputs.astype(np.float64)
    outputs: dict[str, Floats] = {}
    for layer in layers:
        x = outputs[layer.name] = _apply(layer, weights, x, training)
    return outputs


def _apply(layer: Layer, weights: Weights, x: Floats, training: bool) -> Floats:
    own = {
        name.rpartition(".")[2]: w
        for name, w in weights.items()
        if name.rpartition(".")[0] == layer.name
    }
    match layer:
        case Dense():
            return x @ own["kernel"] + own["bias"]
        case Conv(kernel_size=size):
            height, width, edge = x.shape[1], x.shape[2], size // 2
            wide = np.pad(x, ((0, 0), (edge, edge), (edge, edge), (0, 0)))
            places = np.ndindex(size, size)
            parts = (
                wide[:, i : i + height, j : j + width] @ own["kernel"][i, j] for i, j in places
            )
            return np.asarray(sum(parts) + own["bias"])
        case BatchNorm():
            axes = tuple(range(x.ndim - 1))
            mean = x.mean(axis=axes) if training else own["mean"]
            var = x.var(axis=axes) if training else own["var"]
            return np.asarray((x - mean) / np.sqrt(var + NORM_EPS) * own["scale"] + own["bias"])
        case LayerNorm():
            mean, var = x.mean(axis=-1, keepdims=True), x.var(axis=-1, keepdims=True)
            return np.asarray((x - mean) / np.sqrt(var + NORM_EPS) * own["scale"] + own["bias"])
        case Activation(kind=kind):
            return _activated(kind, x)
        case MaxPool():
            x = x[:, : x.shape[1] // 2 * 2, : x.shape[2] // 2 * 2]
            n, height, width, channels = x.shape
            return np.asarray(x.reshape(n, height // 2, 2, width // 2, 2, channels).max((2, 4)))
        case Flatten():
            return x.reshape(len(x), -1)
        case Dropout():
            return x


def _activated(kind: ActivationKind, x: Floats) -> Floats:
    sigmoid = 1 / (1 + np.exp(-x))
    values: Mapping[ActivationKind, Any] = {
        "relu": np.maximum(x, 0),
        "leaky_relu": np.where(x > 0, x, LEAKY_SLOPE * x),
        "elu": np.where(x > 0, x, np.expm1(np.minimum(x, 0))),
        "gelu": x * (1 + np.vectorize(math.erf)(x / math.sqrt(2))) / 2,
        "silu": x * sigmoid,
        "tanh": np.tanh(x),
        "sigmoid": sigmoid,
    }
    return np.asarray(values[kind])


def loss(recipe: Recipe, outputs: Floats, targets: NDArray[Any]) -> float:
    """The mean loss as it is optimised: label smoothing in, penalties out."""
    if recipe.loss.kind == "cross_entropy":
        e, classes = recipe.regularization.label_smoothing, outputs.shape[1]
        wanted = (1 - e) * np.eye(classes)[targets] + e / classes
        return float(np.mean(-np.sum(wanted * (outputs - _logsumexp(outputs)), axis=1)))
    out = outputs[:, 0]
    if recipe.loss.kind == "binary_cross_entropy":
        return float(np.mean(np.logaddexp(0, out) - targets * out))
    r = np.abs(out - targets)
    if recipe.loss.kind == "huber":
        delta = recipe.loss.delta
        return float(np.mean(np.where(r < delta, r**2 / 2, delta * (r - delta / 2))))
    return float(np.mean(r**2 if recipe.loss.kind == "mse" else r))


def _logsumexp(x: Floats) -> Floats:
    return np.asarray(np.logaddexp.reduce(x, axis=1, keepdims=True))


class Optimizer:
    """The recipe's optimiser in NumPy, from gradients that have the l2 penalty in them."""

    def __init__(self, recipe: Recipe) -> None:
        self.recipe, self.steps = recipe, 0
        self.first: dict[str, Any] = {}
        self.second: dict[str, Any] = {}

    def updated(self, weights: Weights, gradients: Weights, lr: float) -> Weights:
        """The parameters after a step; running statistics as they were."""
        self.steps += 1
        clip, scale = self.recipe.optimizer.clip_norm, 1.0
        if clip is not None:
            scale = min(1.0, clip / (global_norm(gradients) + 1e-6))
        after = dict(weights)
        for name, gradient in gradients.items():
            decay = self.recipe.regularization.weight_decay if is_decayed(name) else 0.0
            kept = weights[name] * (1 - lr * decay)
            after[name] = kept - lr * self._direction(name, scale * gradient)
        return after

    def _direction(self, name: str, g: Floats) -> Floats:
        settings, first, second = self.recipe.optimizer, self.first, self.second
        if settings.kind == "sgd":
            first[name] = settings.momentum * first.get(name, 0.0) + g
            velocity = first[name]
            return np.asarray(g + settings.momentum * velocity if settings.nesterov else velocity)
        if settings.kind == "rmsprop":
            second[name] = settings.alpha * second.get(name, 0.0) + (1 - settings.alpha) * g**2
            return np.asarray(g / (np.sqrt(second[name]) + settings.eps))
        b1, b2 = settings.beta1, settings.beta2
        first[name] = b1 * first.get(name, 0.0) + (1 - b1) * g
        second[name] = b2 * second.get(name, 0.0) + (1 - b2) * g**2
        root = np.sqrt(second[name] / (1 - b2**self.steps))
        return np.asarray(first[name] / (1 - b1**self.steps) / (root + settings.eps))


def global_norm(arrays: Weights) -> float:
    return math.sqrt(sum(float(np.sum(array**2)) for array in arrays.values()))
