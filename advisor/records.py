"""The events of one trial as arrays, read once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from advisor.architecture import Floats
from advisor.events import Evaluated, Event, StepsDone, TrialFinished, TrialStarted
from advisor.recipe import Recipe
from advisor.timeline import Series, Timeline

MOST_SKIPPED = 0.1
"""Share of the steps that float16's loss scaling may skip before it counts as a fault."""


@dataclass(frozen=True)
class Records:
    """What a trial has reported so far: to be looked at before the next event is added."""

    recipe: Recipe
    events: Sequence[Event]
    """a `Timeline`, or else one is made of them"""
    unknown: frozenset[str] = frozenset()
    """`advisor.signals` that nobody told; what stands in their place means nothing"""

    def knows(self, name: str) -> bool:
        """Whether this signal (`advisor.signals`) was told and is not NaN throughout."""
        return name not in self.unknown and name not in self._unmeasured

    @cached_property
    def _unmeasured(self) -> frozenset[str]:
        """What is NaN wherever it stands. The losses of the steps are not among them: they were
        measured, and are a fault."""
        told, started = self.timeline, self.started
        series = {"grad_norm": told.grad_norms, "lr": told.rates, **told.evaluated}
        series |= {"wait_seconds": told.reports.waits, "gradient_kept": told.reports.kept}
        found = {name for name, values in series.items() if _all_nan(values)}
        found |= {name for name in _STARTED if started and math.isnan(getattr(started, name))}
        return frozenset(found)

    @cached_property
    def timeline(self) -> Timeline:
        return self.events if isinstance(self.events, Timeline) else Timeline(self.events)

    @property
    def started(self) -> TrialStarted | None:
        return self.timeline.started

    @property
    def finished(self) -> TrialFinished | None:
        return self.timeline.finished

    @cached_property
    def chunks(self) -> list[StepsDone]:
        return self.timeline.chunks

    @cached_property
    def evaluations(self) -> list[Evaluated]:
        return self.timeline.evaluations

    @cached_property
    def evaluated_at(self) -> list[int]:
        """Steps reported before each evaluation."""
        return self.timeline.evaluated_at

    @cached_property
    def loss(self) -> Floats:
        """(steps,) training loss as optimised."""
        return self.timeline.losses.values

    @property
    def loss_is_finite(self) -> bool:
        return self.timeline.losses.finite

    @cached_property
    def grad_norm(self) -> Floats:
        """(steps,) before clipping. float16's loss scaling skips a step whose gradient overflows
        and goes on at half the scale: that is how it works, so the step before stands for it,
        unless more than MOST_SKIPPED of the steps were lost."""
        norms = self.timeline.grad_norms.values
        if self.recipe.train.precision != "float16":
            return norms
        skipped = self.skipped
        few = np.mean(skipped) <= MOST_SKIPPED if len(norms) else False
        if not few or skipped.all():
            return norms
        kept = np.flatnonzero(~skipped)
        before = np.searchsorted(kept, np.arange(len(norms)), side="right") - 1
        return np.asarray(norms[kept[np.maximum(before, 0)]])

    @property
    def skipped(self) -> np.ndarray:
        """(steps,) whether loss scaling had to skip the step: the loss is finite, the gradient
        is not."""
        return np.isfinite(self.loss) & ~np.isfinite(self.timeline.grad_norms.values)

    @cached_property
    def lr(self) -> Floats:
        return self.timeline.rates.values

    @cached_property
    def smooth_loss(self) -> Floats:
        """Bias-corrected exponential average; before step 50 the median of the last five."""
        return self.timeline.smooth_losses.values

    @property
    def steps(self) -> int:
        return len(self.loss)

    @cached_property
    def total_steps(self) -> int:
        """Planned steps of the whole run."""
        per_epoch = self.started.steps_per_epoch if self.started else 0
        return per_epoch * self.recipe.train.epochs

    @property
    def planned(self) -> int:
        """`total_steps`, or the steps so far where they are more or nobody told."""
        return max(self.total_steps, self.steps)

    @property
    def complete(self) -> bool:
        """Whether the run has ended by itself, so that what it lacks will not come."""
        return self.finished is not None and self.finished.status in ("finished", "early_stopped")

    @cached_property
    def window(self) -> int:
        """clamp(5 % of the planned steps, 20, 500)."""
        return int(np.clip(0.05 * self.planned, 20, 500))

    @cached_property
    def warmup_steps(self) -> int:
        """Steps over which the schedule raises the rate."""
        schedule = self.recipe.schedule
        share = schedule.rise if schedule.kind == "one_cycle" else schedule.warmup
        return round(share * self.total_steps)

    @cached_property
    def best(self) -> Evaluated | None:
        return next((e for e in reversed(self.evaluations) if e.best), None)

    @cached_property
    def train_losses(self) -> Floats:
        return self.timeline.evaluated["train_loss"].values

    @cached_property
    def validation_losses(self) -> Floats:
        return self.timeline.evaluated["validation_loss"].values

    @cached_property
    def chance_loss(self) -> float | None:
        """What ignoring the input costs; None when nobody knows."""
        told = self.started is not None and self.knows("chance_loss")
        return _if_finite(self.started.chance_loss) if self.started and told else None

    @cached_property
    def began(self) -> float | None:
        """The loss of the untrained model, or else of the first batches: the first alone where the
        next ones blew up."""
        told = self.started is not None and self.knows("initial_loss")
        initial = _if_finite(self.started.initial_loss) if self.started and told else None
        if initial is not None or not self.steps:
            return initial
        return _if_finite(float(min(self.loss[0], np.median(self.loss[:5]))))

    @cached_property
    def knowing_nothing(self) -> float | None:
        """The larger of where the loss began and what ignoring the input costs."""
        known = [value for value in (self.began, self.chance_loss) if value is not None]
        return max(known, default=None)


_STARTED = ("initial_loss", "chance_loss", "chance_metric")


def _all_nan(series: Series) -> bool:
    values = series.values
    return len(values) > 0 and math.isinf(series.lowest) and bool(np.isnan(values).all())


def _if_finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
