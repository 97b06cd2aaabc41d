"""The arrays of a model as tensors, most of them views of two flat vectors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import torch
from torch import Tensor

from advisor.architecture import Floats, Weights, is_decayed, is_trainable
from advisor_torch.tensors import channels_first, channels_last, from_array, to_array


@dataclass(frozen=True)
class Layout:
    """What the arrays of a model are, by name, and whether 4-d ones are canonical kernels."""

    trainable: Callable[[str], bool]
    kernel: Callable[[str], bool]
    canonical: bool
    """4-d arrays are (H, W, I, O) outside, (O, H, W, I) in memory and (O, I, H, W) in use"""
    used: bool = True
    """every parameter has a part in the loss"""

    def to_memory(self, array: Floats) -> Floats:
        moved = array.transpose(3, 0, 1, 2) if self.canonical and array.ndim == 4 else array
        return np.ascontiguousarray(moved).reshape(moved.shape)

    def in_use(self, tensor: Tensor) -> Tensor:
        return channels_first(tensor) if self.canonical else tensor

    def in_memory(self, tensor: Tensor) -> Tensor:
        return channels_last(tensor) if self.canonical else tensor

    def outside(self, tensor: Tensor) -> Floats:
        if self.canonical and tensor.ndim == 4:
            tensor = tensor.permute(2, 3, 1, 0)
        return to_array(tensor)


Home: TypeAlias = tuple[Tensor, Tensor]
"""Room for the parameters, and for the running statistics."""
CANONICAL = Layout(is_trainable, is_decayed, canonical=True)


class Parameters:
    """All arrays of a model as tensors; the trainable ones are views of one flat vector.

    Penalty, norm, clipping and optimiser are then one operation each, however many layers there
    are. Kernels come first in the vector, so that what concerns only them is a slice of it.
    Running statistics are views of a second vector; integers are tensors of their own.
    `home` is where the two vectors shall lie, if that matters.
    """

    def __init__(
        self,
        weights: Weights,
        device: torch.device,
        dtype: torch.dtype,
        layout: Layout = CANONICAL,
        home: Home | None = None,
    ) -> None:
        self.layout, self.names = layout, tuple(weights)
        learned = sorted(
            filter(layout.trainable, weights), key=lambda name: not layout.kernel(name)
        )
        kept = [name for name in weights if not layout.trainable(name)]
        counted = [name for name in kept if not np.issubdtype(weights[name].dtype, np.floating)]
        arrays = {name: layout.to_memory(array) for name, array in weights.items()}
        self._shapes = {name: arrays[name].shape for name in learned}
        self._kept = {name: arrays[name].shape for name in kept if name not in counted}
        self.sizes = [arrays[name].size for name in learned]
        self.kernel_names = tuple(filter(layout.kernel, learned))
        self._kernel_sizes = self.sizes[: len(self.kernel_names)]
        flat = _flat(arrays, self._shapes, device, dtype)
        statistics = _flat(arrays, self._kept, device, dtype)
        self.vector = flat if home is None else home[0].copy_(flat)
        self.statistics = statistics if home is None else home[1].copy_(statistics)
        self.counts = {name: torch.tensor(arrays[name], device=device) for name in counted}
        self.kernels = self.vector[: sum(self._kernel_sizes)]
        self.trainable = {
            name: part.requires_grad_()
            for name, part in self._views(self.vector, self._shapes).items()
        }
        self.state = self._views(self.statistics, self._kept) | self.counts
        self.tensors = self.trainable | self.state

    def tensors_of(self, vector: Tensor, statistics: Tensor) -> dict[str, Tensor]:
        """Like `tensors`, of two other vectors laid out like these."""
        views = self._views(vector, self._shapes) | self._views(statistics, self._kept)
        return views | self.counts

    def gradient(self, loss: Tensor) -> Tensor:
        """The gradient of `loss`, laid out like `vector`."""
        leaves = list(self.trainable.values())
        if self.layout.used:
            parts = torch.autograd.grad(loss, leaves)
        else:
            parts = torch.autograd.grad(loss, leaves, allow_unused=True, materialize_grads=True)
        return torch.cat([self.layout.in_memory(part).flatten() for part in parts])

    def kernel_norms(self, vector: Tensor) -> Tensor:
        """(kernels,) L2 norm of each kernel's part of something laid out like `vector`."""
        if not self.kernel_names:
            return vector.new_zeros(0)
        parts = torch.split(vector[: len(self.kernels)], self._kernel_sizes)
        return torch.stack([torch.linalg.vector_norm(part) for part in parts])

    def outside(self, tensors: Mapping[str, Tensor] | None = None) -> Weights:
        """Copies of all arrays, in the layout and order that they came in."""
        found = self.tensors if tensors is None else tensors
        return {name: self.layout.outside(found[name]) for name in self.names}

    def gradient_outside(self, gradient: Tensor) -> Weights:
        """Something laid out like `vector`, by parameter name in the layout outside."""
        parts = self._views(gradient, self._shapes)
        return {name: self.layout.outside(parts[name]) for name in self.names if name in parts}

    def spread(self, values: Mapping[str, float]) -> Tensor:
        """One value for each parameter (1 where none is given), laid out like `vector`."""
        each = [torch.tensor(values.get(name, 1.0), dtype=torch.float64) for name in self._shapes]
        parts = [value.expand(size) for value, size in zip(each, self.sizes, strict=True)]
        return torch.cat(parts).to(self.vector)

    @torch.no_grad()
    def load(self, weights: Weights) -> None:
        for name, tensor in self.tensors.items():
            memory = from_array(self.layout.to_memory(weights[name]))
            tensor.copy_(self.layout.in_use(memory))

    def _views(self, vector: Tensor, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Tensor]:
        parts = torch.split(vector, [int(np.prod(shape)) for shape in shapes.values()])
        return {
            name: self.layout.in_use(part.view(shape))
            for (name, shape), part in zip(shapes.items(), parts, strict=True)
        }


def _flat(
    arrays: Weights, shapes: Mapping[str, tuple[int, ...]], device: torch.device, dtype: torch.dtype
) -> Tensor:
    parts = [arrays[name].ravel() for name in shapes]
    return torch.tensor(np.concatenate([*parts, np.zeros(0)]), device=device, dtype=dtype)
