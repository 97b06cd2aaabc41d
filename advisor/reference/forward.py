"""The forward pass."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from advisor.architecture import (
    BATCH_NORM_MOMENTUM,
    PADDING,
    Activation,
    Attention,
    AveragePool,
    BatchNorm,
    Conv,
    Dense,
    Dropout,
    Embedding,
    Flatten,
    Floats,
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
    Weights,
    sinusoids,
)
from advisor.backend import Inputs
from advisor.reference.layers import (
    activated,
    blocks,
    convolved,
    group_normalized,
    normalized,
)
from advisor.reference.sequences import Mask, attended, last_step, mean_over_steps, recurrent


def forward(
    layers: Sequence[Layer], weights: Weights, inputs: Inputs, training: bool = False
) -> dict[str, Floats]:
    """Every layer's output by name, those inside a Residual too; nothing is dropped.

    `inputs` are as in `Job.inputs`. `training`: batch statistics instead of running ones.
    """
    made = _Pass(weights, training)
    made.through(layers, _exact(inputs))
    return made.outputs


def running_statistics(layers: Sequence[Layer], weights: Weights, inputs: Inputs) -> Weights:
    """The running statistics of every BatchNorm after one training step on these examples."""
    made = _Pass(weights, training=True)
    made.through(layers, _exact(inputs))
    return made.statistics


@dataclass
class _Pass:
    weights: Weights
    training: bool
    mask: Mask | None = None
    """(examples, time) steps that count, from the Embedding on; None: all"""
    outputs: dict[str, Floats] = field(default_factory=dict)
    statistics: Weights = field(default_factory=dict)

    def through(self, layers: Sequence[Layer], x: Inputs) -> Inputs:
        for layer in layers:
            x = self.outputs[layer.name] = self._applied(layer, x)
        return x

    def _applied(self, layer: Layer, x: Inputs) -> Floats:
        own = _own(layer.name, self.weights)
        match layer:
            case Dense():
                return np.asarray(x @ own["kernel"] + own["bias"])
            case Conv(stride=stride):
                return convolved(x, own["kernel"], stride) + own["bias"]
            case BatchNorm():
                return self._batch_normalized(layer.name, x, own)
            case LayerNorm():
                mean, var = x.mean(axis=-1, keepdims=True), x.var(axis=-1, keepdims=True)
                return normalized(x, mean, var) * own["scale"] + own["bias"]
            case GroupNorm(groups=groups):
                return group_normalized(x, groups) * own["scale"] + own["bias"]
            case Activation(kind=kind):
                return activated(kind, x)
            case MaxPool():
                return np.asarray(blocks(x).max(axis=(2, 4)))
            case AveragePool():
                return np.asarray(blocks(x).mean(axis=(2, 4)))
            case GlobalAverage():
                return mean_over_steps(x, self.mask)
            case LastStep():
                return last_step(x, self.mask)
            case Embedding():
                self.mask = _counting(x)
                return own["kernel"][x]
            case Positions():
                table = own["kernel"] if layer.learned else sinusoids(layer.length, layer.units)
                return np.asarray(x + table)
            case Recurrent(cell=cell):
                return recurrent(cell, x, own)
            case Attention():
                return attended(x, own, layer.heads, layer.causal, self.mask)
            case Residual():
                return np.asarray(self.through(layer.shortcut, x) + self.through(layer.body, x))
            case Flatten():
                return x.reshape(len(x), -1)
            case Rows():
                return x.reshape(len(x), x.shape[1], -1)
            case Dropout():
                return x

    def _batch_normalized(self, name: str, x: Floats, own: Weights) -> Floats:
        mean, var = own["mean"], own["var"]
        if self.training:
            flat = x.reshape(-1, x.shape[-1])
            news = {"mean": flat.mean(axis=0), "var": flat.var(axis=0) * len(flat)}
            news["var"] /= max(1, len(flat) - 1)
            for part, new in news.items():
                moved = own[part] + BATCH_NORM_MOMENTUM * (new - own[part])
                self.statistics[f"{name}.{part}"] = moved
            mean, var = flat.mean(axis=0), flat.var(axis=0)
        return normalized(x, mean, var) * own["scale"] + own["bias"]


def _exact(inputs: Inputs) -> Inputs:
    tokens = np.issubdtype(inputs.dtype, np.integer)
    return inputs if tokens else inputs.astype(np.float64)


def _own(layer: str, weights: Weights) -> Weights:
    """The layer's arrays by the last part of their names."""
    parts = ((*name.rpartition("."), array) for name, array in weights.items())
    return {part: array for owner, _, part, array in parts if owner == layer}


def _counting(tokens: Inputs) -> Mask:
    """Which steps are no padding; an example of padding alone counts as one step."""
    mask = np.asarray(tokens != PADDING)
    mask[:, 0] |= ~mask.any(axis=1)
    return mask
