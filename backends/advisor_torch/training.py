"""One model in training: optimiser steps, predictions, and what they measure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from advisor.architecture import Dropout, Floats, Weights
from advisor.backend import Batches, Job, StepReport
from advisor.events import LayerReport
from advisor_torch.devices import DTYPES, exact
from advisor_torch.layers import Mode, Parameters, forward, slices
from advisor_torch.losses import make_loss, target_type
from advisor_torch.optimizers import make_optimizer

PREDICTED_AT_ONCE = 1024
"""examples; bounds the memory of a prediction"""
GATHERED_AT_ONCE = 64 << 20
"""bytes of training inputs that are put in order ahead of the steps that use them"""


class TorchTraining:
    """Implements `advisor.backend.Training`."""

    def __init__(self, job: Job, device: torch.device) -> None:
        self.device = str(device)
        self._recipe, self._layers, self._on = job.recipe, job.layers, device
        self._dtype = DTYPES[job.precision]
        self._parameters = Parameters(job.weights, device, self._dtype)
        self._loss = make_loss(job.recipe)
        self._update = make_optimizer(job.recipe, self._parameters.vector, self._parameters.kernels)
        self._inputs, self._targets = self._floats(job.inputs), self._labels(job.targets)
        self._masks = torch.Generator(device)
        self._drops = any(isinstance(layer, Dropout) and layer.rate > 0 for layer in job.layers)

    def run(self, batches: Batches) -> StepReport:
        with exact(self._on):
            return self._run(batches)

    def _run(self, batches: Batches) -> StepReport:
        parameters, clip_norm = self._parameters, self._recipe.optimizer.clip_norm
        losses: list[Tensor] = []
        norms: list[Tensor] = []
        last = len(batches.rows) - 1
        for i, (inputs, targets) in enumerate(self._in_order(batches)):
            mode = Mode(True, True, self._masks_of(batches.step + i))
            outputs = forward(self._layers, parameters.tensors, inputs, mode)
            loss = self._loss(outputs, targets)
            gradient = self._penalized(parameters.gradient(loss))
            norm = torch.linalg.vector_norm(gradient)
            losses.append(loss.detach())
            norms.append(norm)
            if i == last:
                gradient_norms = parameters.kernel_norms(gradient)
                before = parameters.kernels.clone()
            if clip_norm is not None:
                gradient.mul_((clip_norm / (norm + 1e-6)).clamp_(max=1))
            self._update(gradient, float(batches.lr[i]))
        weight_norms = parameters.kernel_norms(before)
        changes = parameters.kernel_norms(parameters.kernels - before)
        ratios = changes / (weight_norms + 1e-9)
        return self._report(losses, norms, [gradient_norms, weight_norms, ratios])

    def _report(
        self, losses: list[Tensor], norms: list[Tensor], layers: list[Tensor]
    ) -> StepReport:
        """Everything in one transfer: the first time that the host waits for the device."""
        steps, names = len(losses), self._parameters.kernel_names
        flat = torch.cat([torch.stack(losses), torch.stack(norms), *layers]).cpu().numpy()
        by_layer = flat[2 * steps :].reshape(3, len(names)).T.tolist()
        reports = {
            name: LayerReport(*measured) for name, measured in zip(names, by_layer, strict=True)
        }
        return StepReport(flat[:steps], flat[steps : 2 * steps], reports)

    def predict(self, inputs: Floats) -> Floats:
        parts = [self._evaluate(inputs[part], Mode()) for part in self._slices(inputs)]
        outputs: Floats = torch.cat(parts).cpu().numpy()
        return outputs

    def activations(self, inputs: Floats) -> dict[str, Floats]:
        parts: dict[str, list[Floats]] = {}
        for part in self._slices(inputs):
            seen: dict[str, Tensor] = {}
            self._evaluate(inputs[part], Mode(seen=seen))
            for name, values in seen.items():
                parts.setdefault(name, []).append(values.cpu().numpy())
        return {name: np.concatenate(found) for name, found in parts.items()}

    def gradients(self, inputs: Floats, targets: NDArray[Any]) -> tuple[float, Weights]:
        mode = Mode(batch_statistics=True)
        with exact(self._on):
            outputs = forward(self._layers, self._parameters.tensors, self._floats(inputs), mode)
            loss = self._loss(outputs, self._labels(targets))
            gradient = self._penalized(self._parameters.gradient(loss))
        return float(loss.detach()), self._parameters.canonical_gradient(gradient)

    def weights(self) -> Weights:
        return self._parameters.canonical()

    def load(self, weights: Weights) -> None:
        self._parameters.load(weights)

    def _in_order(self, batches: Batches) -> Iterator[tuple[Tensor, Tensor]]:
        """Inputs and targets of each step; gathered for many steps at once, then sliced."""
        size = batches.rows.shape[1]
        rows = torch.from_numpy(batches.rows.astype(np.int64)).to(self._on)
        batch_bytes = size * self._inputs[0].numel() * self._inputs.element_size()
        for part in slices(len(rows), max(1, GATHERED_AT_ONCE // batch_bytes)):
            chosen = rows[part].flatten()
            targets = torch.split(self._targets.index_select(0, chosen), size)
            if batches.inputs is None:
                inputs = torch.split(self._inputs.index_select(0, chosen), size)
            else:
                inputs = self._floats(batches.inputs[part]).unbind()
            yield from zip(inputs, targets, strict=True)

    def _penalized(self, gradient: Tensor) -> Tensor:
        l2, kernels = self._recipe.regularization.l2, self._parameters.kernels
        if l2:
            gradient[: len(kernels)].add_(kernels, alpha=l2)
        return gradient

    def _masks_of(self, step: int) -> torch.Generator | None:
        """Dropout masks of this step, whatever was drawn before.

        Hashed, because generators on CPU look at no more than the low 32 bits of a seed.
        """
        if not self._drops:
            return None
        key = f"{self._recipe.train.seed} {step}".encode()
        digest = hashlib.blake2b(key, digest_size=8).digest()
        return self._masks.manual_seed(int.from_bytes(digest, "little") >> 1)

    def _evaluate(self, inputs: Floats, mode: Mode) -> Tensor:
        with torch.inference_mode(), exact(self._on):
            return forward(self._layers, self._parameters.tensors, self._floats(inputs), mode)

    def _slices(self, inputs: Floats) -> Iterator[slice]:
        return slices(len(inputs), PREDICTED_AT_ONCE)

    def _floats(self, array: Floats) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(array)).to(self._on, self._dtype)

    def _labels(self, targets: NDArray[Any]) -> Tensor:
        labels = torch.from_numpy(np.ascontiguousarray(targets))
        return labels.to(self._on, target_type(self._recipe, self._dtype))
