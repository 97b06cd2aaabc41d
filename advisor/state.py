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
from advisor.recipe.fit import has
from advisor.requests import (
    Decided,
    Ensemble,
    Finals,
    Looked,
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
LOCKS = "tune.locked"
"""The one field that differs between the trials of a session and trains nothing."""


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
    looks: list[Looked] = field(default_factory=list)
    """changes that were only begun to train"""
    way: list[int] = field(default_factory=list)
    """the trials that led to the incumbent, the baseline left out"""
    given_up: set[int] = field(default_factory=set)
    """incumbents that a person went back from, by trial"""
    locked: tuple[str, ...] = ()
    """fields that nothing may change from now on: the recipe's `tune.locked`, and what a person
    locked or unlocked since"""
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
        self.locked = self.start.tune.locked

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

    @property
    def kept(self) -> Recipe:
        """The incumbent's recipe as it is handed out, with the locks that the session began with:
        what a person locked on the way was for that session."""
        return relocked(self.best.recipe, self.start.tune.locked)

    def attempt(self, number: int) -> Attempt:
        """The training of this number. Raises KeyError."""
        found = next((one for one in self.attempts if one.trial.number == number), None)
        if found is None:
            raise KeyError(number)
        return found

    def lock(self, locked: tuple[str, ...]) -> None:
        """Lock these fields and no others; they are the incumbent's `tune.locked` from now on, as
        far as its recipe has them, which is where all that makes changes looks."""
        self.locked = locked
        self.incumbent = self.under_locks(self.best)

    def under_locks(self, attempt: Attempt) -> Attempt:
        """The same trial, with what is locked now."""
        recipe = relocked(attempt.recipe, self.locked)
        if recipe is attempt.recipe:
            return attempt
        return replace(attempt, trial=replace(attempt.trial, recipe=recipe))

    def accepted(self, attempt: Attempt) -> None:
        """The attempt is the incumbent from now on."""
        self.incumbent = self.under_locks(attempt)
        self.way.append(attempt.trial.number)

    def gone_back(self, attempt: Attempt) -> None:
        """An earlier attempt is the incumbent again; what was accepted since is given up."""
        assert self.baseline is not None
        first, number = self.baseline.trial.number, attempt.trial.number
        way = [first, *self.way]
        kept = way[: way.index(number) + 1] if number in way else [*way[:-1], number]
        self.given_up = (self.given_up | set(way)) - set(kept)
        self.way = [one for one in kept if one != first]
        self.incumbent = self.under_locks(attempt)

    @property
    def fresh(self) -> tuple[Attempt, ...]:
        """The winner's trainings on fresh seeds, in their order."""
        return tuple(map(self.attempt, self.finals.winner.fresh)) if self.finals else ()

    @property
    def scale(self) -> float:
        """Deviation of the training targets, which turns errors into the data's units."""
        started = self.baseline.result.started if self.baseline else None
        return started.data.target_std if started else 1.0


def relocked(recipe: Recipe, locked: tuple[str, ...]) -> Recipe:
    """The recipe with these fields locked, those left out that it does not have."""
    there = [path for path in locked if has(recipe, path)]
    if tuple(there) == recipe.tune.locked:
        return recipe
    return recipe.changed({LOCKS: there})
