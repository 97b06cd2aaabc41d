"""Short experiments that are not trials: they share no state with any trial, and cost steps.

`lr_range`: a learning-rate range test (Smith 2015, arXiv 1506.01186). Three faults of the usual
ones are avoided: the slope is taken in log10(lr), the loss is measured on a fixed sample in
evaluation mode rather than read off noisy batches, and "no valid pick" is an answer.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from advisor import data, metrics
from advisor.architecture import Floats
from advisor.backend import Backend, Training
from advisor.events import ProbeFinished
from advisor.preflight import ONE_BATCH_SHARE, PREFLIGHT_SHARE, most_epochs, one_batch
from advisor.preflight import run as preflight
from advisor.recipe import Recipe
from advisor.steps import StepMaker
from advisor.training import prepare

POINTS, STEPS_A_POINT = 24, 3
SAMPLE = 512
LOWEST = 1e-6
HIGHEST = {
    "sgd": 10.0,
    "rmsprop": 1.0,
    "adagrad": 10.0,
    "adam": 1.0,
    "adamw": 1.0,
    "nadam": 1.0,
    "lion": 0.1,
}
BLURS = (
    "regularization.dropout",
    "regularization.feature_dropout",
    "regularization.embedding_dropout",
    "regularization.attention_dropout",
    "regularization.stochastic_depth",
)
STOP_FACTOR = 4.0
"""The sweep ends when the loss is this many times the best seen (fastai, Lightning)."""
LEAST_FALL = 0.05
"""A sweep whose loss gets less than this share below where it began, and below the loss of
ignoring the input, has no valid pick."""

Probe = Callable[[Recipe, data.Dataset, Backend, str], ProbeFinished]


def lr_range(
    recipe: Recipe, dataset: data.Dataset, backend: Backend, device: str = "auto"
) -> ProbeFinished:
    """Raise the learning rate geometrically for a few steps a point; suggest a rate.

    Facts: `suggested_lr` (None when there is no valid pick), `lr_range_low` and
    `lr_range_high` (where the loss starts to fall, and where it turns up).
    """
    began = time.perf_counter()
    job = prepare(_plain(recipe), dataset, device)
    sweep = _sweep(recipe, dataset, backend.start(job))
    pick = suggest(sweep.lr, sweep.loss, sweep.initial_loss, _chance_loss(recipe, dataset))
    n = len(dataset.train.targets)
    return ProbeFinished(
        "lr_range",
        {
            "suggested_lr": pick.lr,
            "lr_range_low": pick.low,
            "lr_range_high": pick.high,
        },
        sweep.steps * recipe.train.batch_size / n,
        sweep.steps,
        time.perf_counter() - began,
        {"lr": sweep.lr.tolist(), "loss": sweep.loss.tolist()},
        pick.message,
    )


PROBES: dict[str, Probe] = {
    "preflight": preflight,
    "one_batch": one_batch,
    "lr_range": lr_range,
}


def probe_epochs(probe: str, recipe: Recipe, train_examples: int) -> float:
    """The most epochs that a probe of this name can cost; KeyError for an unknown probe."""
    shares = {"preflight": PREFLIGHT_SHARE, "one_batch": ONE_BATCH_SHARE}
    if probe in shares:
        return most_epochs(shares[probe], recipe, train_examples)
    steps = {"lr_range": POINTS * STEPS_A_POINT}[probe]
    return steps * recipe.train.batch_size / train_examples


@dataclass(frozen=True)
class Sweep:
    lr: Floats
    loss: Floats
    initial_loss: float
    steps: int


@dataclass(frozen=True)
class Pick:
    lr: float | None
    low: float | None
    high: float | None
    message: str


def _plain(recipe: Recipe) -> Recipe:
    """What the test trains: the recipe without what only blurs the curve."""
    changes: dict[str, Any] = dict.fromkeys(BLURS, 0.0)
    changes |= {"regularization.average": None, "regularization.augmentation": {}}
    if recipe.has("optimizer.handover") or recipe.has("optimizer.handover.at"):
        changes["optimizer.handover"] = None
    return recipe.changed({"schedule.kind": "constant", "schedule.warmup": 0.0, **changes})


def _sweep(recipe: Recipe, dataset: data.Dataset, training: Training) -> Sweep:
    n = len(dataset.train.targets)
    sample = np.linspace(0, n - 1, min(n, SAMPLE)).astype(int)
    inputs, targets = dataset.train.inputs[sample], dataset.train.targets[sample]

    def measure() -> float:
        with np.errstate(all="ignore"):
            outputs = training.predict(inputs)
            return float(np.mean(metrics.example_losses(recipe, outputs, targets)))

    lrs = np.geomspace(LOWEST, HIGHEST[recipe.optimizer.kind], POINTS)
    initial, losses = measure(), list[float]()
    with StepMaker(_plain(recipe), dataset, list(training.weights())) as maker:
        for point, lr in enumerate(lrs):
            for batches in maker.stretches(point * STEPS_A_POINT, STEPS_A_POINT):
                training.run(replace(batches, lr=np.full(len(batches.rows), lr)))
            losses.append(measure())
            if not np.isfinite(losses[-1]) or losses[-1] > STOP_FACTOR * min(initial, *losses):
                break
    done = len(losses)
    return Sweep(lrs[:done], np.array(losses), initial, done * STEPS_A_POINT)


def _chance_loss(recipe: Recipe, dataset: data.Dataset) -> float:
    """Coming down to the loss of ignoring the input is no sign that anything is learned."""
    targets = dataset.train.targets
    chance = metrics.chance_outputs(recipe.task, targets, dataset.outputs, len(targets))
    return float(np.mean(metrics.example_losses(recipe, chance, targets)))


def _turn(smooth: Floats, initial_loss: float) -> int:
    """Where the loss first rises by half of what it had fallen: what comes after is chaos, in
    which a lower loss may turn up by chance."""
    lowest = np.minimum.accumulate(smooth)
    fallen = np.maximum(initial_loss - lowest, 4 * LEAST_FALL * abs(initial_loss))
    turned = np.flatnonzero(smooth - lowest > 0.5 * fallen)
    return int(turned[0]) if len(turned) else len(smooth)


def suggest(lr: Floats, loss: Floats, initial_loss: float, chance_loss: float) -> Pick:
    """The median (in log10) of three picks, all left of where the loss turns up.

    The picks: the steepest descent in log10(lr); two thirds of the way (in log10) from where the
    loss starts to fall to its bottom; a tenth of the rate at the bottom. A curve that never gets
    clearly below both where it began and the loss of ignoring the input gives no pick.
    """
    finite = np.isfinite(loss)
    lr, loss = lr[finite], loss[finite]
    if len(loss) < 4:
        return Pick(None, None, None, "the loss was not finite from the lowest rates on")
    smooth = np.convolve(np.pad(loss, 1, mode="edge"), np.ones(3) / 3, mode="valid")
    bottom = int(np.argmin(smooth[: _turn(smooth, initial_loss)]))
    fall = initial_loss - float(smooth[bottom])
    if float(loss.min()) > (1 - LEAST_FALL) * min(initial_loss, chance_loss) or fall <= 0:
        return Pick(None, None, None, "no rate made the loss fall clearly")
    position, falling = np.log10(lr), np.flatnonzero(initial_loss - smooth > LEAST_FALL * fall)
    low = int(falling[0])
    high = float(lr[bottom]) if bottom < len(lr) - 1 else None
    if bottom <= low:
        return Pick(None, float(lr[low]), high, "the loss falls at one rate only")
    slope = np.gradient(smooth, position)
    steepest = position[low + int(np.argmin(slope[low : bottom + 1]))]
    valley = position[low] + (position[bottom] - position[low]) * 2 / 3
    tenth = position[bottom] - 1
    middle = float(np.median([steepest, valley, tenth]))
    return Pick(float(f"{10**middle:.2g}"), float(lr[low]), high, "")
