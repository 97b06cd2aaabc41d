"""The events of one trial as arrays, read once and shared by facts and symptoms."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from advisor.architecture import Floats
from advisor.events import Evaluated, Event, StepsDone, TrialFinished, TrialStarted
from advisor.metrics import oriented
from advisor.recipe import LOWER_IS_BETTER, Recipe
from advisor.trends import finite_median, log_slope

SMOOTHING = 0.98
"""Of the exponential average of the training loss, as the fastai and Lightning rate finders use."""
DECAYED = 0.1
"""Windows whose rate is below this share of the peak say nothing about the size of updates."""


@dataclass(frozen=True)
class History:
    """What is known of a trial so far. Metrics are turned so that larger is better."""

    recipe: Recipe
    events: Sequence[Event]

    @cached_property
    def started(self) -> TrialStarted | None:
        return next((e for e in self.events if isinstance(e, TrialStarted)), None)

    @cached_property
    def finished(self) -> TrialFinished | None:
        return next((e for e in reversed(self.events) if isinstance(e, TrialFinished)), None)

    @cached_property
    def chunks(self) -> list[StepsDone]:
        return [e for e in self.events if isinstance(e, StepsDone)]

    @cached_property
    def evaluations(self) -> list[Evaluated]:
        return [e for e in self.events if isinstance(e, Evaluated)]

    @cached_property
    def loss(self) -> Floats:
        """(steps,) training loss as optimised."""
        return np.array([value for chunk in self.chunks for value in chunk.loss], dtype=float)

    @cached_property
    def grad_norm(self) -> Floats:
        return np.array([value for chunk in self.chunks for value in chunk.grad_norm], dtype=float)

    @cached_property
    def lr(self) -> Floats:
        return np.array([value for chunk in self.chunks for value in chunk.lr], dtype=float)

    @cached_property
    def smooth_loss(self) -> Floats:
        """Bias-corrected exponential average; before step 50 the median of the last five."""
        average, found = 0.0, np.empty(len(self.loss))
        with np.errstate(all="ignore"):
            for i, value in enumerate(self.loss):
                average = SMOOTHING * average + (1 - SMOOTHING) * value
                found[i] = average / (1 - SMOOTHING ** (i + 1))
        early = min(50, len(found))
        for i in range(early):
            found[i] = np.median(self.loss[max(0, i - 4) : i + 1])
        return found

    @property
    def steps(self) -> int:
        return len(self.loss)

    @cached_property
    def total_steps(self) -> int:
        """Planned steps of the whole run."""
        per_epoch = self.started.steps_per_epoch if self.started else 0
        return per_epoch * self.recipe.train.epochs

    @property
    def complete(self) -> bool:
        """Whether the run has ended by itself, so that what it lacks will not come."""
        return self.finished is not None and self.finished.status in ("finished", "early_stopped")

    @cached_property
    def window(self) -> int:
        """clamp(5 % of the planned steps, 20, 500)."""
        return int(np.clip(0.05 * self.total_steps, 20, 500))

    @cached_property
    def best(self) -> Evaluated | None:
        return next((e for e in reversed(self.evaluations) if e.best), None)

    @cached_property
    def train_losses(self) -> Floats:
        return np.array([e.train_loss for e in self.evaluations])

    @cached_property
    def validation_losses(self) -> Floats:
        return np.array([e.validation_loss for e in self.evaluations])

    @cached_property
    def validation_metrics(self) -> Floats:
        """Turned so that larger is better."""
        return np.array([self.turned(e.validation_metric) for e in self.evaluations])

    def turned(self, value: float) -> float:
        return oriented(self.recipe.metric, value)

    @cached_property
    def is_share(self) -> bool:
        """Whether the metric lies in [0, 1], so that points of it mean something."""
        return self.recipe.task != "regression"

    @cached_property
    def validation_examples(self) -> int:
        return self.started.data.validation_examples if self.started else 0

    def shortfall(self, metric: float) -> float | None:
        """Distance from a perfect score: 1 - metric; for errors, their share of chance's error.

        0 is perfect; None when chance itself is perfect or unknown.
        """
        if self.recipe.metric not in LOWER_IS_BETTER:
            return 1.0 - metric
        chance = self.started.chance_metric if self.started else 0.0
        return metric / chance if chance > 0 else None

    @cached_property
    def gap(self) -> float | None:
        """Shortfall of validation - that of training, at the last evaluation."""
        return self._gap(self.evaluations[-1]) if self.evaluations else None

    @cached_property
    def best_gap(self) -> float | None:
        """Shortfall of validation - that of training, at the best evaluation."""
        return self._gap(self.best) if self.best else None

    def _gap(self, evaluated: Evaluated) -> float | None:
        held = self.shortfall(evaluated.validation_metric)
        trained = self.shortfall(evaluated.train_metric)
        return None if held is None or trained is None else held - trained

    @cached_property
    def metric_error(self) -> float | None:
        """Standard error of the best validation metric over its examples, in its own unit.

        Shares: binomial, sqrt(p (1 - p) / n), where averages over classes rest on the rarest.
        r2, rmse and mae: as for normal residuals.
        """
        n = self.validation_examples
        if self.best is None or not n:
            return None
        value = self.best.validation_metric
        match self.recipe.metric:
            case "r2":
                return abs(1 - value) * math.sqrt(2 / n)
            case "rmse":
                return value / math.sqrt(2 * n)
            case "mae":
                return 0.756 * value / math.sqrt(n)
            case _:
                p = min(max(value, 1 / n), 1 - 1 / n)
                return math.sqrt(p * (1 - p) / self._effective_examples(n))

    def _effective_examples(self, n: int) -> float:
        """Validation examples that would tell as much if all counted alike."""
        shares = self.started.data.class_shares if self.started else None
        if self.recipe.metric == "accuracy" or not shares or not all(shares):
            return n
        return float(n * len(shares) ** 2 / sum(1 / share for share in shares))

    @cached_property
    def shortfall_error(self) -> float | None:
        """`metric_error` in the unit of `shortfall`."""
        error, metric = self.metric_error, self.recipe.metric
        return error if error is None or metric not in LOWER_IS_BETTER else self.shortfall(error)

    @cached_property
    def lift(self) -> float | None:
        """Best validation metric - chance's, in standard errors of what chance alone would give.

        Shares: binomial error at chance. Regression: the t statistic of the correlation that
        explains as much, sqrt(R2 (n - 2) / (1 - R2)), with R2's sign.
        """
        n = self.validation_examples
        if self.best is None or self.started is None or n < 3:
            return None
        value, chance = self.best.validation_metric, self.started.chance_metric
        if self.is_share:
            p = min(max(chance, 1 / n), 1 - 1 / n)
            return (value - chance) / math.sqrt(p * (1 - p) / n)
        if self.recipe.metric == "r2":
            explained = value
        else:
            explained = 1 - (value / chance) ** 2 if chance > 0 else 0.0
        size = min(abs(explained), 1 - 1e-9)
        return math.copysign(math.sqrt(size * (n - 2) / (1 - size)), explained)

    @cached_property
    def validation_noise(self) -> float | None:
        """1.4826 MAD of first differences of the validation loss / sqrt(2); None under 4."""
        if len(self.validation_losses) < 4:
            return None
        steps = np.diff(self.validation_losses)
        return float(1.4826 * np.median(np.abs(steps - np.median(steps))) / math.sqrt(2))

    @cached_property
    def kernels(self) -> list[str]:
        """Names of the kernels, from the input to the output."""
        names = list(self.chunks[-1].layers) if self.chunks else []
        places = [_PLACE.match(name) for name in names]
        if not all(places):  # somebody's own model: as the backend reports them
            return names
        kinds = {"conv": 0, "dense": 1, "output": 2}
        keys = {
            name: (kinds[place[1]], int(place[2] or 0))
            for name, place in zip(names, places, strict=True)
            if place
        }
        return sorted(names, key=lambda name: keys[name])

    @cached_property
    def update_ratios(self) -> dict[str, Floats]:
        """Each kernel's update-to-weight ratio at the end of each chunk, decayed ends left out."""
        peak = float(np.max(self.lr, initial=0.0))
        awake = [c for c in self.chunks if c.lr and c.lr[-1] >= DECAYED * peak]
        return {
            name: np.array([c.layers[name].update_ratio for c in awake if name in c.layers])
            for name in self.kernels
        }

    @cached_property
    def update_ratio(self) -> float | None:
        """Median over the run of each kernel's ratio, then the median over kernels."""
        found = [finite_median(values) for values in self.update_ratios.values()]
        known = [value for value in found if value is not None]
        return float(np.median(known)) if known else None

    @cached_property
    def layer_gradients(self) -> dict[str, float]:
        """Each kernel's median gradient norm, in order from the input."""
        found = {
            name: finite_median(
                np.array([c.layers[name].grad_norm for c in self.chunks if name in c.layers])
            )
            for name in self.kernels
        }
        return {name: value for name, value in found.items() if value is not None}

    @cached_property
    def inspections(self) -> list[Evaluated]:
        """The evaluations at which activations were inspected."""
        return [e for e in self.evaluations if e.activations]

    def layer_shares(self, name: Literal["dead", "saturated"]) -> dict[str, float]:
        """Each activation layer's share, the lower of the last two inspections: units that come
        back were neither dead nor stuck."""
        recent = self.inspections[-2:]
        if not recent:
            return {}
        return {
            layer: min(
                float(getattr(e.activations[layer], name)) for e in recent if layer in e.activations
            )
            for layer in recent[-1].activations
        }

    @property
    def rate_is_on(self) -> bool:
        """Whether the last rate is still a fair part of the peak: decay slows any run by design."""
        return bool(len(self.lr)) and bool(self.lr[-1] > 3 * DECAYED * self.lr.max())

    @cached_property
    def late_trend(self) -> tuple[float, float] | None:
        """Slope of the logarithm of the training loss over the last third of the run, in units
        of a whole run, and its t statistic."""
        return log_slope(self.loss[2 * len(self.loss) // 3 :], 1 / 3)


_PLACE = re.compile(r"(conv|dense|output)(\d*)\.")
