"""The model section as a flat list of layers with shapes, and the weights they start from.

Both backends build the same list from the same weights. One canonical layout, whatever the
backend uses inside: images are (examples, height, width, channels); a dense kernel is
(inputs, outputs); a convolution kernel is (height, width, inputs, outputs); flattening goes
over height, width, channels in that order.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from advisor.recipe import ActivationKind, Cnn, Initialization, Mlp, NormalizationKind, Recipe

Floats: TypeAlias = NDArray[np.floating[Any]]
Weights: TypeAlias = dict[str, Floats]
"""Every array of a model by name, such as `conv1.kernel`; also the checkpoint's contents."""

NORM_EPS = 1e-5
BATCH_NORM_MOMENTUM = 0.1
"""Running statistics: new = 0.9 * old + 0.1 * batch, with the unbiased batch variance."""
LEAKY_SLOPE = 0.01


@dataclass(frozen=True)
class Flatten:
    name: str


@dataclass(frozen=True)
class Dense:
    """Parameters `kernel` (inputs, outputs) and `bias` (outputs,)."""

    name: str
    inputs: int
    outputs: int


@dataclass(frozen=True)
class Conv:
    """Stride 1, zero padding kernel_size // 2 on every side.

    Parameters `kernel` (size, size, inputs, outputs) and `bias` (outputs,).
    """

    name: str
    inputs: int
    outputs: int
    kernel_size: int


@dataclass(frozen=True)
class BatchNorm:
    """Over all axes but the last. Parameters `scale`, `bias`; state `mean`, `var`: (features,)."""

    name: str
    features: int


@dataclass(frozen=True)
class LayerNorm:
    """Over the last axis. Parameters `scale` and `bias` (features,)."""

    name: str
    features: int


@dataclass(frozen=True)
class Activation:
    """Element by element; GELU is the exact one (erf), leaky ReLU has slope 0.01, ELU alpha 1."""

    name: str
    kind: ActivationKind


@dataclass(frozen=True)
class MaxPool:
    """2x2, stride 2; a last odd row or column is dropped."""

    name: str


@dataclass(frozen=True)
class Dropout:
    """Inverted: kept values are divided by (1 - rate) in training; nothing in evaluation."""

    name: str
    rate: float


Layer = Flatten | Dense | Conv | BatchNorm | LayerNorm | Activation | MaxPool | Dropout


class ShapeError(ValueError):
    """The model does not fit the shape of the data. The message is for the user."""


def expand(recipe: Recipe, input_shape: tuple[int, ...], outputs: int) -> tuple[Layer, ...]:
    """The layers of `recipe.model` for examples of `input_shape`, ending in raw outputs.

    The output layer is called `output`. Dropout layers are always there, also at rate 0, so
    that another rate is the same program. Raises ShapeError.
    """
    model, dropout = recipe.model, recipe.regularization.dropout
    layers: list[Layer] = []
    if isinstance(model, Cnn):
        features = _blocks(model, input_shape, layers)
    else:
        features = math.prod(input_shape)
    if len(input_shape) > 1:
        layers.append(Flatten("flatten"))
    for number, units in enumerate(model.hidden, 1):
        layers.append(Dense(f"dense{number}", features, units))
        layers += _after(f"dense{number}", units, model)
        layers.append(Dropout(f"dense{number}.dropout", dropout))
        features = units
    layers.append(Dense("output", features, outputs))
    return tuple(layers)


def _blocks(model: Cnn, input_shape: tuple[int, ...], layers: list[Layer]) -> int:
    if len(input_shape) != 3:
        raise ShapeError(
            f"model.kind cnn needs images (height, width, channels); "
            f"the examples have shape {input_shape}; model.kind mlp takes any shape"
        )
    height, width, features = input_shape
    needed = 2 ** len(model.channels)
    if min(height, width) < needed:
        raise ShapeError(
            f"model.channels: {len(model.channels)} blocks halve the image each and need at "
            f"least {needed}x{needed} pixels; the examples have {height}x{width}"
        )
    for number, channels in enumerate(model.channels, 1):
        layers.append(Conv(f"conv{number}", features, channels, model.kernel_size))
        layers += _after(f"conv{number}", channels, model)
        layers.append(MaxPool(f"conv{number}.pool"))
        features, height, width = channels, height // 2, width // 2
    return features * height * width


def _after(name: str, features: int, model: Mlp | Cnn) -> list[Layer]:
    norms: dict[NormalizationKind, list[Layer]] = {
        "none": [],
        "batch": [BatchNorm(f"{name}.norm", features)],
        "layer": [LayerNorm(f"{name}.norm", features)],
    }
    return [*norms[model.normalization], Activation(f"{name}.activation", model.activation)]


def initial_weights(layers: tuple[Layer, ...], how: Initialization, seed: int) -> Weights:
    """Float64 arrays that both backends start from.

    Each array is drawn from Philox keyed by `seed` and its own name, so adding a layer leaves
    the others as they were.
    """
    weights: Weights = {}
    for layer in layers:
        if isinstance(layer, Dense | Conv):
            shape = _kernel_shape(layer)
            weights[f"{layer.name}.kernel"] = _draw(shape, how, seed, f"{layer.name}.kernel")
            weights[f"{layer.name}.bias"] = np.zeros(layer.outputs)
        elif isinstance(layer, BatchNorm | LayerNorm):
            weights[f"{layer.name}.scale"] = np.ones(layer.features)
            weights[f"{layer.name}.bias"] = np.zeros(layer.features)
            if isinstance(layer, BatchNorm):
                weights[f"{layer.name}.mean"] = np.zeros(layer.features)
                weights[f"{layer.name}.var"] = np.ones(layer.features)
    return weights


def is_trainable(name: str) -> bool:
    """Whether the array of this name is a parameter (running statistics are not)."""
    return not name.endswith((".mean", ".var"))


def is_decayed(name: str) -> bool:
    """Whether weight decay and penalties apply: to kernels, never to biases and norm scales."""
    return name.endswith(".kernel")


def parameter_count(weights: Mapping[str, Floats]) -> int:
    return sum(array.size for name, array in weights.items() if is_trainable(name))


def _kernel_shape(layer: Dense | Conv) -> tuple[int, ...]:
    if isinstance(layer, Dense):
        return (layer.inputs, layer.outputs)
    return (layer.kernel_size, layer.kernel_size, layer.inputs, layer.outputs)


def _draw(shape: tuple[int, ...], how: Initialization, seed: int, name: str) -> Floats:
    random = np.random.Generator(np.random.Philox(key=[seed, zlib.crc32(name.encode())]))
    receptive = math.prod(shape[:-2])
    fan_in, fan_out = shape[-2] * receptive, shape[-1] * receptive
    scheme, _, form = how.kind.partition("_")
    if scheme == "zeros":
        return np.zeros(shape)
    if scheme == "orthogonal":
        return how.gain * _orthogonal(random, shape)
    variance = {"kaiming": 2 / fan_in, "xavier": 2 / (fan_in + fan_out), "lecun": 1 / fan_in}
    std = how.gain * math.sqrt(variance[scheme])
    if form == "normal":
        return std * random.standard_normal(shape)
    return random.uniform(-std * math.sqrt(3), std * math.sqrt(3), shape)


def _orthogonal(random: np.random.Generator, shape: tuple[int, ...]) -> Floats:
    rows, columns = math.prod(shape[:-1]), shape[-1]
    tall = random.standard_normal((max(rows, columns), min(rows, columns)))
    q, r = np.linalg.qr(tall)
    q = q * np.sign(np.diag(r))
    return (q if rows >= columns else q.T).reshape(shape)
