"""Learning rates and weights of averages as plain functions of the step, for every backend."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from advisor.architecture import Floats
from advisor.recipe import Cosine, Handover, OneCycle, Plateau, Recipe, Schedule

Steps: TypeAlias = NDArray[np.integer[Any]]

ONE_CYCLE_DIV = 25.0
ONE_CYCLE_FINAL_DIV = 1e4


def learning_rates(recipe: Recipe, start: int, stop: int, total: int) -> Floats:
    """(stop - start,) rates of steps start..stop-1 of a run of `total` steps.

    The schedule goes over the whole run; from `handover_step` on, its peak is the rate of SGD.
    A plateau schedule depends on evaluations: multiply the result by `PlateauScale.scale`.
    """
    steps = np.arange(start, stop)
    peak = _peaks(recipe, steps, total)
    schedule = recipe.schedule
    if isinstance(schedule, OneCycle):
        return np.asarray(peak * _one_cycle(steps, total, schedule.rise))
    warmup = round(schedule.warmup * total)
    rates = _decayed(schedule, peak, steps, warmup, total)
    return np.where(steps < warmup, peak * (steps + 1) / max(1, warmup), rates)


def handover_step(recipe: Recipe, total: int) -> int | None:
    """The first step that SGD takes; None when the optimiser stays to the end.

    It is the first of an epoch where there are several: backends compile once for each length
    of a stretch of steps.
    """
    handover: Handover | None = getattr(recipe.optimizer, "handover", None)
    if handover is None:
        return None
    epochs = recipe.train.epochs
    if epochs == 1 or total % epochs:
        return round(handover.at * total)
    return min(max(1, round(handover.at * epochs)), epochs - 1) * (total // epochs)


def average_weights(
    recipe: Recipe, start: int, stop: int, total: int, steps_per_epoch: int
) -> Floats | None:
    """(stop - start,) how far the averages move after each step; see `Batches.average`.

    Averaging begins at step ceil(start * total), at the last step at the latest. ema: 1 there,
    then 1 - min(decay, (1 + t) / (10 + t)), t steps later, so that a short average is not all
    old weights. swa: 1, 1/2, 1/3, ... at the last step of each epoch. None: no average.
    """
    average = recipe.regularization.average
    if average is None:
        return None
    first = min(math.ceil(average.start * total), total - 1)
    steps = np.arange(start, stop)
    if average.kind == "swa":
        return _swa(steps, first, total, steps_per_epoch)
    since = np.maximum(steps - first, 0)
    moves = np.where(since > 0, 1 - np.minimum(average.decay, (1 + since) / (10 + since)), 1.0)
    return np.where(steps < first, 0.0, moves)


def _swa(steps: Steps, first: int, total: int, steps_per_epoch: int) -> Floats:
    whole = (steps + 1) // steps_per_epoch - first // steps_per_epoch
    cut = (steps == total - 1) & ((steps + 1) % steps_per_epoch > 0)
    ends = ((steps + 1) % steps_per_epoch == 0) | cut
    return np.where(ends & (steps >= first), 1 / np.maximum(1, whole + cut), 0.0)


def _peaks(recipe: Recipe, steps: Steps, total: int) -> Floats:
    peak = np.full(len(steps), recipe.optimizer.lr)
    first = handover_step(recipe, total)
    if first is not None:
        peak[steps >= first] = recipe.optimizer.handover.lr  # type: ignore[union-attr]
    return peak


def _decayed(schedule: Schedule, peak: Floats, steps: Steps, warmup: int, total: int) -> Floats:
    since = np.maximum(steps - warmup, 0)
    progress = since / max(1, total - warmup - 1)
    match schedule.kind:
        case "step":
            passed = np.zeros(len(steps), dtype=np.int64)
            for milestone in schedule.milestones:
                passed += steps >= milestone * total
            factors = [schedule.gamma**count for count in range(len(schedule.milestones) + 1)]
            return np.asarray(peak * np.array(factors)[passed])
        case "exponential":
            return np.asarray(peak * _each(lambda share: schedule.final**share, progress))
        case "linear":
            return np.asarray(peak * (1 + (schedule.final - 1) * progress))
        case "polynomial":
            left = _each(lambda share: (1 - share) ** schedule.power, np.minimum(progress, 1.0))
            return np.asarray(peak * (schedule.final + (1 - schedule.final) * left))
        case "cosine":
            cycle = _within_cycle(schedule, since, total - warmup)
            return np.asarray(peak * _between(1.0, schedule.final, cycle))
        case _:
            return peak


def _within_cycle(schedule: Cosine, since: Steps, length: int) -> Floats:
    """Progress from 0 at the first step of each cycle to 1 at its last one.

    Cycles are equally long to within a step; one of a single step stays at the peak.
    """
    cycles = schedule.restarts + 1
    number = since * cycles // max(1, length)
    first, after = -(-number * length // cycles), -(-(number + 1) * length // cycles)
    return np.asarray((since - first) / np.maximum(1, after - first - 1))


def _one_cycle(steps: Steps, total: int, rise: float) -> Floats:
    low, lowest = 1 / ONE_CYCLE_DIV, 1 / (ONE_CYCLE_DIV * ONE_CYCLE_FINAL_DIV)
    top = max(rise * total - 1, 1e-9)
    rising = _between(low, 1.0, np.minimum(steps / top, 1.0))
    falling = _between(1.0, lowest, np.maximum(steps - top, 0) / max(total - 1 - top, 1e-9))
    return np.where(steps <= top, rising, falling)


def _between(start: float, end: float, progress: Floats) -> Floats:
    cosines = _each(math.cos, math.pi * np.minimum(1.0, progress))
    return np.asarray(end + (start - end) * (1 + cosines) / 2)


def _each(function: Callable[[float], float], values: Floats) -> Floats:
    """The function of each value, by the C library: NumPy's own differ from machine to machine."""
    return np.fromiter(map(function, values.tolist()), dtype=np.float64, count=len(values))


@dataclass
class PlateauScale:
    """The factor of a plateau schedule, as evaluations come in."""

    schedule: Plateau
    scale: float = 1.0
    best: float = math.inf
    waited: int = 0

    def state(self) -> dict[str, float]:
        """What `restore` needs to go on from here."""
        return {"scale": self.scale, "best": self.best, "waited": self.waited}

    def restore(self, state: Mapping[str, float]) -> None:
        self.scale, self.best, self.waited = state["scale"], state["best"], int(state["waited"])

    def evaluated(self, validation_loss: float) -> None:
        if validation_loss < self.best * (1 - self.schedule.threshold):
            self.best, self.waited = validation_loss, 0
            return
        self.waited += 1
        if self.waited > self.schedule.patience:
            self.scale, self.waited = self.scale * self.schedule.factor, 0
