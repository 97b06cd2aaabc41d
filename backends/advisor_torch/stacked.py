"""The layers of an MLP for K members at once: every tensor has the members first.

The members' parameters are (K, ...), their examples (K, N, ...). What is drawn at random comes
from each member's own generator, in the order in which it would draw alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from advisor.architecture import (
    BATCH_NORM_MOMENTUM,
    NORM_EPS,
    Activation,
    BatchNorm,
    Dense,
    Dropout,
    Flatten,
    GroupNorm,
    Layer,
    LayerNorm,
    Residual,
    walk,
)
from advisor_torch.layers import ACTIVATIONS

KNOWN = (Dense, Activation, LayerNorm, GroupNorm, BatchNorm, Dropout, Flatten, Residual)


@dataclass(frozen=True)
class Draws:
    """Where each member's masks come from, and the rates of its layers by name."""

    generators: Sequence[torch.Generator]
    rates: Mapping[str, Sequence[float]]


def known(layers: Sequence[Layer]) -> bool:
    """Whether all of these layers have a stacked form."""
    return all(isinstance(layer, KNOWN) for layer in walk(layers))


def forward(
    layers: Sequence[Layer], weights: Mapping[str, Tensor], x: Tensor, draws: Draws
) -> Tensor:
    """Raw outputs (K, N, outputs) in training for inputs (K, N, ...)."""
    for layer in layers:
        x = _apply(layer, weights, x, draws)
    return x


def _apply(layer: Layer, weights: Mapping[str, Tensor], x: Tensor, draws: Draws) -> Tensor:
    match layer:
        case Dense(name=name):
            kernel, bias = weights[f"{name}.kernel"], weights[f"{name}.bias"]
            return torch.baddbmm(bias[:, None], x, kernel)
        case Activation(kind=kind):
            return ACTIVATIONS[kind](x)
        case Flatten():
            return x.flatten(2)
        case Dropout(name=name):
            return _dropped(x, draws, name, x.shape[1:])
        case Residual(name=name):
            body = forward(layer.body, weights, x, draws)
            body = _dropped(body, draws, name, x.shape[1:2])
            return forward(layer.shortcut, weights, x, draws) + body
        case BatchNorm() | LayerNorm() | GroupNorm():
            scale, bias = weights[f"{layer.name}.scale"], weights[f"{layer.name}.bias"]
            return torch.addcmul(bias[:, None], _normed(layer, weights, x), scale[:, None])
        case _:
            raise TypeError(f"no stacked form of {layer}")


def _normed(
    layer: BatchNorm | LayerNorm | GroupNorm, weights: Mapping[str, Tensor], x: Tensor
) -> Tensor:
    if isinstance(layer, LayerNorm):
        return F.layer_norm(x, (layer.features,), None, None, NORM_EPS)
    if isinstance(layer, GroupNorm):
        flat = x.flatten(0, 1)
        return torch.group_norm(flat, layer.groups, None, None, NORM_EPS).view_as(x)
    return _batch_normed(weights[f"{layer.name}.mean"], weights[f"{layer.name}.var"], x)


def _batch_normed(mean: Tensor, var: Tensor, x: Tensor) -> Tensor:
    """The members' features are one row of K times as many."""
    members, examples, features = x.shape
    row = x.transpose(0, 1).reshape(examples, members * features)
    means, variances = mean.flatten(), var.flatten()
    made = F.batch_norm(
        row, means, variances, training=True, momentum=BATCH_NORM_MOMENTUM, eps=NORM_EPS
    )
    mean.copy_(means.view_as(mean))
    var.copy_(variances.view_as(var))
    return made.view(examples, members, features).transpose(0, 1)


def _dropped(x: Tensor, draws: Draws, name: str, shape: Sequence[int]) -> Tensor:
    """Inverted dropout, of single values or of whole examples."""
    rates = draws.rates[name]
    if not any(rates):
        return x
    drawn = torch.ones(len(rates), *shape, dtype=torch.get_default_dtype())
    for values, rate, generator in zip(drawn, rates, draws.generators, strict=True):
        if rate:
            torch.rand(shape, generator=generator, out=values)
    shape = (-1, *[1] * len(shape))
    limits = torch.tensor(rates, dtype=drawn.dtype).view(shape)
    kept = torch.tensor([1 - rate for rate in rates], dtype=x.dtype).view(shape)
    factors = (drawn >= limits).to(x.dtype).div_(kept)
    return x * factors.view(*factors.shape, *[1] * (x.ndim - factors.ndim))
