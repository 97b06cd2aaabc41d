"""Watches a trial while it trains, and gives it up when the pruner or the budget says so."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal

from advisor.control.pruning import Pruner
from advisor.events import Evaluated, Event, StepsDone
from advisor.metrics import oriented
from advisor.recipe import Recipe


class Watch:
    """Called with each event. What comes after the decision to stop no longer counts: a worker
    may be some steps on before it hears of it."""

    def __init__(
        self,
        recipe: Recipe,
        most_epochs: int,
        pruner: Pruner,
        stop: Callable[[], None],
        on_event: Callable[[Event], None],
    ) -> None:
        self.recipe, self.most_epochs, self.pruner = recipe, most_epochs, pruner
        self.stop, self.on_event = stop, on_event
        self.given_up: Literal["pruned", "cut"] | None = None
        self.curve: list[tuple[float, float]] = []
        """(epoch, validation metric) of finite evaluations"""
        self.epoch = 0.0
        """as far as it got"""

    def __call__(self, event: Event) -> None:
        if self.given_up is not None:
            return
        self.on_event(event)
        if isinstance(event, StepsDone):
            self.epoch = event.epoch
        elif isinstance(event, Evaluated):
            self._evaluated(event)

    def _evaluated(self, event: Evaluated) -> None:
        if not (math.isfinite(event.validation_metric) and math.isfinite(event.validation_loss)):
            return  # it has diverged and ends by itself
        self.curve.append((event.epoch, event.validation_metric))
        hopeless = self.pruner.report(
            event.epoch, oriented(self.recipe.metric, event.validation_metric)
        )
        if event.epoch >= self.recipe.train.epochs:
            return  # done anyway
        if hopeless or event.epoch >= self.most_epochs:
            self.given_up = "pruned" if hopeless else "cut"
            self.stop()
