"""Events of a training that is described by the shape of its curves."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from advisor.events import (
    ActivationReport,
    DataReport,
    Evaluated,
    Event,
    LayerReport,
    StepsDone,
    TrialFinished,
    TrialStarted,
)
from advisor.recipe import Recipe
from advisor.schedule import learning_rates

WRONG = 1.0
"""Loss of an answer that is just about wrong; ln 2 is the least."""
Floats = NDArray[np.float64]
LAYERS = ("dense1.kernel", "dense2.kernel", "dense3.kernel", "output.kernel")
STEPS = 400
"""at least, in a run"""
CHANGED = 0.02
"""By how much an example's difficulty varies from one evaluation to the next. The same examples
validate each time, so that a metric moves far less between evaluations than between samples."""


@dataclass(frozen=True)
class Shape:
    """What a training's curves look like; shares are of the whole run."""

    epochs: int
    classes: int
    """0: a regression"""
    batch_size: int
    left: Callable[[Floats], Floats]
    """share of chance's loss that is left on the training set, at a share of the run"""
    lag: float
    """how far validation is behind, in shares of chance's loss and of the metric"""
    step_noise: float
    """deviation of the logarithm of a batch's loss"""
    evaluation_noise: float
    validation_examples: int
    schedule: str
    spikes: int = 0
    spike: float = 1.0
    """times the loss"""
    ringing: float = 0.0
    """relative size of a swing from step to step"""
    smoothing: float = 0.0
    started: float = 1.05
    """initial loss as a share of chance's"""
    dropout: float = 0.0
    skipped: int = 0
    confidence: float = 0.0
    """by how much of its lowest the validation loss rises towards the end"""
    patience: int | None = None
    warmup: float = 0.0

    @property
    def steps_per_epoch(self) -> int:
        return max(20, math.ceil(STEPS / self.epochs))

    @property
    def chance_loss(self) -> float:
        return math.log(self.classes) if self.classes else 1.0

    @property
    def floor(self) -> float:
        """Of the steps' loss under label smoothing, for a perfect model."""
        if not self.smoothing:
            return 0.0
        on = 1 - self.smoothing * (self.classes - 1) / self.classes
        off = self.smoothing / self.classes
        return -on * math.log(on) - (self.classes - 1) * off * math.log(off)


def stream(shape: Shape, random: np.random.Generator) -> tuple[Recipe, list[Event]]:
    """The recipe and the events, from the start to the end."""
    recipe = _recipe(shape)
    each, total = shape.steps_per_epoch, shape.steps_per_epoch * shape.epochs
    rates = np.asarray(learning_rates(recipe, 0, total, total), np.float64)
    losses, norms = _steps(shape, total, random)
    events: list[Event] = [_started(shape)]
    difficulties = random.random(shape.validation_examples)
    best: Evaluated | None = None
    since = 0
    for epoch in range(1, shape.epochs + 1):
        part = slice((epoch - 1) * each, epoch * each)
        events.append(_chunk(shape, epoch, losses[part], norms[part], rates[part], random))
        seen = _evaluated(shape, epoch, best, difficulties, random)
        events.append(seen)
        best, since = (seen, 0) if seen.best else (best, since + 1)
        if shape.patience is not None and since >= shape.patience:
            break
    return recipe, [*events, _finished(shape, epoch, best)]


def _recipe(shape: Shape) -> Recipe:
    schedule: dict[str, Any] = {"kind": shape.schedule}
    if shape.schedule != "one_cycle":
        schedule["warmup"] = shape.warmup
    train: dict[str, Any] = {"epochs": shape.epochs, "batch_size": shape.batch_size}
    if shape.patience is not None:
        train["early_stopping"] = {"patience": shape.patience}
    if shape.skipped:
        train["precision"] = "float16"
    content = {
        "task": "classification" if shape.classes else "regression",
        "data": {"source": "sklearn:digits"},
        "model": {"kind": "mlp", "hidden": [64, 64, 64]},
        "optimizer": {"kind": "adam", "lr": 1e-3},
        "schedule": schedule,
        "regularization": {"label_smoothing": shape.smoothing, "dropout": shape.dropout},
        "train": train,
    }
    return Recipe.model_validate_json(json.dumps(content))


