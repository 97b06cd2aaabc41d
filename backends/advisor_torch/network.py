"""What a training trains: a list of layers, or a module of the user's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from torch import Tensor

from advisor.architecture import Layer, drop_rates
from advisor_torch.layers import forward
from advisor_torch.mode import Mode


class Network(Protocol):
    """A function of tensors, inputs and mode."""

    drops: bool
    """whether it drops anything at random in training"""

    def __call__(self, tensors: Mapping[str, Tensor], x: Tensor, mode: Mode) -> Tensor:
        """Raw outputs (N, outputs) or (N, time, outputs) for inputs (N, ...)."""


class Layered:
    """A list of layers. Implements `Network`."""

    def __init__(self, layers: Sequence[Layer]) -> None:
        self._layers = tuple(layers)
        self.drops = any(drop_rates(layers).values())

    def __call__(self, tensors: Mapping[str, Tensor], x: Tensor, mode: Mode) -> Tensor:
        return forward(self._layers, tensors, x, mode)
