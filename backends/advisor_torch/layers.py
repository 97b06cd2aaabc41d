"""The layers as functions of tensors; images are (N, C, H, W) inside."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

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
)
from advisor_torch import products, sequences
from advisor_torch.mode import Mode
from advisor_torch.tensors import channels_first, channels_last

ACTIVATIONS: Mapping[str, Callable[[Tensor], Tensor]] = {
    "relu": F.relu,
    "leaky_relu": lambda x: F.leaky_relu(x, LEAKY_SLOPE),
    "elu": F.elu,
    "selu": F.selu,
    "gelu": F.gelu,
    "silu": F.silu,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
}


def forward(
    layers: Sequence[Layer], weights: Mapping[str, Tensor], x: Tensor, mode: Mode
) -> Tensor:
    """Raw outputs (N, outputs) or (N, time, outputs) for canonical inputs (N, ...) or tokens."""
    return _through(layers, weights, channels_first(x), mode)


def _through(
    layers: Sequence[Layer], weights: Mapping[str, Tensor], x: Tensor, mode: Mode
) -> Tensor:
    for layer in layers:
        x = _apply(layer, weights, x, mode)
    return x


def _apply(layer: Layer, weights: Mapping[str, Tensor], x: Tensor, mode: Mode) -> Tensor:
    match layer:
        case Dense(name=name):
            kernel, bias = weights[f"{name}.kernel"], weights[f"{name}.bias"]
            return channels_first(products.dense(channels_last(x), kernel, bias, mode.low))
        case Conv(name=name):
            kernel, bias = weights[f"{name}.kernel"], weights[f"{name}.bias"]
            return products.conv(x, kernel, bias, layer.stride, mode.low)
        case Activation():
            x = ACTIVATIONS[layer.kind](x)
            if mode.seen is not None:
                mode.seen[layer.name] = channels_last(x)
            return x
        case Dropout():
            return sequences.dropout(layer.rate, x, mode.masks)
        case MaxPool():
            return F.max_pool2d(x, 2)
        case AveragePool():
            return F.avg_pool2d(x, 2)
        case Flatten():
            return channels_last(x).flatten(1)
        case Rows():
            return channels_last(x).flatten(2)
        case Residual():
            body = _through(layer.body, weights, x, mode)
            body = sequences.dropped_examples(layer.rate, body, mode.masks)
            return _through(layer.shortcut, weights, x, mode) + body
        case BatchNorm() | LayerNorm() | GroupNorm():
            return _normalized(layer, weights, x, mode)
        case _:
            return _on_a_sequence(layer, weights, x, mode)


def _on_a_sequence(
    layer: GlobalAverage | LastStep | Embedding | Positions | Recurrent | Attention,
    weights: Mapping[str, Tensor],
    x: Tensor,
    mode: Mode,
) -> Tensor:
    match layer:
        case GlobalAverage():
            return sequences.mean_over_steps(channels_last(x), mode.counting)
        case LastStep():
            return sequences.last_step(x, mode.counting)
        case Embedding():
            mode.note_padding(x)
            return F.embedding(x, weights[f"{layer.name}.kernel"])
        case Positions():
            return sequences.add_positions(layer, weights, x)
        case Recurrent():
            return sequences.recurrent(layer, weights, x, mode.low)
        case Attention():
            return sequences.attention(layer, weights, x, mode)


def _normalized(
    layer: BatchNorm | LayerNorm | GroupNorm, weights: Mapping[str, Tensor], x: Tensor, mode: Mode
) -> Tensor:
    scale, bias = weights[f"{layer.name}.scale"], weights[f"{layer.name}.bias"]
    if isinstance(layer, LayerNorm):
        normed = F.layer_norm(channels_last(x), (layer.features,), scale, bias, NORM_EPS)
        return channels_first(normed)
    if x.ndim == 3:  # the channels of a sequence come last
        return (
            _normalized(layer, weights, x.unsqueeze(1).permute(0, 3, 1, 2), mode)
            .permute(0, 2, 3, 1)
            .squeeze(1)
        )
    if isinstance(layer, GroupNorm):
        return torch.group_norm(x, layer.groups, scale, bias, NORM_EPS)
    mean, var = weights[f"{layer.name}.mean"], weights[f"{layer.name}.var"]
    if mode.batch_statistics and x.numel() == layer.features:
        return _lone_batch_norm(x, (mean, var), scale, bias, mode)
    known = mode.update_statistics or not mode.batch_statistics
    return F.batch_norm(
        x,
        mean if known else None,
        var if known else None,
        scale,
        bias,
        training=mode.batch_statistics,
        momentum=BATCH_NORM_MOMENTUM,
        eps=NORM_EPS,
    )


def _lone_batch_norm(
    x: Tensor, statistics: tuple[Tensor, Tensor], scale: Tensor, bias: Tensor, mode: Mode
) -> Tensor:
    """Of one value a channel, which PyTorch refuses: it is its own mean, and the variance is 0."""
    if mode.update_statistics:
        mean, var = statistics
        mean.lerp_(x.detach().flatten(), BATCH_NORM_MOMENTUM)
        var.mul_(1 - BATCH_NORM_MOMENTUM)
    shape = (1, -1, *[1] * (x.ndim - 2))
    return (x - x) * scale.view(shape) + bias.view(shape)
