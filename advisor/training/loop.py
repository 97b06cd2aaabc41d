"""The training loop, the same for every backend.

A backend takes optimiser steps and predicts; this loop decides when to evaluate, keeps the best
weights, stops, writes checkpoints and reports.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from advisor import data
from advisor.architecture import Floats, Weights, check_names, forward_flops, parameter_count
from advisor.backend import Backend, Batches, Job, StepReport, Training
from advisor.events import Evaluated, Event, Status, StepsDone, TrialFinished, TrialStarted
from advisor.metrics import oriented
from advisor.recipe import Plateau, Recipe
from advisor.schedule import PlateauScale
from advisor.steps import StepMaker
from advisor.text import counted
from advisor.training.checkpoint import Checkpoint, Checkpoints, Progress
from advisor.training.evaluation import Judge
from advisor.training.preparation import prepare

Emit = Callable[[Event], None]
Steps = Generator[Batches, StepReport, "Outcome"]
"""A training as a generator: yields the steps to take, is sent what they measured."""


@dataclass(frozen=True)
class Outcome:
    """What a training leaves behind: the best weights and their raw validation outputs."""

    finished: TrialFinished
    weights: Weights | None
    outputs: Floats | None


@dataclass(frozen=True)
class Options:
    """How a training runs, apart from what it trains."""

    device: str = "auto"
    race: Sequence[float | None] = ()
    """`race[e]` is the metric (larger is better) that must have been reached by epoch e + 1, or
    the trial is stopped as hopeless; None asks nothing"""
    stop: Callable[[], bool] = lambda: False
    """looked at between reports"""
    checkpoints: Checkpoints | None = None
    """where to go on from, and where to keep the state"""
    deterministic: bool = False
    until: int | None = None
    """the evaluation (the first is 1) after which the trial is stopped; None: it goes to its end"""


def train(
    recipe: Recipe,
    dataset: data.Dataset,
    backend: Backend,
    emit: Emit,
    options: Options = Options(),
) -> Outcome:
    """Train one recipe and report it through `emit`."""
    job = prepare(recipe, dataset, options.device, deterministic=options.deterministic)
    training = backend.start(job)
    steps = training_steps(job, dataset, training, backend.name, emit, options)
    report: StepReport | None = None
    while True:
        try:
            batches = steps.send(report)  # type: ignore[arg-type]
        except StopIteration as end:
            outcome: Outcome = end.value
            return outcome
        report = training.run(batches)


def training_steps(
    job: Job,
    dataset: data.Dataset,
    training: Training,
    backend_name: str,
    emit: Emit,
    options: Options,
) -> Steps:
    """The loop without the steps themselves, so that several trainings can take them together."""
    names = list(job.weights or training.weights())
    check_names(job.recipe.transfer, names)
    with StepMaker(job.recipe, dataset, names) as maker:
        run = _Run(job, dataset, training, maker, emit, options)
        if not run.restored():
            run.begin(backend_name)
        while run.status is None:
            for size in run.sizes_left():
                yield from run.take_steps(size)
                if run.status is not None:
                    break
            else:
                run.evaluate()
        return run.end()


@dataclass
class _Run:
    job: Job
    dataset: data.Dataset
    training: Training
    maker: StepMaker
    emit_to: Emit
    options: Options
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
    earlier_seconds: float = 0.0
    """before the checkpoint that the training went on from"""
    events: int = 0
    started: float = field(default_factory=time.perf_counter)

    def __post_init__(self) -> None:
        self.recipe = self.job.recipe
        self.sizes = self.maker.sizes(step_flops(self.job))
        self.judge = Judge(self.recipe, self.dataset, self.job.layers)
        schedule = self.recipe.schedule
        self.plateau = PlateauScale(schedule) if isinstance(schedule, Plateau) else None

    def emit(self, event: Event) -> None:
        self.events += 1
        self.emit_to(event)

    @property
    def epoch(self) -> float:
        return self.step / self.maker.steps_per_epoch

    @property
    def seconds(self) -> float:
        return self.earlier_seconds + time.perf_counter() - self.started

    def begin(self, backend_name: str) -> None:
        outputs = self.training.predict(self.dataset.validation.inputs)
        loss, _ = self.judge.loss_and_metric(outputs, self.dataset.validation)
        chance_loss, chance_metric = self.judge.chance()
        self.emit(
            TrialStarted(
                backend_name,
                self.training.device,
                parameter_count(self.job.weights or self.training.weights()),
                self.maker.steps_per_epoch,
                self.recipe.train.epochs,
                loss,
                chance_loss,
                chance_metric,
                data.report(self.dataset),
            )
        )

    def sizes_left(self) -> list[int]:
        """Parts of this epoch; checkpoints are only written between epochs."""
        sizes: list[int] = []
        for size in self.sizes:
            first = self.maker.cut(self.step + sum(sizes), size)
            sizes += [first, size - first] if first < size else [size]
        return sizes

    def take_steps(self, size: int) -> Generator[Batches, StepReport, None]:
        began = time.perf_counter()
        batches = self.maker.batches(self.step, size)
        waited = self._waited(time.perf_counter() - began)
        if self.plateau is not None:
            batches = replace(batches, lr=batches.lr * self.plateau.scale)
        report = yield batches
        self.step += size
        self.training_seconds += time.perf_counter() - began
        self._report_steps(report, batches.lr, waited)
        if not np.isfinite(report.loss).all():
            first = self.step - size + int(np.argmin(np.isfinite(report.loss))) + 1
            self._finish("diverged", f"the training loss was not finite at step {first}")
        elif self.options.stop():
            self._finish("stopped", "stopped on request")

    def _waited(self, seconds: float) -> float | None:
        """Of the seconds that batches took, those for want of inputs that are read as they are
        needed: None where they are made anew, as augmentation does, which is work of its own."""
        if not self.maker.makes_inputs:
            return 0.0
        return seconds if self.dataset.streamed else None

    def _report_steps(self, report: StepReport, lr: Floats, waited: float | None) -> None:
        self.emit(
            StepsDone(
                self.step,
                self.epoch,
                report.loss.tolist(),
                report.grad_norm.tolist(),
                lr.tolist(),
                report.layers,
                self.training_seconds,
                waited,
            )
        )

    def evaluate(self) -> None:
        self.evaluations += 1
        judge, training = self.judge, self.training
        found = judge.evaluate(training)
        evaluated = Evaluated(
            self.step,
            self.epoch,
            found.train_loss,
            found.train_metric,
            found.loss,
            found.metric,
            judge.better((found.loss, found.metric), self.best),
            judge.predicted_share(found.outputs),
            judge.activations(training, self.evaluations, self.step >= self.maker.total),
            self.seconds,
        )
        self.emit(evaluated)
        self._after(evaluated, found.outputs)

    def _after(self, evaluated: Evaluated, outputs: Floats) -> None:
        if self.plateau:
            self.plateau.evaluated(evaluated.validation_loss)
        if not np.isfinite(evaluated.validation_loss):
            self._finish("diverged", f"validation outputs were not finite at step {self.step}")
            return
        self._keep(evaluated, outputs)
        early, race = self.recipe.train.early_stopping, self.options.race
        floor = race[self.evaluations - 1] if self.evaluations <= len(race) else None
        if self.step >= self.maker.total:
            self._finish("finished", "")
        elif early is not None and self.waited >= early.patience:
            self._finish("early_stopped", f"no improvement in {self.waited} evaluations")
        elif floor is not None and self.best and self._oriented(self.best) < floor:
            self._finish(
                "stopped",
                f"clearly behind after {counted(evaluated.epoch, 'epoch')}: "
                f"{self.best.validation_metric:.4g} at best where "
                f"{oriented(self.recipe.metric, floor):.4g} was needed",
            )
        elif self.options.until is not None and self.evaluations >= self.options.until:
            self._finish("stopped", f"only begun: {counted(evaluated.epoch, 'epoch')}, as asked")
        elif self.options.checkpoints is not None and self.options.checkpoints.due:
            self._save(self.options.checkpoints)

    def _keep(self, evaluated: Evaluated, outputs: Floats) -> None:
        early, value = self.recipe.train.early_stopping, self._oriented(evaluated)
        if value > self.waited_for + (early.min_delta if early else 0.0):
            self.waited_for, self.waited = value, 0
        else:
            self.waited += 1
        if evaluated.best:
            self.best, self.best_outputs = evaluated, outputs
            self.best_weights = self.training.weights()

    def _oriented(self, evaluated: Evaluated) -> float:
        return oriented(self.recipe.metric, evaluated.validation_metric)

    def _finish(self, status: Status, message: str) -> None:
        self.status, self.message = status, message

    def _save(self, checkpoints: Checkpoints) -> None:
        progress = Progress(
            self.step,
            self.evaluations,
            self.best,
            self.waited,
            self.waited_for,
            self.plateau.state() if self.plateau is not None else None,
            self.training_seconds,
            self.seconds,
            self.events,
        )
        state = self.training.state()
        checkpoints.write(Checkpoint(progress, state, self.best_weights, self.best_outputs))

    def restored(self) -> bool:
        """Whether there was a checkpoint to go on from."""
        checkpoints = self.options.checkpoints
        found = checkpoints.read() if checkpoints is not None else None
        if found is None:
            return False
        self.training.restore(found.state)
        progress = found.progress
        self.step, self.evaluations = progress.step, progress.evaluations
        self.best, self.best_weights = progress.best, found.best_weights
        self.best_outputs = found.best_outputs
        self.waited, self.waited_for = progress.waited, progress.waited_for
        if self.plateau is not None and progress.plateau is not None:
            self.plateau.restore(progress.plateau)
        self.training_seconds = progress.training_seconds
        self.earlier_seconds, self.events = progress.seconds, progress.events
        return True

    def end(self) -> Outcome:
        best = self.best
        finished = TrialFinished(
            self.status or "failed",
            self.epoch,
            self.step,
            self.step * self.recipe.train.batch_size,
            self.seconds,
            best.train_loss if best else None,
            best.train_metric if best else None,
            best.validation_loss if best else None,
            best.validation_metric if best else None,
            best.step if best else None,
            self.message,
        )
        self.emit(finished)
        return Outcome(finished, self.best_weights, self.best_outputs)


def step_flops(job: Job) -> float:
    """Multiply-adds of one training step (forward and backward), roughly; for pacing only."""
    shape = job.inputs.shape[1:]
    return 3.0 * job.recipe.train.batch_size * forward_flops(job.layers, shape)
