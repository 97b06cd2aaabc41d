"""What a session knows: the trials that were run, and where it stands."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from functools import cached_property

from advisor import evidence
from advisor.budget import Budget
from advisor.events import Evaluated
from advisor.evidence import Predictions
from advisor.facts import FactValue
from advisor.metrics import oriented
from advisor.recipe import Recipe
from advisor.requests import (
    Decided,
    Ensemble,
    Finals,
    Result,
    RunProbe,
    TestResult,
    Train,
)
from advisor.stages import Stage, ordered
from advisor.symptoms import Finding

CLEARLY = 3.0
"""Standard errors by which a metric must be better than chance."""
LEAST_EVALUATIONS = 3


@dataclass(frozen=True)
class Attempt:
    """A trial that was run, with what it shows."""

    trial: Train
    result: Result
    facts: dict[str, FactValue]
    findings: tuple[Finding, ...]

    @property
    def recipe(self) -> Recipe:
        return self.trial.recipe

    @property
    def value(self) -> float | None:
        """Validation metric at the best evaluation."""
        finished = self.result.finished
        return finished.validation_metric if finished else None

    def predictions(self, scale: float) -> Predictions | None:
        """Validation outputs, with the spread between seeds that such a training has."""
        found, started, finished = (
            self.result.predictions,
            self.result.started,
            self.result.finished,
        )
        if found is None or started is None or finished is None or finished.train_loss is None:
            return found
        error = evidence.metric_error(self.recipe, found, scale)
        spread = evidence.prior_spread(
            error, finished.train_loss, started.chance_loss, self._falling(error)
        )
        return replace(found, spread=spread)

    def _falling(self, error: float) -> float:
        """What the validation loss fell by over the last third, as a share of chance's; infinite
        where that is not known, or where nothing was learned that chance does not know."""
        started, finished = self.result.started, self.result.finished
        losses = [e.validation_loss for e in self.result.events if isinstance(e, Evaluated)]
        if started is None or finished is None or len(losses) < LEAST_EVALUATIONS:
            return math.inf
        metric, value = self.recipe.metric, finished.validation_metric
        if value is None or finished.validation_loss is None:
            return math.inf
        ahead = oriented(metric, value) - oriented(metric, started.chance_metric)
        if ahead < CLEARLY * error or finished.validation_loss >= started.chance_loss:
            return math.inf
        before = losses[2 * len(losses) // 3 - 1]
        return (before - min(losses[2 * len(losses) // 3 :])) / started.chance_loss

    @property
    def blocking(self) -> set[str]:
        return {f.symptom for f in self.findings if f.outcome == "fired" and f.severity == "block"}


@dataclass
class State:
    """All that a session knows; front ends read it, only the session writes it."""

    start: Recipe
    budget: Budget
    checked: tuple[Finding, ...] = ()
    """what could be judged before the first training"""
    attempts: list[Attempt] = field(default_factory=list)
    probes: list[tuple[RunProbe, Result]] = field(default_factory=list)
    decisions: list[Decided] = field(default_factory=list)
    visits: dict[str, int] = field(default_factory=dict)
    waiting: list[Stage] = field(default_factory=list)
    incumbent: Attempt | None = None
    confirmation: Attempt | None = None
    """the winner's first training on a fresh seed"""
    finals: Finals | None = None
    ensemble: Ensemble | None = None
    test: TestResult | None = None
    finished: bool = False

    def __post_init__(self) -> None:
        self.waiting = list(self.stages)

    @cached_property
    def stages(self) -> tuple[Stage, ...]:
        """This session's, in their order."""
        return ordered(self.start)

    @property
    def baseline(self) -> Attempt | None:
        return self.attempts[0] if self.attempts else None

    @property
    def best(self) -> Attempt:
        """The incumbent, once there is one."""
        assert self.incumbent is not None
        return self.incumbent

    def attempt(self, number: int) -> Attempt:
        """The training of this number. Raises KeyError."""
        found = next((one for one in self.attempts if one.trial.number == number), None)
        if found is None:
            raise KeyError(number)
        return found

    @property
    def fresh(self) -> tuple[Attempt, ...]:
        """The winner's trainings on fresh seeds, in their order."""
        return tuple(map(self.attempt, self.finals.winner.fresh)) if self.finals else ()

    @property
    def scale(self) -> float:
        """Deviation of the training targets, which turns errors into the data's units."""
        started = self.baseline.result.started if self.baseline else None
        return started.data.target_std if started else 1.0
