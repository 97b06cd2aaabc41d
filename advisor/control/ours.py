"""The session itself, seen as a search: what it had found after how many epochs."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from advisor.control.curve import Points, best_so_far
from advisor.events import Evaluated
from advisor.evidence import Predictions
from advisor.metrics import oriented
from advisor.recipe import Recipe
from advisor.report.replay import Story
from advisor.requests import Decided, Finals, Result, Results, Returned
from advisor.state import Attempt, State


@dataclass(frozen=True)
class Side:
    """One of the two ways to see what a session came to."""

    curve: Points
    predictions: Predictions | None
    """of the training that its last value is from"""

    @property
    def value(self) -> float | None:
        return self.curve[-1][1] if self.curve else None


@dataclass(frozen=True)
class Ours:
    """A finished session as a control sees it."""

    start: Recipe
    epochs: float
    """spent in all: trials and probes"""
    trials: int
    curve: Points
    """best so far over everything it trained"""
    incumbent: Points
    """what it would have recommended: only what was accepted"""
    predictions: Predictions | None
    """of the trial with the best value"""
    scale: float
    """deviation of the training targets"""
    best: Recipe | None = None
    """what it recommends; None where nothing was trained to its end"""
    recommended: Predictions | None = None
    """of the training that this was kept for"""

    @property
    def searched(self) -> Side:
        """The best of any training, kept or not."""
        return Side(self.curve, self.predictions)

    @property
    def kept(self) -> Side:
        """What is recommended."""
        return Side(self.incumbent, self.recommended)


def ours(story: Story) -> Ours:
    """Of a session's replay."""
    state = story.state
    metric = state.start.metric
    best, kept = _best(state), state.incumbent
    return Ours(
        state.start,
        state.budget.epochs,
        len(state.attempts),
        best_so_far(_evaluations(story), metric),
        tuple(_incumbents(story)),
        best.predictions(state.scale) if best else None,
        state.scale,
        kept.recipe if kept else None,
        kept.predictions(state.scale) if kept else None,
    )


def _best(state: State) -> Attempt | None:
    """The trial with the best value, accepted or not."""
    finite = [a for a in state.attempts if a.value is not None and math.isfinite(a.value)]
    metric = state.start.metric
    return max(finite, key=lambda a: oriented(metric, a.value or 0.0), default=None)


def _evaluations(story: Story) -> Iterator[tuple[float, float]]:
    """(epochs spent by then, validation metric) of every finite evaluation of every trial."""
    spent = 0.0
    for moment in story.moments:
        before = spent
        for result in _results(moment.answer):
            for event in result.events:
                if isinstance(event, Evaluated) and _finite(event):
                    yield before + event.epoch, event.validation_metric
            before += result.finished.epochs if result.finished else 0.0
        spent = moment.epochs


def _results(answer: object) -> tuple[Result, ...]:
    if isinstance(answer, Results):
        return answer.results
    return (answer,) if isinstance(answer, Result) else ()


def _finite(event: Evaluated) -> bool:
    return math.isfinite(event.validation_metric) and math.isfinite(event.validation_loss)


def _incumbents(story: Story) -> Iterator[tuple[float, float]]:
    """(epochs spent by then, value) of the baseline and of each recipe that replaced it, which the
    finals may do as well."""
    baseline = story.state.baseline
    for moment in story.moments:
        request = moment.request
        if baseline is not None and request == baseline.trial:
            value = baseline.value
        elif isinstance(request, Decided) and request.decision.verdict == "accepted":
            value = request.value
        elif isinstance(request, Returned):
            value = story.state.attempt(request.trial).value
        elif isinstance(request, Finals) and request.winner.decision is not None:
            value = story.state.attempt(request.winner.trial).value
        else:
            continue
        if value is not None:
            yield moment.epochs, value
