"""Learning-rate schedules as plain functions of the step, the same for every backend."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from advisor.architecture import Floats
from advisor.recipe import OneCycle, Plateau, Recipe

ONE_CYCLE_DIV = 25.0
ONE_CYCLE_FINAL_DIV = 1e4


def learning_rates(recipe: Recipe, start: int, stop: int, total: int) -> Floats:
    """(stop - start,) rates of steps start..stop-1 of a run of `total` steps.

    A plateau schedule depends on evaluations: multiply the result by `PlateauScale.scale`.
    """
    return np.array([_rate(recipe, step, total) for step in range(start, stop)])


def _rate(recipe: Recipe, step: int, total: int) -> float:
    schedule, peak = recipe.schedule, recipe.optimizer.lr
    if isinstance(schedule, OneCycle):
        return peak * _one_cycle(step, total, schedule.rise)
    warmup = round(schedule.warmup * total)
    if step < warmup:
        return peak * (step + 1) / warmup
    progress = (step - warmup) / max(1, total - warmup - 1)
    match schedule.kind:
        case "constant" | "plateau":
            return peak
        case "step":
            passed = sum(step >= milestone * total for milestone in schedule.milestones)
            return float(peak * schedule.gamma**passed)
        case "exponential":
            return float(peak * schedule.final**progress)
        case "linear":
            return peak * (1 + (schedule.final - 1) * progress)
        case "cosine":
            return peak * _between(1.0, schedule.final, progress)


def _one_cycle(step: int, total: int, rise: float) -> float:
    low, lowest = 1 / ONE_CYCLE_DIV, 1 / (ONE_CYCLE_DIV * ONE_CYCLE_FINAL_DIV)
    top = max(rise * total - 1, 1e-9)
    if step <= top:
        return _between(low, 1.0, step / top)
    return _between(1.0, lowest, (step - top) / max(total - 1 - top, 1e-9))


def _between(start: float, end: float, progress: float) -> float:
    return end + (start - end) * (1 + math.cos(math.pi * min(1.0, progress))) / 2


@dataclass
class PlateauScale:
    """The factor of a plateau schedule, as evaluations come in."""

    schedule: Plateau
    scale: float = 1.0
    best: float = math.inf
    waited: int = 0

    def evaluated(self, validation_loss: float) -> None:
        if validation_loss < self.best * (1 - self.schedule.threshold):
            self.best, self.waited = validation_loss, 0
            return
        self.waited += 1
        if self.waited > self.schedule.patience:
            self.scale, self.waited = self.scale * self.schedule.factor, 0
