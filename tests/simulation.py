"""A make-believe trainer: results that depend on the recipe alone, as real ones do."""

from __future__ import annotations

import zlib
from collections.abc import Iterable

import numpy as np

from advisor.events import (
    DataReport,
    Evaluated,
    Event,
    LayerReport,
    ProbeFinished,
    Status,
    StepsDone,
    TrialFinished,
    TrialStarted,
)
from advisor.evidence import Predictions
from advisor.recipe import Recipe
from advisor.requests import (
    Answer,
    Choice,
    Choose,
    OpenTest,
    Request,
    Result,
    Results,
    RunProbe,
    TestResult,
    Train,
    TrainAll,
)

CLASSES, VALIDATION, TRAINING = 5, 200, 800
STEPS = 20


def recipe(**changes: object) -> Recipe:
    """A small sick recipe."""
    made = Recipe.model_validate(
        {
            "task": "classification",
            "data": {"source": "sklearn:digits"},
            "model": {"kind": "mlp", "activation": "sigmoid"},
            "optimizer": {"kind": "adam", "lr": 1e-5},
            "train": {"batch_size": 32, "epochs": 5},
            "tune": {"budget": "60e"},
        }
    )
    return made.changed(changes)


def quality(trained: Recipe) -> float:
    """Validation accuracy to be expected: best at a rate of 3e-3, with ReLU."""
    off = abs(np.log10(trained.optimizer.lr / 3e-3))
    known = trained.model.activation == "relu"
    return float(np.clip(0.95 - 0.35 * off - (0.0 if known else 0.15), 1 / CLASSES, 0.99))


def answer(request: Request, level: float | None = None) -> Answer:
    """What a machine that trains as `quality` says would answer; `level`: the validation accuracy
    to be expected of whatever recipe instead."""
    match request:
        case Train():
            return trained(request.recipe, level, request.until)
        case TrainAll():
            results = tuple(trained(trial.recipe, level) for trial in request.trials)
            return Results(results, 1.0)
        case RunProbe(probe="preflight"):
            epochs = 0.02 * request.recipe.train.epochs
            return Result([ProbeFinished("preflight", {"leaked_share": 0.0}, epochs, 2, 0.1)])
        case RunProbe():
            facts = {"suggested_lr": 2e-3, "lr_range_low": 1e-4, "lr_range_high": 0.1}
            return Result([ProbeFinished(request.probe, facts, 0.5, 10, 0.1)], None, 0.1)
        case Choose():
            return Choice("try", 0)
        case OpenTest():
            names = [*request.trials, *(["ensemble"] if request.ensemble else [])]
            measured = {"metric": 0.9, "loss": 0.3}
            return TestResult({f"{n}_{what}": v for n in names for what, v in measured.items()})
        case _:
            return None


def trainings(asked: Iterable[Request]) -> list[Train]:
    """All trials that were asked for, alone or side by side."""
    found: list[Train] = []
    for request in asked:
        found += [request] if isinstance(request, Train) else getattr(request, "trials", ())
    return [one for one in found if isinstance(one, Train)]


def trained(what: Recipe, level: float | None = None, until: int | None = None) -> Result:
    """Events and predictions of one make-believe training, up to this epoch."""
    random = np.random.default_rng(zlib.crc32(what.digest().encode()))
    share = quality(what) if level is None else level
    epochs = what.train.epochs
    targets = np.arange(VALIDATION) % CLASSES
    right = random.random(VALIDATION) < share
    predicted = np.where(right, targets, (targets + 1) % CLASSES)
    measured, chance = float(right.mean()), 1 / CLASSES
    curve = chance + (measured - chance) * (np.arange(1, epochs + 1) / epochs)
    losses = -np.log(np.clip(curve, 1e-3, 1))
    events: list[Event] = [_started(epochs)]
    if until is not None and until < epochs:
        curve, losses, measured = curve[:until], losses[:until], float(curve[until - 1])
    for epoch, (value, loss) in enumerate(zip(curve.tolist(), losses.tolist(), strict=True), 1):
        step, now = epoch * STEPS, float(epoch)
        flat = [loss] * STEPS
        rates = [what.optimizer.lr] * STEPS
        layers = {"dense1.kernel": LayerReport(1.0, 1.0, what.optimizer.lr)}
        events.append(StepsDone(step, now, flat, [1.0] * STEPS, rates, layers, now))
        share_of_one = 1.0 if value < chance + 0.05 else chance
        events.append(
            Evaluated(step, now, loss, value, loss, value, True, share_of_one, {}, float(epoch))
        )
    status: Status = "finished" if len(curve) == epochs else "stopped"
    events.append(_finished(len(curve), float(losses[-1]), measured, status))
    return Result(events, Predictions(np.eye(CLASSES)[predicted], targets), 1.0)


def _started(epochs: int) -> TrialStarted:
    chance = float(np.log(CLASSES))
    shares = [1 / CLASSES] * CLASSES
    data = DataReport(TRAINING, VALIDATION, [20], CLASSES, shares, 1.0, 3.0, 0.1, 2.0)
    return TrialStarted("none", "cpu", 1000, STEPS, epochs, chance, chance, 1 / CLASSES, data)


def _finished(epochs: int, loss: float, metric: float, status: Status) -> TrialFinished:
    steps = epochs * STEPS
    return TrialFinished(
        status, float(epochs), steps, steps * 32, 1.0, loss, metric, loss, metric, steps
    )
