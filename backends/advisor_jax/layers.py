"""The layers as a flax NNX module. NNX's layouts are the canonical ones: nothing is permuted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
from flax import nnx
from jax import Array, lax

from advisor.architecture import (
    BATCH_NORM_MOMENTUM,
    LEAKY_SLOPE,
    NORM_EPS,
    Activation,
    Attention,
    AveragePool,
    BatchNorm,
    Conv,
    Dense,
    Dropout,
    Embedding,
    Flatten,
    GlobalAverage,
    GroupNorm,
    LastStep,
    Layer,
    LayerNorm,
    MaxPool,
    Positions,
    Recurrent,
    Residual,
    Rows,
    walk,
)
from advisor_jax.images import average_pool, matmul_conv, max_pool
from advisor_jax.masks import Mode, dropped, dropped_examples
from advisor_jax.precision import HIGHEST, Low, lowered
from advisor_jax.sequences import (
    PositionVectors,
    RecurrentStates,
    SelfAttention,
    is_token,
    last_step,
    mean_over_time,
)

ACTIVATIONS: Mapping[str, Callable[[Array], Array]] = {
    "relu": jax.nn.relu,
    # jax.nn.leaky_relu has the derivative 1 at 0, PyTorch the slope
    "leaky_relu": lambda x: jnp.where(x > 0, x, LEAKY_SLOPE * x),
    "elu": jax.nn.elu,
    "selu": jax.nn.selu,
    "gelu": lambda x: jax.nn.gelu(x, approximate=False),
    "silu": jax.nn.silu,
    "tanh": jnp.tanh,
    "sigmoid": jax.nn.sigmoid,
}


class Model(nnx.Module):
    """A layer list; parameters and statistics are at `parts.<layer name>.<array>`."""

    def __init__(
        self, layers: tuple[Layer, ...], *, low: Low, matmul: bool, rngs: nnx.Rngs
    ) -> None:
        self.layers = nnx.static(layers)
        made = {layer.name: _made(layer, low, matmul, rngs) for layer in walk(layers)}
        self.parts = nnx.Dict({name: part for name, part in made.items() if part is not None})

    def __call__(self, x: Array, mode: Mode) -> Array:
        """Raw outputs (N, outputs) or (N, time, outputs) for inputs in the canonical layout."""
        return self._through(self.layers, x, replace(mode))

    def _through(self, layers: tuple[Layer, ...], x: Array, mode: Mode) -> Array:
        for layer in layers:
            x = self._apply(layer, x, mode)
        return x

    def _apply(self, layer: Layer, x: Array, mode: Mode) -> Array:
        match layer:
            case BatchNorm():
                made = self.parts[layer.name](x, use_running_average=not mode.batch_statistics)
            case Dense() | Conv() | LayerNorm() | GroupNorm() | Positions() | Recurrent():
                made = self.parts[layer.name](x)
            case Attention():
                made = self.parts[layer.name](x, mode)
            case Embedding():
                mode.mask = is_token(x)
                part: Any = self.parts[layer.name]
                made = part.embedding[...][x]  # calling it would cast float64 to float32
            case Activation():
                made = ACTIVATIONS[layer.kind](x)
                if mode.seen is not None:
                    mode.seen[layer.name] = made
            case Residual():
                body = self._through(layer.body, x, mode)
                shortcut = self._through(layer.shortcut, x, mode)
                made = shortcut + dropped_examples(layer.name, body, mode)
            case _:
                made = _without_weights(layer, x, mode)
        result: Array = made
        return result


def _without_weights(layer: Layer, x: Array, mode: Mode) -> Array:
    match layer:
        case Dropout():
            return dropped(layer.name, x, mode)
        case MaxPool():
            return max_pool(x)
        case AveragePool():
            return average_pool(x)
        case GlobalAverage():
            return mean_over_time(x, mode.mask)
        case LastStep():
            return last_step(x, mode.mask)
        case Flatten():
            return x.reshape(len(x), -1)
        case Rows():
            return x.reshape(len(x), x.shape[1], -1)
        case _:
            raise TypeError(f"no such layer: {layer}")


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
                    "train.batch_size / train.accumulation is 1"
                )
            self.var[...] = kept + (self.var[...] - kept) * (count / (count - 1))
        return normalised


def _made(layer: Layer, low: Low, matmul: bool, rngs: nnx.Rngs) -> nnx.Module | None:
    match layer:
        case Dense():
            return nnx.Linear(
                layer.inputs,
                layer.outputs,
                precision=HIGHEST,
                dot_general=lowered(lax.dot_general, low),
                rngs=rngs,
            )
        case Conv():
            size, pad = layer.kernel_size, layer.kernel_size // 2
            return nnx.Conv(
                layer.inputs,
                layer.outputs,
                (size, size),
                strides=(layer.stride, layer.stride),
                padding=((pad, pad), (pad, pad)),
                precision=HIGHEST,
                conv_general_dilated=convolution(low, matmul),
                rngs=rngs,
            )
        case Embedding():
            return nnx.Embed(layer.vocabulary, layer.units, rngs=rngs)
        case Positions():
            return PositionVectors(layer)
        case Recurrent():
            return RecurrentStates(layer, low)
        case Attention():
            return SelfAttention(layer, low)
        case _:
            return _norm(layer, rngs)


def convolution(low: Low, matmul: bool) -> Callable[..., Array]:
    """In the place of `lax.conv_general_dilated`."""
    return lowered(matmul_conv if matmul else lax.conv_general_dilated, low)


def _norm(layer: Layer, rngs: nnx.Rngs) -> nnx.Module | None:
    how: dict[str, Any] = {"epsilon": NORM_EPS, "use_fast_variance": False, "rngs": rngs}
    match layer:
        case BatchNorm():
            return UnbiasedBatchNorm(layer.features, momentum=1 - BATCH_NORM_MOMENTUM, **how)
        case LayerNorm():
            return nnx.LayerNorm(layer.features, **how)
        case GroupNorm():
            return nnx.GroupNorm(layer.features, num_groups=layer.groups, **how)
        case _:
            return None
