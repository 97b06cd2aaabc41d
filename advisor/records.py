"""The events of one trial as arrays, read once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from advisor.architecture import Floats
from advisor.events import Evaluated, Event, StepsDone, TrialFinished, TrialStarted
from advisor.recipe import Recipe

SMOOTHING = 0.98
"""Of the exponential average of the training loss, as the fastai and Lightning rate finders use."""
MOST_SKIPPED = 0.1
"""Share of the steps that float16's loss scaling may skip before it counts as a fault."""


@dataclass(frozen=True)
class Records:
    """What a trial has reported so far."""

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
        """(steps,) before clipping. float16's loss scaling skips a step whose gradient overflows
        and goes on at half the scale: that is how it works, so the step before stands for it,
        unless more than MOST_SKIPPED of the steps were lost."""
        norms = np.array([v for chunk in self.chunks for v in chunk.grad_norm], dtype=float)
        skipped = np.isfinite(self.loss) & ~np.isfinite(norms)
        few = np.mean(skipped) <= MOST_SKIPPED if len(norms) else False
        if self.recipe.train.precision != "float16" or not few or skipped.all():
            return norms
        kept = np.flatnonzero(~skipped)
        before = np.searchsorted(kept, np.arange(len(norms)), side="right") - 1
        return np.asarray(norms[kept[np.maximum(before, 0)]])

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
