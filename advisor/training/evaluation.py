"""What an evaluation measures, from raw outputs, the same for every backend."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from advisor import data, metrics
from advisor.architecture import Activation, Floats, Layer, walk
from advisor.backend import Training
from advisor.events import ActivationReport, Evaluated
from advisor.metrics import oriented
from advisor.recipe import Recipe

MOST_TRAIN_SAMPLE = 10_000
"""Training loss for decisions is measured on at most this many examples."""
ACTIVATION_SAMPLE = 256
ACTIVATION_CHECKS = 4
"""Activations are inspected at up to so many evaluations of a run; at the last one, and, where
there are several, at one before."""
TRAINED_BETWEEN = 25
"""Between two inspections at least so many times the inspected examples are trained, which keeps
their cost to some 2 % of the training, unless that would leave one inspection only."""
MOST_SPREAD_VALUES = 1_000_000
"""The deviation of a layer's values is that of about so many of them."""
PREDICTED_TOGETHER = 64 << 20
"""bytes; smaller evaluations are predicted in one go"""


@dataclass(frozen=True)
class Judged:
    """One evaluation's figures."""

    outputs: Floats
    """raw, of validation"""
    loss: float
    metric: float
    train_loss: float
    train_metric: float


class Judge:
    """Measures a model in training on the data of one recipe."""

    def __init__(self, recipe: Recipe, dataset: data.Dataset, layers: tuple[Layer, ...]) -> None:
        self.recipe, self.dataset = recipe, dataset
        self.kinds = {
            layer.name: layer.kind for layer in walk(layers) if isinstance(layer, Activation)
        }
        n, epochs = len(dataset.train.targets), recipe.train.epochs
        self._inspected = fixed_sample(n, min(n, ACTIVATION_SAMPLE))
        apart = max(epochs // ACTIVATION_CHECKS, -(-TRAINED_BETWEEN * len(self._inspected) // n))
        self._inspect_every = max(1, min(apart, epochs // 2))

    @cached_property
    def train_sample(self) -> data.Split:
        """Training examples, as many as there are for validation, always the same."""
        train, n = self.dataset.train, len(self.dataset.train.targets)
        size = min(n, len(self.dataset.validation.targets), MOST_TRAIN_SAMPLE)
        rows = fixed_sample(n, size)
        return data.Split(train.inputs[rows], train.targets[rows])

    @cached_property
    def _inspected_inputs(self) -> Any:
        return _kept(self.dataset.train.inputs[self._inspected])

    @cached_property
    def _together(self) -> Any:
        """Validation and training sample in one array, where that is small; else None."""
        validation, sample = self.dataset.validation.inputs, self.train_sample.inputs
        values = (len(validation) + len(sample)) * int(np.prod(validation.shape[1:]))
        if self.dataset.streamed or 4 * values > PREDICTED_TOGETHER:
            return None
        return _kept(np.concatenate([validation, sample]))

    def evaluate(self, training: Training) -> Judged:
        """Loss and metric on validation and on the training sample."""
        validation, sample = self.dataset.validation, self.train_sample
        if self._together is None:
            outputs, train_outputs = map(training.predict, (validation.inputs, sample.inputs))
        else:
            both, n = training.predict(self._together), len(validation.targets)
            outputs, train_outputs = both[:n], both[n:]
        loss_and_metric = self.loss_and_metric(outputs, validation)
        return Judged(outputs, *loss_and_metric, *self.loss_and_metric(train_outputs, sample))

    def loss_and_metric(self, outputs: Floats, split: data.Split) -> tuple[float, float]:
        recipe = self.recipe
        with np.errstate(all="ignore"):  # a diverged model's outputs are reported, not raised
            loss = float(np.mean(metrics.example_losses(recipe, outputs, split.targets)))
            scale = self.dataset.target_std
            metric = metrics.score(recipe.task, recipe.metric, outputs, split.targets, scale)
        return loss, metric

    def chance(self) -> tuple[float, float]:
        """Loss and metric on validation of the best prediction that ignores the input."""
        validation = self.dataset.validation
        outputs = metrics.chance_outputs(
            self.recipe.task,
            self.dataset.train.targets,
            self.dataset.outputs,
            len(validation.targets),
        )
        return self.loss_and_metric(outputs, validation)

    def predicted_share(self, outputs: Floats) -> float | None:
        """The share of the class that is predicted most often."""
        if self.recipe.task not in ("classification", "binary"):
            return None
        counts = np.bincount(metrics.predicted_classes(self.recipe.task, outputs))
        return float(counts.max() / counts.sum())

    def activations(
        self, training: Training, evaluations: int, last: bool
    ) -> dict[str, ActivationReport]:
        """By layer, where an inspection is due."""
        left = self.recipe.train.epochs - evaluations
        due = last or left % self._inspect_every == 0
        if not self.kinds or not due:
            return {}
        found = training.activations(self._inspected_inputs)
        return {name: activation_report(self.kinds[name], each) for name, each in found.items()}

    def better(self, evaluated: tuple[float, float], best: Evaluated | None) -> bool:
        """Whether (loss, metric) beats the best so far; among equal metrics the loss decides."""
        loss, metric = evaluated
        if not (np.isfinite(loss) and np.isfinite(metric)):
            return False
        if best is None:
            return True
        ours = oriented(self.recipe.metric, metric)
        theirs = oriented(self.recipe.metric, best.validation_metric)
        return ours > theirs or (ours == theirs and loss < best.validation_loss)


def _kept(array: NDArray[Any]) -> NDArray[Any]:
    """Read-only, so that a backend may keep a copy on its device."""
    array.flags.writeable = False
    return array


def activation_report(kind: str, values: Floats) -> ActivationReport:
    """Shares of dead and saturated units of one layer; values are (n, ..., units).

    Dead: above zero on fewer than 1 % of the examples (SageMaker Debugger's inactivity
    threshold); a channel counts as on where any position is. Saturated: |tanh| > 0.99 or
    sigmoid outside (0.01, 0.99) on more than 90 % of the values.
    """
    flat = values.reshape(len(values), -1, values.shape[-1])
    dead = saturated = 0.0
    if kind == "relu":
        dead = float(np.mean((flat > 0).any(axis=1).mean(axis=0) < 0.01))
    if kind in ("tanh", "sigmoid"):
        flat_zone = np.abs(flat) > 0.99 if kind == "tanh" else np.abs(flat - 0.5) > 0.49
        saturated = float(np.mean(flat_zone.mean(axis=(0, 1)) > 0.9))
    spread = flat[:: max(1, flat.size // MOST_SPREAD_VALUES)]
    return ActivationReport(dead, saturated, float(np.std(spread, dtype=np.float64)))


def fixed_sample(n: int, size: int) -> np.ndarray:
    """A fixed random subset of row numbers, sorted; the same for every trial on the same data."""
    chosen = np.random.Generator(np.random.Philox(key=[0, n])).permutation(n)[:size]
    return np.sort(chosen)