def _steps(shape: Shape, total: int, random: np.random.Generator) -> tuple[Floats, Floats]:
    """Loss and gradient norm of each step."""
    left = np.minimum(shape.left(np.arange(total) / total), shape.started)
    loss = shape.floor + (shape.chance_loss - shape.floor) * left * (1 + shape.dropout)
    swing = 1 + shape.ringing * (-1.0) ** np.arange(total)
    loss = loss * swing * np.exp(shape.step_noise * random.standard_normal(total))
    norms = (0.1 + 2 * left) * np.exp(0.4 * random.standard_normal(total))
    for place in random.integers(total // 3, 2 * total // 3, shape.spikes):
        fade = np.exp(-np.arange(15) / 4)
        loss[place : place + 15] *= 1 + (shape.spike - 1) * fade
        norms[place : place + 15] *= 1 + (shape.spike - 1) * fade
    norms[random.integers(0, total, shape.skipped)] = math.inf
    return loss, norms


def _started(shape: Shape) -> TrialStarted:
    shares = [1 / shape.classes] * shape.classes if shape.classes else None
    data = DataReport(
        shape.steps_per_epoch * shape.batch_size,
        shape.validation_examples,
        [20],
        max(shape.classes, 1),
        shares,
        *(1.0, 4.0, 0.02, 1.3),
    )
    chance = 1 / shape.classes if shape.classes else 0.0
    initial = shape.started * shape.chance_loss
    sizes = (20_000, shape.steps_per_epoch, shape.epochs)
    return TrialStarted("made", "cpu", *sizes, initial, shape.chance_loss, chance, data)


def _chunk(
    shape: Shape,
    epoch: int,
    losses: Floats,
    norms: Floats,
    rates: Floats,
    random: np.random.Generator,
) -> StepsDone:
    last = float(norms[-1]) if math.isfinite(norms[-1]) else 0.0
    layers = {
        name: LayerReport(
            last * float(random.uniform(0.3, 0.8)),
            5.0,
            1.5e-3 * float(rates[-1]) / 1e-3 * float(np.exp(0.3 * random.standard_normal())),
        )
        for name in LAYERS
    }
    values = (losses.tolist(), norms.tolist(), rates.tolist())
    return StepsDone(epoch * shape.steps_per_epoch, float(epoch), *values, layers, 0.1 * epoch)


def _evaluated(
    shape: Shape,
    epoch: int,
    best: Evaluated | None,
    difficulties: Floats,
    random: np.random.Generator,
) -> Evaluated:
    share = np.array(epoch / shape.epochs)
    left = float(np.minimum(shape.left(share), shape.started))
    held = max(left + shape.lag, 0.001)
    rise = shape.confidence * max(0.0, float(share) - 0.5) * 2
    jitter = np.exp(shape.evaluation_noise * random.standard_normal(2))
    train_loss, held_loss = shape.chance_loss * np.array([left, held * (1 + rise)]) * jitter
    train_metric, metric = _metrics(shape, left, held, difficulties, random)
    if shape.classes:  # no cross-entropy is lower than what its wrong answers cost
        held_loss = max(held_loss, WRONG * (1 - metric))
    better = best is None or (metric, -held_loss) > (best.validation_metric, -best.validation_loss)
    predicted = 1 / shape.classes + 0.02 if shape.classes else None
    names = [name.replace(".kernel", ".activation") for name in LAYERS[:-1]]
    due = epoch % max(1, shape.epochs // 4) == 0 or epoch == shape.epochs
    return Evaluated(
        epoch * shape.steps_per_epoch,
        float(epoch),
        float(train_loss),
        train_metric,
        float(held_loss),
        metric,
        better,
        predicted,
        {name: ActivationReport(0.1, 0.02, 0.8) for name in names} if due else {},
        0.2 * epoch,
    )


def _metrics(
    shape: Shape, left: float, held: float, difficulties: Floats, random: np.random.Generator
) -> tuple[float, float]:
    """What is left of chance's loss is about what is left of its errors, less at the end."""
    if not shape.classes:
        return 1 - left, 1 - held
    errors = 1 - 1 / shape.classes
    right = 1 - errors * min(held, 1.0) ** 1.2
    now = difficulties + CHANGED * random.standard_normal(len(difficulties))
    return 1 - errors * min(left, 1.0) ** 1.5, float(np.mean(now < right))


def _finished(shape: Shape, epochs: int, best: Evaluated | None) -> TrialFinished:
    assert best is not None
    steps = epochs * shape.steps_per_epoch
    return TrialFinished(
        "finished" if epochs == shape.epochs else "early_stopped",
        float(epochs),
        steps,
        steps * shape.batch_size,
        1.0,
        best.train_loss,
        best.train_metric,
        best.validation_loss,
        best.validation_metric,
        best.step,
    )
