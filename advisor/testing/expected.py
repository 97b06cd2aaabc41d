"""A training by the reference, from gradients that the backend itself computes."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from advisor import reference
from advisor.architecture import Floats, Weights, is_decayed
from advisor.backend import Backend, Batches, Integers, Job, StepReport
from advisor.events import LayerReport


class Expected:
    """What `Training.run` has to report and to leave behind.

    Gradients are the backend's, which the contract holds against finite differences.
    """

    def __init__(self, backend: Backend, job: Job) -> None:
        self.job, self.raw = job, dict(job.weights)
        self.average: Weights | None = None
        self._differentiated = backend.start(job)
        self._optimizer = reference.Optimizer(job.recipe)

    @property
    def weights(self) -> Weights:
        """Those that evaluation uses."""
        return self.raw if self.average is None else self.average

    def run(self, batches: Batches) -> StepReport:
        steps = list(self._steps(batches))
        losses, norms, layers = zip(*steps, strict=True)
        return StepReport(np.array(losses), np.array(norms), layers[-1])

    def _steps(self, batches: Batches) -> Iterator[tuple[float, float, dict[str, LayerReport]]]:
        for number, rows in enumerate(batches.rows):
            before = self.raw
            loss, gradients, statistics = self._gradients(rows)
            after = self._optimizer.updated(
                before, gradients, float(batches.lr[number]), batches.handed_over, batches.scales
            )
            self.raw = after | statistics
            if batches.average is not None:
                self._move_average(float(batches.average[number]))
            yield loss, reference.global_norm(gradients), layer_reports(before, self.raw, gradients)

    def _gradients(self, rows: Integers) -> tuple[float, Weights, Weights]:
        """Means over the portions of the batch; and the running statistics after them."""
        weights, found = dict(self.raw), []
        portions = np.split(rows, self.job.recipe.train.accumulation)
        for portion in portions:
            inputs = self.job.inputs[portion]
            self._differentiated.load(weights)
            found.append(self._differentiated.gradients(inputs, self.job.targets[portion]))
            weights |= reference.running_statistics(self.job.layers, weights, inputs)
        losses, gradients = zip(*found, strict=True)
        means = {name: np.mean([g[name] for g in gradients], axis=0) for name in gradients[0]}
        statistics = {name: array for name, array in weights.items() if name not in means}
        return float(np.mean(losses)), means, statistics

    def _move_average(self, share: float) -> None:
        if self.average is not None or share > 0:
            self.average = reference.averaged(self.average or self.raw, self.raw, share)


def layer_reports(before: Weights, after: Weights, gradients: Weights) -> dict[str, LayerReport]:
    """Of every kernel, at a step from these weights to those."""
    return {
        name: LayerReport(_norm(gradient), _norm(before[name]), _ratio(before[name], after[name]))
        for name, gradient in gradients.items()
        if is_decayed(name)
    }


def _ratio(before: Floats, after: Floats) -> float:
    return _norm(after - before) / (_norm(before) + 1e-9)


def _norm(array: Floats) -> float:
    return float(np.linalg.norm(array))
