"""The layers as a flax NNX module. NNX's layouts are the canonical ones: nothing is permuted."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax import Array, lax

from advisor.architecture import (
    BATCH_NORM_MOMENTUM,
    LEAKY_SLOPE,
    NORM_EPS,
    Activation,
    BatchNorm,
    Conv,
    Dense,
    Dropout,
    Flatten,
    Layer,
    LayerNorm,
    MaxPool,
)

# On GPU and TPU, float32 would otherwise mean TF32 and bfloat16 products.
PRECISION = lax.Precision.HIGHEST

ACTIVATIONS: Mapping[str, Callable[[Array], Array]] = {
    "relu": jax.nn.relu,
    # jax.nn.leaky_relu has the derivative 1 at 0, PyTorch the slope
    "leaky_relu": lambda x: jnp.where(x > 0, x, LEAKY_SLOPE * x),
    "elu": jax.nn.elu,
    "gelu": lambda x: jax.nn.gelu(x, approximate=False),
    "silu": jax.nn.silu,
    "tanh": jnp.tanh,
    "sigmoid": jax.nn.sigmoid,
}


@dataclass
class Mode:
    """How a forward pass treats normalisation and dropout."""

    batch_statistics: bool = False
    masks: Array | None = None
    """(2,) random words that dropout masks are made from; None drops nothing"""
    rates: Mapping[str, Array] | None = None
    """drop rate of each dropout layer, traced"""
    seen: dict[str, Array] | None = None
    """collects the outputs of activation layers"""


class Model(nnx.Module):
    """A layer list; parameters and statistics are at `parts.<layer name>.<array>`."""

    def __init__(self, layers: tuple[Layer, ...], *, matmul: bool, rngs: nnx.Rngs) -> None:
        self.layers = nnx.static(layers)
        made = {layer.name: _made(layer, matmul, rngs) for layer in layers}
        self.parts = nnx.Dict({name: part for name, part in made.items() if part is not None})

    def __call__(self, x: Array, mode: Mode) -> Array:
        """Raw outputs (N, outputs) for inputs in the canonical layout (N, ...)."""
        for layer in self.layers:
            x = self._apply(layer, x, mode)
        return x

    def _apply(self, layer: Layer, x: Array, mode: Mode) -> Array:
        match layer:
            case BatchNorm():
                made = self.parts[layer.name](x, use_running_average=not mode.batch_statistics)
            case Dense() | Conv() | LayerNorm():
                made = self.parts[layer.name](x)
            case Activation():
                made = ACTIVATIONS[layer.kind](x)
                if mode.seen is not None:
                    mode.seen[layer.name] = made
            case MaxPool():
                made = max_pool(x)
            case Dropout():
                made = _dropout(layer.name, x, mode)
            case Flatten():
                made = x.reshape(len(x), -1)
        result: Array = made
        return result


class UnbiasedBatchNorm(nnx.BatchNorm):
    """flax's keeps the biased batch variance; PyTorch, and the convention here, the unbiased."""

    def __call__(
        self, x: Array, use_running_average: bool | None = None, *, mask: Array | None = None
    ) -> Array:
        kept = self.momentum * self.var[...]
        normalised: Array = super().__call__(x, use_running_average, mask=mask)
        if not use_running_average:
            count = x.size // x.shape[-1]
            if count < 2:
                raise ValueError(
                    "batch normalization needs more than one value per feature in a batch; "
                    "train.batch_size is 1"
                )
            self.var[...] = kept + (self.var[...] - kept) * (count / (count - 1))
        return normalised


def _made(layer: Layer, matmul: bool, rngs: nnx.Rngs) -> nnx.Module | None:
    match layer:
        case Dense():
            return nnx.Linear(layer.inputs, layer.outputs, precision=PRECISION, rngs=rngs)
        case Conv():
            size, pad = layer.kernel_size, layer.kernel_size // 2
            return nnx.Conv(
                layer.inputs,
                layer.outputs,
                (size, size),
                padding=((pad, pad), (pad, pad)),
                precision=PRECISION,
                conv_general_dilated=matmul_conv if matmul else lax.conv_general_dilated,
                rngs=rngs,
            )
        case BatchNorm():
            return UnbiasedBatchNorm(
                layer.features,
                momentum=1 - BATCH_NORM_MOMENTUM,
                epsilon=NORM_EPS,
                use_fast_variance=False,
                rngs=rngs,
            )
        case LayerNorm():
            return nnx.LayerNorm(
                layer.features, epsilon=NORM_EPS, use_fast_variance=False, rngs=rngs
            )
        case _:
            return None


def matmul_conv(x: Array, kernel: Array, strides: Any, padding: Any, **_: Any) -> Array:
    """A stride-1 convolution as slices and one matrix product.

    XLA's own convolution is 9 to 19 times slower inside a scan on CPU.
    """
    height, width = x.shape[1:3]
    size, _width, inputs, outputs = kernel.shape
    if size > 1:
        x = jnp.pad(x, ((0, 0), *padding, (0, 0)))
        shifts = [(i, j) for i in range(size) for j in range(size)]
        patches = [x[:, i : i + height, j : j + width] for i, j in shifts]
        x = jnp.concatenate(patches, axis=-1)  # (N, H, W, size * size * inputs)
    return x @ kernel.reshape(size * size * inputs, outputs)


def max_pool(x: Array) -> Array:
    """2x2, stride 2. Among equals the first has the gradient, and NaN wins, as in PyTorch."""
    n, height, width, channels = x.shape
    even = x[:, : height // 2 * 2, : width // 2 * 2]
    parts = even.reshape(n, height // 2, 2, width // 2, 2, channels)
    top = _larger(parts[:, :, 0, :, 0], parts[:, :, 0, :, 1])
    bottom = _larger(parts[:, :, 1, :, 0], parts[:, :, 1, :, 1])
    return _larger(top, bottom)


def _larger(first: Array, second: Array) -> Array:
    return jnp.where((second > first) | jnp.isnan(second), second, first)


def _dropout(name: str, x: Array, mode: Mode) -> Array:
    if mode.masks is None or mode.rates is None:
        return x
    rate = mode.rates[name]
    kept = uniform(mode.masks, sorted(mode.rates).index(name), x.shape) >= rate
    return jnp.where(kept, x / (1 - rate), 0)


def uniform(key: Array, stream: int, shape: tuple[int, ...]) -> Array:
    """Uniform [0, 1) float32 of this shape, keyed by two random words and a stream number.

    Counters hashed twice by MurmurHash3's finaliser: good enough for masks, and on CPU some 20
    times as fast as jax.random, which would take longer than the rest of a small model's step.
    """
    counters = lax.iota(jnp.uint32, math.prod(shape))
    bits = _hashed(_hashed(counters + key[0]) ^ (key[1] + np.uint32(stream)))
    return ((bits >> 8).astype(jnp.float32) * 2**-24).reshape(shape)


def _hashed(bits: Array) -> Array:
    bits = (bits ^ (bits >> 16)) * np.uint32(0x85EBCA6B)
    bits = (bits ^ (bits >> 13)) * np.uint32(0xC2B2AE35)
    return bits ^ (bits >> 16)
