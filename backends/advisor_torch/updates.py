"""What a step does once the gradient is there: clip, optimise, slow layers down, average."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from advisor.backend import Batches
from advisor.recipe import Recipe
from advisor_torch.averages import Averages
from advisor_torch.optimizers import make_finisher, make_optimizer
from advisor_torch.parameters import Parameters


class Updates:
    """The optimiser of one model, with all that changes the parameters."""

    def __init__(self, recipe: Recipe, parameters: Parameters) -> None:
        self._clip_norm, self._rates = recipe.optimizer.clip_norm, recipe.regularization
        self._parameters, vector = parameters, parameters.vector
        self._optimizer = make_optimizer(recipe, vector, parameters.kernels)
        self._finisher = make_finisher(recipe, vector, parameters.kernels)
        self._scales: tuple[Mapping[str, float], Tensor] | None = None
        self.averages = Averages(parameters)

    def begin(self, batches: Batches) -> None:
        """What the steps of these batches have in common."""
        if batches.average is not None:
            self.averages.begin()
        if batches.scales is None:
            self._scales = None
        elif self._scales is None or self._scales[0] != batches.scales:
            self._scales = dict(batches.scales), self._parameters.spread(batches.scales)

    def penalized(self, gradient: Tensor) -> Tensor:
        """The gradient of loss plus penalties; overwrites that of the loss."""
        kernels, rates = self._parameters.kernels, self._rates
        if rates.l2:
            gradient[: len(kernels)].add_(kernels, alpha=rates.l2)
        if rates.l1:
            gradient[: len(kernels)].add_(kernels.sign(), alpha=rates.l1)
        return gradient

    def take(self, gradient: Tensor, norm: Tensor, batches: Batches, i: int) -> None:
        """Step i of these batches, with this gradient of this norm."""
        if self._clip_norm is not None:
            gradient.mul_((self._clip_norm / (norm + 1e-6)).clamp_(max=1))
        handed_over = batches.handed_over and self._finisher is not None
        optimizer = self._finisher if handed_over else self._optimizer
        assert optimizer is not None
        if self._scales is None:
            optimizer.update(gradient, float(batches.lr[i]))
        else:
            before = self._parameters.vector.clone()
            optimizer.update(gradient, float(batches.lr[i]))
            self._slow_down(before, self._scales[1])

    def average(self, batches: Batches, i: int) -> None:
        """After step i, taken or skipped."""
        if batches.average is not None and batches.average[i] > 0:
            self.averages.move(float(batches.average[i]))

    def _slow_down(self, before: Tensor, scales: Tensor) -> None:
        """Scale the change; exact at 0, where the change may not even be finite, and at 1."""
        after = self._parameters.vector
        moved = torch.where(scales == 1, after, before + scales * (after - before))
        after.copy_(torch.where(scales == 0, before, moved))

    def buffers(self) -> dict[str, Tensor]:
        """Everything that changes with the steps, but for the parameters and averages."""
        found = {f"optimizer.{name}": one for name, one in self._optimizer.buffers.items()}
        if self._finisher is not None:
            finisher = self._finisher.buffers
            found |= {f"handover.{name}": one for name, one in finisher.items()}
        return found
