"""The layers as functions of tensors, and their weights in PyTorch's layout.

Inside, images are (N, C, H, W) in channels-last memory, which is the canonical (N, H, W, C) seen
through a permutation: nothing is copied on the way in, nor on the way to the dense layers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

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
    Floats,
    Layer,
    LayerNorm,
    MaxPool,
    Weights,
    is_decayed,
    is_trainable,
)

ACTIVATIONS: Mapping[str, Callable[[Tensor], Tensor]] = {
    "relu": F.relu,
    "leaky_relu": lambda x: F.leaky_relu(x, LEAKY_SLOPE),
    "elu": F.elu,
    "gelu": F.gelu,
    "silu": F.silu,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
}


@dataclass
class Mode:
    """How a forward pass treats normalisation and dropout; evaluation unless told otherwise."""

    batch_statistics: bool = False
    update_statistics: bool = False
    masks: torch.Generator | None = None
    """draws dropout masks; None drops nothing"""
    seen: dict[str, Tensor] | None = None
    """collects the outputs of activation layers, channels last"""


def forward(
    layers: Sequence[Layer], weights: Mapping[str, Tensor], x: Tensor, mode: Mode
) -> Tensor:
    """Raw outputs (N, outputs) for inputs in the canonical layout (N, ...)."""
    x = _channels_first(x)
    for layer in layers:
        x = _apply(layer, weights, x, mode)
    return x


def _apply(layer: Layer, weights: Mapping[str, Tensor], x: Tensor, mode: Mode) -> Tensor:
    match layer:
        case Dense():
            return torch.addmm(weights[f"{layer.name}.bias"], x, weights[f"{layer.name}.kernel"])
        case Conv():
            kernel, bias = weights[f"{layer.name}.kernel"], weights[f"{layer.name}.bias"]
            return F.conv2d(x, kernel, bias, padding=layer.kernel_size // 2)
        case BatchNorm():
            return _batch_norm(layer, weights, x, mode)
        case LayerNorm():
            scale, bias = weights[f"{layer.name}.scale"], weights[f"{layer.name}.bias"]
            normed = F.layer_norm(_channels_last(x), (layer.features,), scale, bias, NORM_EPS)
            return _channels_first(normed)
        case Activation():
            x = ACTIVATIONS[layer.kind](x)
            if mode.seen is not None:
                mode.seen[layer.name] = _channels_last(x)
            return x
        case MaxPool():
            return F.max_pool2d(x, 2)
        case Dropout():
            return _dropout(layer.rate, x, mode.masks)
        case Flatten():
            return _channels_last(x).flatten(1)


def _channels_first(x: Tensor) -> Tensor:
    return x.permute(0, 3, 1, 2) if x.ndim == 4 else x


def _channels_last(x: Tensor) -> Tensor:
    return x.permute(0, 2, 3, 1) if x.ndim == 4 else x


def _batch_norm(layer: BatchNorm, weights: Mapping[str, Tensor], x: Tensor, mode: Mode) -> Tensor:
    known = mode.update_statistics or not mode.batch_statistics
    return F.batch_norm(
        x,
        weights[f"{layer.name}.mean"] if known else None,
        weights[f"{layer.name}.var"] if known else None,
        weights[f"{layer.name}.scale"],
        weights[f"{layer.name}.bias"],
        training=mode.batch_statistics,
        momentum=BATCH_NORM_MOMENTUM,
        eps=NORM_EPS,
    )


def _dropout(rate: float, x: Tensor, masks: torch.Generator | None) -> Tensor:
    if masks is None or rate == 0:
        return x
    kept = torch.rand(x.shape, generator=masks, device=x.device) >= rate
    return x * kept.to(x.dtype).div_(1 - rate)


class Parameters:
    """All arrays of a model as tensors; the trainable ones are views of one flat vector.

    Penalty, norm, clipping and optimiser are then one operation each, however many layers there
    are. Kernels come first in the vector, so that what concerns only them is a slice of it.
    """

    def __init__(self, weights: Weights, device: torch.device, dtype: torch.dtype) -> None:
        trainable = sorted(filter(is_trainable, weights), key=lambda name: not is_decayed(name))
        arrays = [_to_memory(weights[name]) for name in trainable]
        self.sizes = [array.size for array in arrays]
        self.vector = _tensor(np.concatenate([a.ravel() for a in arrays]), device, dtype)
        parts = zip(trainable, arrays, torch.split(self.vector, self.sizes), strict=True)
        self.trainable = {
            name: _from_memory(part.view(array.shape)).requires_grad_()
            for name, array, part in parts
        }
        state = (name for name in weights if not is_trainable(name))
        self.state = {name: _tensor(weights[name], device, dtype) for name in state}
        self.tensors = self.trainable | self.state
        self.names = tuple(weights)
        self.kernel_names = tuple(filter(is_decayed, trainable))
        self.kernels = self.vector[: sum(self.sizes[: len(self.kernel_names)])]

    def gradient(self, loss: Tensor) -> Tensor:
        """The gradient of `loss`, laid out like `vector`."""
        parts = torch.autograd.grad(loss, list(self.trainable.values()))
        return torch.cat([_channels_last(part).flatten() for part in parts])

    def kernel_norms(self, vector: Tensor) -> Tensor:
        """(kernels,) L2 norm of each kernel's part of something laid out like `vector`."""
        parts = torch.split(vector[: len(self.kernels)], self.sizes[: len(self.kernel_names)])
        return torch.stack([torch.linalg.vector_norm(part) for part in parts])

    def canonical(self) -> Weights:
        return {name: _to_canonical(self.tensors[name]) for name in self.names}

    def canonical_gradient(self, gradient: Tensor) -> Weights:
        """Something laid out like `vector`, by parameter name in the canonical layout."""
        parts = dict(zip(self.trainable, torch.split(gradient, self.sizes), strict=True))
        shaped = {
            name: parts[name].view(_channels_last(self.trainable[name]).shape)
            for name in self.names
            if name in parts
        }
        return {name: _to_canonical(_from_memory(part)) for name, part in shaped.items()}

    @torch.no_grad()
    def load(self, weights: Weights) -> None:
        for name, tensor in self.tensors.items():
            tensor.copy_(_from_memory(torch.from_numpy(_to_memory(weights[name]))))


def _to_memory(array: Floats) -> Floats:
    """Canonical to PyTorch's order of bytes: a convolution is (O, H, W, I), the rest as it is."""
    return np.ascontiguousarray(array.transpose(3, 0, 1, 2) if array.ndim == 4 else array)


def _from_memory(tensor: Tensor) -> Tensor:
    """As PyTorch's functions want it: a convolution is (O, I, H, W), channels last."""
    return _channels_first(tensor)


def _to_canonical(tensor: Tensor) -> Floats:
    tensor = tensor.permute(2, 3, 1, 0) if tensor.ndim == 4 else tensor
    copy: Floats = np.array(tensor.detach().cpu().numpy(), order="C")
    return copy


def _tensor(array: NDArray[Any], device: torch.device, dtype: torch.dtype) -> Tensor:
    return torch.tensor(array, device=device, dtype=dtype)


def slices(length: int, size: int) -> Iterator[slice]:
    """Consecutive slices of at most `size`; one empty slice when there is nothing."""
    return (slice(start, start + size) for start in range(0, max(1, length), size))
