"""Averages of parameters and running statistics along the way."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from advisor_torch.parameters import Parameters


class Averages:
    """Of one model; `tensors` is what evaluation uses."""

    def __init__(self, parameters: Parameters) -> None:
        self._parameters = parameters
        self._means: tuple[Tensor, Tensor] | None = None
        self._views: Mapping[str, Tensor] = {}
        self._in_use = False

    @property
    def tensors(self) -> Mapping[str, Tensor]:
        return self._views if self._in_use else self._parameters.tensors

    def begin(self) -> None:
        """Start from the current values, unless begun already."""
        if self._means is None:
            current = self._parameters
            self._means = current.vector.detach().clone(), current.statistics.clone()
            self._views = current.tensors_of(*self._means)

    def move(self, share: float) -> None:
        """Towards the current values; those are in use from now on."""
        self.begin()
        assert self._means is not None
        current = self._parameters.vector.detach(), self._parameters.statistics
        for mean, now in zip(self._means, current, strict=True):
            mean.lerp_(now, share)
        self._in_use = True

    def forget(self) -> None:
        self._means, self._views, self._in_use = None, {}, False

    def state(self) -> dict[str, Tensor]:
        if self._means is None:
            return {}
        names = ("average.parameters", "average.statistics", "average.in_use")
        return dict(zip(names, (*self._means, torch.tensor(float(self._in_use))), strict=True))

    def restore(self, state: Mapping[str, Tensor]) -> None:
        self.forget()
        if "average.parameters" in state:
            self.begin()
            assert self._means is not None
            self._means[0].copy_(state["average.parameters"])
            self._means[1].copy_(state["average.statistics"])
            self._in_use = bool(state["average.in_use"])
