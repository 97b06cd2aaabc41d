"""One model in training: optimiser steps, predictions, and what they measure."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from advisor.architecture import Floats, Weights
from advisor.backend import Batches, Inputs, Job, StepReport
from advisor_torch.devices import DTYPES, LOW, exact
from advisor_torch.examples import Batch, Examples, has_padding
from advisor_torch.losses import Loss
from advisor_torch.mode import Masks, Mode
from advisor_torch.network import Layered, Network
from advisor_torch.own import OwnNetwork
from advisor_torch.parameters import CANONICAL, Home, Layout, Parameters
from advisor_torch.scaling import LossScale
from advisor_torch.telemetry import Telemetry
from advisor_torch.tensors import slices, to_array
from advisor_torch.updates import Updates

PREDICTED_AT_ONCE = 1024
"""examples; bounds the memory of a prediction"""


class TorchTraining:
    """Implements `advisor.backend.Training`. `home` is where the parameters shall lie, if given."""

    def __init__(self, job: Job, device: torch.device, home: Home | None = None) -> None:
        self.device, self._on = str(device), device
        self._recipe, self._deterministic = job.recipe, job.deterministic
        dtype = DTYPES.get(job.precision, torch.float32)
        self._low = LOW.get(job.precision)
        self.network, weights, layout = _model(job)
        self.parameters = Parameters(weights, device, dtype, layout, home)
        if isinstance(self.network, OwnNetwork):
            self.network.check(self.parameters.tensors, job.inputs, self._low)
        self.examples = Examples(job, device, dtype)
        self.target_weights = _factors(job, device, dtype)
        self.loss = Loss(job.recipe, self.target_weights)
        self.updates = Updates(job.recipe, self.parameters)
        self.masks = Masks(device, job.recipe.train.seed)
        self._scale = LossScale() if job.precision == "float16" else None

    def run(self, batches: Batches) -> StepReport:
        with exact(self._on, self._deterministic):
            return self._run(batches)

    def _run(self, batches: Batches) -> StepReport:
        parameters, updates = self.parameters, self.updates
        telemetry = Telemetry(parameters)
        padded, last = self.examples.padded(batches), len(batches.rows) - 1
        updates.begin(batches)
        for i, batch in enumerate(self.examples.in_order(batches)):
            before = parameters.statistics.clone() if self._scale else None
            loss, gradient = self._differentiated(batch, batches.step + i, padded)
            gradient = updates.penalized(gradient)
            norm = torch.linalg.vector_norm(gradient)
            telemetry.note(loss, norm)
            if i == last:
                telemetry.before(gradient)
            if self._scale is None or self._scale.passes(norm):
                updates.take(gradient, norm, batches, i)
            elif before is not None:
                parameters.statistics.copy_(before)
            updates.average(batches, i)
        return telemetry.report()

    def _differentiated(self, batch: Batch, step: int, padded: bool) -> tuple[Tensor, Tensor]:
        """The mean loss, and its gradient, over the portions of a batch."""
        total: tuple[Tensor, Tensor] | None = None
        for number, part in enumerate(batch.portions(self._recipe.train.accumulation)):
            masks = self.masks.of(step, number) if self.network.drops else None
            mode = self._mode(
                batch_statistics=True, update_statistics=True, masks=masks, padded=padded
            )
            outputs = self.network(self.parameters.tensors, part.inputs, mode)
            loss = self.loss(outputs, part.targets, part.second, part.shares)
            if len(part.targets) < len(batch.targets):
                loss = loss * (len(part.targets) / len(batch.targets))
            gradient = self._gradient(loss)
            loss = loss.detach()
            total = (
                (loss, gradient) if total is None else (total[0] + loss, total[1].add_(gradient))
            )
        assert total is not None
        return total

    def _gradient(self, loss: Tensor) -> Tensor:
        if self._scale is None:
            return self.parameters.gradient(loss)
        return self._scale.unscaled(self.parameters.gradient(self._scale.scaled(loss)))

    def predict(self, inputs: Inputs) -> Floats:
        parts = [self._evaluate(inputs[part], self._mode()) for part in self._slices(inputs)]
        return to_array(torch.cat(parts))

    def activations(self, inputs: Inputs) -> dict[str, Floats]:
        parts: dict[str, list[Floats]] = {}
        for part in self._slices(inputs):
            seen: dict[str, Tensor] = {}
            self._evaluate(inputs[part], self._mode(seen=seen))
            for name, values in seen.items():
                parts.setdefault(name, []).append(to_array(values))
        return {name: np.concatenate(found) for name, found in parts.items()}

    def gradients(self, inputs: Inputs, targets: NDArray[Any]) -> tuple[float, Weights]:
        mode = self._mode(batch_statistics=True, padded=has_padding(inputs))
        with exact(self._on, self._deterministic):
            given = self.examples.inputs(inputs)
            outputs = self.network(self.parameters.tensors, given, mode)
            loss = self.loss(outputs, self.examples.targets(targets))
            gradient = self.updates.penalized(self._gradient(loss))
        return float(loss.detach()), self.parameters.gradient_outside(gradient)

    def weights(self) -> Weights:
        return self.parameters.outside(self.updates.averages.tensors)

    def load(self, weights: Weights) -> None:
        self.parameters.load(weights)
        self.updates.averages.forget()

    def state(self) -> Weights:
        tensors = self._changing() | self.updates.averages.state()
        return {name: to_array(tensor) for name, tensor in tensors.items()}

    @torch.no_grad()
    def restore(self, state: Weights) -> None:
        tensors = {name: torch.from_numpy(np.array(array)) for name, array in state.items()}
        for name, tensor in self._changing().items():
            tensor.copy_(tensors[name])
        self.updates.averages.restore(tensors)

    def _changing(self) -> dict[str, Tensor]:
        """All that steps change in place, by name; the averages apart."""
        parameters = self.parameters
        found = {"parameters": parameters.vector, "statistics": parameters.statistics}
        found |= {f"counts.{name}": count for name, count in parameters.counts.items()}
        found |= self.updates.buffers()
        return found | (self._scale.buffers() if self._scale else {})

    def _evaluate(self, inputs: Inputs, mode: Mode) -> Tensor:
        mode.padded = has_padding(inputs)
        with self._without_gradients(), exact(self._on, self._deterministic):
            tensors = self.updates.averages.tensors
            return self.network(tensors, self.examples.inputs(inputs), mode)

    def _without_gradients(self) -> AbstractContextManager[None]:
        """Code of the user's own may keep a tensor for training, which inference mode forbids."""
        own = isinstance(self.network, OwnNetwork)
        made: AbstractContextManager[None] = torch.no_grad() if own else torch.inference_mode()
        return made

    def _mode(self, **settings: Any) -> Mode:
        repeatable = self._deterministic and self._on.type == "cuda"
        return Mode(low=self._low, repeatable=repeatable, **settings)

    def _slices(self, inputs: Inputs) -> Iterator[slice]:
        return slices(len(inputs), PREDICTED_AT_ONCE)


def _model(job: Job) -> tuple[Network, Weights, Layout]:
    if job.recipe.model.kind != "own":
        return Layered(job.layers), job.weights, CANONICAL
    own = OwnNetwork(job)
    return own, own.weights(), own.layout()


def _factors(job: Job, device: torch.device, dtype: torch.dtype) -> Tensor | None:
    if job.target_weights is None:
        return None
    return torch.from_numpy(np.array(job.target_weights, dtype=np.float64)).to(device, dtype)
