"""The training loop, the same for every backend.

A backend takes optimiser steps and predicts; this module decides what the steps are (order of
examples, augmentation, learning rate), evaluates, keeps the best weights, stops, and reports.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from advisor import data, metrics
from advisor.architecture import (
    Conv,
    Dense,
    Floats,
    Layer,
    MaxPool,
    Weights,
    expand,
    initial_weights,
    parameter_count,
)
from advisor.backend import Backend, Batches, Job, Precision, StepReport, Training
from advisor.events import (
    ActivationReport,
    Evaluated,
    Event,
    Status,
    StepsDone,
    TrialFinished,
    TrialStarted,
)
from advisor.metrics import oriented
from advisor.recipe import Plateau, Recipe
from advisor.schedule import PlateauScale, learning_rates

MOST_TRAIN_SAMPLE = 10_000
"""Training loss for decisions is measured on at most this many examples."""
ACTIVATION_SAMPLE = 1_000
ACTIVATION_CHECKS = 4
"""Activations are inspected at about this many evaluations of a run, and at the last."""
CHUNK_FLOPS = 2e11
"""Steps between two reports do about this much work: seconds on a laptop, never minutes."""

Emit = Callable[[Event], None]


@dataclass(frozen=True)
class Outcome:
    """What a training leaves behind: the best weights and their raw validation outputs."""

    finished: TrialFinished
    weights: Weights | None
    outputs: Floats | None


def prepare(
    recipe: Recipe, dataset: data.Dataset, device: str = "auto", precision: Precision = "float32"
) -> Job:
    """The layers, initial weights and examples that a backend starts from."""
    layers = expand(recipe, dataset.input_shape, dataset.outputs)
    weights = initial_weights(layers, recipe.initialization, recipe.train.seed)
    train = dataset.train
    return Job(recipe, layers, weights, train.inputs, train.targets, device, precision)


def train(
    recipe: Recipe,
    dataset: data.Dataset,
    backend: Backend,
    emit: Emit,
    *,
    device: str = "auto",
    race: Sequence[float | None] = (),
    stop: Callable[[], bool] = lambda: False,
) -> Outcome:
    """Train one recipe and report it through `emit`.

    `race[e]` is the metric (larger is better) that must have been reached by epoch e + 1, or
    the trial is stopped as hopeless; None asks nothing. `stop` is looked at between reports.
    """
    job = prepare(recipe, dataset, device)
    run = _Run(recipe, dataset, job, backend.start(job), emit, race, stop)
    run.begin(backend.name)
    while run.status is None:
        for size in run.chunks:
            run.take_steps(size)
            if run.status is not None:
                break
        else:
            run.evaluate()
    return run.end()


@dataclass
class _Run:
    recipe: Recipe
    dataset: data.Dataset
    job: Job
    training: Training
    emit: Emit
    race: Sequence[float | None]
    stop: Callable[[], bool]
    step: int = 0
    status: Status | None = None
    message: str = ""
    evaluations: int = 0
    best: Evaluated | None = None
    best_weights: Weights | None = None
    best_outputs: Floats | None = None
    waited: int = 0
    waited_for: float = -math.inf
    """the metric that early stopping last counted as an improvement"""
    training_seconds: float = 0.0
    started: float = field(default_factory=time.perf_counter)
    _epoch_rows: tuple[int, np.ndarray] | None = None

    def __post_init__(self) -> None:
        settings, n = self.recipe.train, len(self.dataset.train.targets)
        self.steps_per_epoch = data.steps_per_epoch(n, settings.batch_size)
        self.total = self.steps_per_epoch * settings.epochs
        self.chunks = chunk_sizes(self.steps_per_epoch, step_flops(self.job))
        self.sample = _sample(n, min(n, len(self.dataset.validation.targets), MOST_TRAIN_SAMPLE))
        self.activation_sample = _sample(n, min(n, ACTIVATION_SAMPLE))
        schedule = self.recipe.schedule
        self.plateau = PlateauScale(schedule) if isinstance(schedule, Plateau) else None
        self.activations_every = max(1, settings.epochs // ACTIVATION_CHECKS)

    def begin(self, backend_name: str) -> None:
        outputs = self.training.predict(self.dataset.validation.inputs)
        loss, _ = self._judge(outputs, self.dataset.validation)
        chance = metrics.chance_outputs(
            self.recipe.task,
            self.dataset.train.targets,
            self.dataset.outputs,
            len(self.dataset.validation.targets),
        )
        chance_loss, chance_metric = self._judge(chance, self.dataset.validation)
        self.emit(
            TrialStarted(
                backend_name,
                self.training.device,
                parameter_count(self.job.weights),
                self.steps_per_epoch,
                self.recipe.train.epochs,
                loss,
                chance_loss,
                chance_metric,
                data.report(self.dataset),
            )
        )

    def take_steps(self, size: int) -> None:
        began = time.perf_counter()
        batches = self._batches(size)
        report = self.training.run(batches)
        self.step += size
        self.training_seconds += time.perf_counter() - began
        self._report_steps(report, batches.lr)
        if not np.isfinite(report.loss).all():
            first = self.step - size + int(np.argmin(np.isfinite(report.loss))) + 1
            self._finish("diverged", f"the training loss was not finite at step {first}")
        elif self.stop():
            self._finish("stopped", "stopped on request")

    def _batches(self, size: int) -> Batches:
        epoch, offset = divmod(self.step, self.steps_per_epoch)
        rows = self._rows(epoch)[offset : offset + size]
        lr = learning_rates(self.recipe, self.step, self.step + size, self.total)
        lr = lr * (self.plateau.scale if self.plateau else 1.0)
        augmentation = self.recipe.regularization.augmentation
        inputs = None
        if augmentation.flip or augmentation.crop:
            inputs = data.augmented(
                self.dataset.train.inputs[rows], augmentation, self.recipe.train.seed, self.step
            )
        return Batches(rows, lr, inputs, self.step)

    def _rows(self, epoch: int) -> np.ndarray:
        if self._epoch_rows is None or self._epoch_rows[0] != epoch:
            settings = self.recipe.train
            n = len(self.dataset.train.targets)
            self._epoch_rows = epoch, data.epoch_rows(n, settings.batch_size, settings.seed, epoch)
        return self._epoch_rows[1]

    def _report_steps(self, report: StepReport, lr: Floats) -> None:
        self.emit(
            StepsDone(
                self.step,
                self.step / self.steps_per_epoch,
                report.loss.tolist(),
                report.grad_norm.tolist(),
                lr.tolist(),
                report.layers,
                self.training_seconds,
            )
        )

    def evaluate(self) -> None:
        self.evaluations += 1
        outputs = self.training.predict(self.dataset.validation.inputs)
        sample = data.Split(
            self.dataset.train.inputs[self.sample], self.dataset.train.targets[self.sample]
        )
        train_loss, train_metric = self._judge(self.training.predict(sample.inputs), sample)
        loss, metric = self._judge(outputs, self.dataset.validation)
        evaluated = Evaluated(
            self.step,
            self.step / self.steps_per_epoch,
            train_loss,
            train_metric,
            loss,
            metric,
            self._is_best(loss, metric),
            self._predicted_share(outputs),
            self._activations(),
            time.perf_counter() - self.started,
        )
        self.emit(evaluated)
        self._after(evaluated, outputs)

    def _after(self, evaluated: Evaluated, outputs: Floats) -> None:
        if self.plateau:
            self.plateau.evaluated(evaluated.validation_loss)
        if not np.isfinite(evaluated.validation_loss):
            self._finish("diverged", f"validation outputs were not finite at step {self.step}")
            return
        self._keep(evaluated, outputs)
        early = self.recipe.train.early_stopping
        floor = self.race[self.evaluations - 1] if self.evaluations <= len(self.race) else None
        if self.step >= self.total:
            self._finish("finished", "")
        elif early is not None and self.waited >= early.patience:
            self._finish("early_stopped", f"no improvement in {self.waited} evaluations")
        elif floor is not None and self.best and self._oriented(self.best) < floor:
            self._finish(
                "stopped",
                f"clearly behind after {evaluated.epoch:g} epochs: "
                f"{self.best.validation_metric:.4g} at best where "
                f"{oriented(self.recipe.metric, floor):.4g} was needed",
            )

    def _keep(self, evaluated: Evaluated, outputs: Floats) -> None:
        early, value = self.recipe.train.early_stopping, self._oriented(evaluated)
        if value > self.waited_for + (early.min_delta if early else 0.0):
            self.waited_for, self.waited = value, 0
        else:
            self.waited += 1
        if evaluated.best:
            self.best, self.best_outputs = evaluated, outputs
            self.best_weights = self.training.weights()

    def _is_best(self, loss: float, metric: float) -> bool:
        if not (np.isfinite(loss) and np.isfinite(metric)):
            return False
        if self.best is None:
            return True
        ours, theirs = oriented(self.recipe.metric, metric), self._oriented(self.best)
        return ours > theirs or (ours == theirs and loss < self.best.validation_loss)

    def _oriented(self, evaluated: Evaluated) -> float:
        return oriented(self.recipe.metric, evaluated.validation_metric)

    def _judge(self, outputs: Floats, split: data.Split) -> tuple[float, float]:
        recipe = self.recipe
        with np.errstate(all="ignore"):  # a diverged model's outputs are reported, not raised
            loss = float(np.mean(metrics.example_losses(recipe, outputs, split.targets)))
            scale = self.dataset.target_std
            metric = metrics.score(recipe.task, recipe.metric, outputs, split.targets, scale)
        return loss, metric

    def _predicted_share(self, outputs: Floats) -> float | None:
        if self.recipe.task == "regression":
            return None
        counts = np.bincount(metrics.predicted_classes(self.recipe.task, outputs))
        return float(counts.max() / counts.sum())

    def _activations(self) -> dict[str, ActivationReport]:
        due = self.evaluations % self.activations_every == 0 or self.step >= self.total
        if not due:
            return {}
        inputs = self.dataset.train.inputs[self.activation_sample]
        kinds = self.recipe.model.activation
        found = self.training.activations(inputs)
        return {name: activation_report(kinds, values) for name, values in found.items()}

    def _finish(self, status: Status, message: str) -> None:
        self.status, self.message = status, message

    def end(self) -> Outcome:
        best = self.best
        finished = TrialFinished(
            self.status or "failed",
            self.step / self.steps_per_epoch,
            self.step,
            self.step * self.recipe.train.batch_size,
            time.perf_counter() - self.started,
            best.train_loss if best else None,
            best.train_metric if best else None,
            best.validation_loss if best else None,
            best.validation_metric if best else None,
            best.step if best else None,
            self.message,
        )
        self.emit(finished)
        return Outcome(finished, self.best_weights, self.best_outputs)


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
    return ActivationReport(dead, saturated, float(np.std(flat, dtype=np.float64)))


def chunk_sizes(steps_per_epoch: int, flops: float) -> list[int]:
    """How many steps to take between reports, over one epoch; few distinct sizes.

    A backend that compiles does so once per size, so an even division is preferred.
    """
    most = int(np.clip(CHUNK_FLOPS / flops, 16, 512))
    fewest_parts = -(-steps_per_epoch // most)
    for parts in range(fewest_parts, min(steps_per_epoch, fewest_parts + 8) + 1):
        if steps_per_epoch % parts == 0:
            return [steps_per_epoch // parts] * parts
    size = -(-steps_per_epoch // fewest_parts)
    return [min(size, steps_per_epoch - start) for start in range(0, steps_per_epoch, size)]


def step_flops(job: Job) -> float:
    """Multiply-adds of one training step (forward and backward), roughly; for pacing only."""
    return 3.0 * job.recipe.train.batch_size * _forward_flops(job.layers, job.inputs.shape[1:])


def _forward_flops(layers: Sequence[Layer], shape: tuple[int, ...]) -> float:
    total, pixels = 0.0, int(np.prod(shape[:-1]))
    for layer in layers:
        if isinstance(layer, Dense):
            total += layer.inputs * layer.outputs
        elif isinstance(layer, Conv):
            total += pixels * layer.kernel_size**2 * layer.inputs * layer.outputs
        elif isinstance(layer, MaxPool):
            pixels //= 4
    return max(1.0, total)


def _sample(n: int, size: int) -> np.ndarray:
    """A fixed random subset of row numbers, sorted; the same for every trial on the same data."""
    chosen = np.random.Generator(np.random.Philox(key=[0, n])).permutation(n)[:size]
    return np.sort(chosen)
