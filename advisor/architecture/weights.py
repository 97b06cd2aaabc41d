"""The weights that a model starts from, the same for every backend."""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from advisor.architecture.layers import (
    Attention,
    BatchNorm,
    Conv,
    Dense,
    Embedding,
    Floats,
    GroupNorm,
    Layer,
    LayerNorm,
    Positions,
    Recurrent,
    Weights,
    walk,
)
from advisor.recipe import Initialization

EMBEDDING_STD = 0.02
"""of token and position vectors, whatever the scheme (GPT-2's)"""


def initial_weights(
    layers: Sequence[Layer],
    how: Initialization,
    seed: int,
    output_bias: Floats | None = None,
) -> Weights:
    """Float64 arrays that both backends start from.

    Each array is drawn from Philox keyed by `seed` and its own name, so adding a layer leaves
    the others as they were. `output_bias` replaces the zeros of the output layer's bias.
    """
    weights: Weights = {}
    for layer in walk(layers):
        weights |= dict(_initial(layer, how, seed))
    if output_bias is not None and "output.bias" in weights:
        weights["output.bias"] = np.asarray(output_bias, dtype=np.float64)
    return weights


def is_trainable(name: str) -> bool:
    """Whether the array of this name is a parameter (running statistics are not)."""
    return not name.endswith((".mean", ".var"))


def is_decayed(name: str) -> bool:
    """Whether weight decay and penalties apply: to kernels, never to biases and norm scales."""
    return name.endswith("kernel")


def parameter_count(weights: Mapping[str, Floats]) -> int:
    return sum(array.size for name, array in weights.items() if is_trainable(name))


def _initial(layer: Layer, how: Initialization, seed: int) -> Iterator[tuple[str, Floats]]:
    name = layer.name

    def drawn(part: str, shape: tuple[int, ...], pieces: int = 1) -> tuple[str, Floats]:
        return f"{name}.{part}", _draw(shape, how, seed, f"{name}.{part}", pieces)

    match layer:
        case Dense():
            yield drawn("kernel", (layer.inputs, layer.outputs))
            yield f"{name}.bias", np.zeros(layer.outputs)
        case Conv(kernel_size=size):
            yield drawn("kernel", (size, size, layer.inputs, layer.outputs))
            yield f"{name}.bias", np.zeros(layer.outputs)
        case BatchNorm() | LayerNorm() | GroupNorm():
            yield f"{name}.scale", np.ones(layer.features)
            yield f"{name}.bias", np.zeros(layer.features)
            if isinstance(layer, BatchNorm):
                yield f"{name}.mean", np.zeros(layer.features)
                yield f"{name}.var", np.ones(layer.features)
        case Embedding():
            yield f"{name}.kernel", _vectors((layer.vocabulary, layer.units), seed, name)
        case Positions(learned=True):
            yield f"{name}.kernel", _vectors((layer.length, layer.units), seed, name)
        case Recurrent(units=units, gates=gates):
            bias = np.zeros(gates * units)
            if layer.cell == "lstm":
                bias[units : 2 * units] = 1.0
            yield drawn("kernel", (layer.inputs, gates * units), gates)
            yield drawn("recurrent_kernel", (units, gates * units), gates)
            yield f"{name}.bias", bias
            yield f"{name}.recurrent_bias", np.zeros(gates * units)
        case Attention(units=units):
            yield drawn("kernel", (units, 3 * units), 3)
            yield f"{name}.bias", np.zeros(3 * units)
            yield drawn("output_kernel", (units, units))
            yield f"{name}.output_bias", np.zeros(units)
        case _:
            return


def _random(seed: int, name: str) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(key=[seed, zlib.crc32(name.encode())]))


def _vectors(shape: tuple[int, int], seed: int, name: str) -> Floats:
    return EMBEDDING_STD * _random(seed, f"{name}.kernel").standard_normal(shape)


def _draw(shape: tuple[int, ...], how: Initialization, seed: int, name: str, pieces: int) -> Floats:
    """`pieces` kernels side by side, such as an LSTM's gates, each drawn for its own width."""
    random = _random(seed, name)
    each = (*shape[:-1], shape[-1] // pieces)
    return np.concatenate([_piece(each, how, random) for _ in range(pieces)], axis=-1)


def _piece(shape: tuple[int, ...], how: Initialization, random: np.random.Generator) -> Floats:
    receptive = math.prod(shape[:-2])
    fan_in, fan_out = shape[-2] * receptive, shape[-1] * receptive
    scheme, _, form = how.kind.partition("_")
    if scheme == "zeros":
        return np.zeros(shape)
    if scheme == "constant":
        return np.full(shape, how.gain)
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
