"""Asks for trainings and probes, and keeps what they showed."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any, TypeAlias

from advisor import symptoms
from advisor.checked import CHECKS, applicable
from advisor.events import ProbeFinished
from advisor.facts import FactValue, measure
from advisor.probes import PROBES, probe_epochs, probe_key
from advisor.recipe import Recipe
from advisor.requests import (
    Answer,
    Purpose,
    Request,
    Result,
    Results,
    RunProbe,
    Train,
    TrainAll,
)
from advisor.session.settings import Settings
from advisor.session.shares import Shares
from advisor.stages import Stage
from advisor.state import Attempt, State

Flow: TypeAlias = Generator[Request, Answer, Any]

PROBE_SHARE = 0.6
"""A probe may cost at most this share of one training, and is skipped when it would cost more
than the stage has left."""


class Experiments:
    """Every training and probe of a session goes through here: numbered, paid for, looked at."""

    def __init__(self, state: State, shares: Shares, settings: Settings) -> None:
        self._state, self._shares, self._settings = state, shares, settings
        self.tried: set[str] = set()
        """digests of the recipes that were trained"""
        self._probed: dict[tuple[str, str], dict[str, FactValue]] = {}
        self._checks: list[tuple[Recipe, ProbeFinished]] = []
        self._count = 0

    # Trainings

    def train(self, purpose: Purpose, recipe: Recipe, race: Sequence[float | None] = ()) -> Flow:
        """One training; returns its Attempt."""
        attempts = yield from self.train_all(purpose, [(recipe, race)])
        return attempts[0]

    def train_all(
        self,
        purpose: Purpose,
        wanted: Sequence[tuple[Recipe, Sequence[float | None]]],
        together: bool = False,
    ) -> Flow:
        """Trainings that do not depend on each other, with their race floors; returns Attempts.
        `together`: in step, as one program where the backend can do that."""
        trials = tuple(Train(self._number(), purpose, one, tuple(race)) for one, race in wanted)
        attempts: list[Attempt] = []
        portion = len(trials) if together else self._settings.workers
        for begin in range(0, len(trials), portion):
            attempts += yield from self._side_by_side(trials[begin : begin + portion], together)
        return attempts

    def _side_by_side(self, trials: tuple[Train, ...], together: bool) -> Flow:
        answer = yield trials[0] if len(trials) == 1 else TrainAll(trials, together)
        assert isinstance(answer, Result | Results)
        self._state.budget.spend(0.0, 0, answer.seconds)
        results = (answer,) if isinstance(answer, Result) else answer.results
        return [self._trained(trial, one) for trial, one in zip(trials, results, strict=True)]

    def known(self, recipe: Recipe) -> Attempt | None:
        """An earlier training of this very recipe."""
        digest = recipe.digest()
        return next((a for a in self._state.attempts if a.recipe.digest() == digest), None)

    def look(self, recipe: Recipe, until: int) -> Flow:
        """Train up to this evaluation, only to see it: nothing is decided by it, and it may be
        tried later; returns the trial's number and its Result."""
        trial = Train(self._number(), "look", recipe, until=until)
        result = yield trial
        assert isinstance(result, Result)
        self._pay(result)
        self._state.budget.spend(0.0, 0, result.seconds)
        return trial.number, result

    def seen_again(self, attempt: Attempt) -> Attempt:
        """The attempt, with what was checked since."""
        return self._seen(attempt.trial, attempt.result)

    def _pay(self, result: Result) -> None:
        if result.finished:
            self._state.budget.spend(result.finished.epochs, result.finished.examples, 0.0)

    def _trained(self, trial: Train, result: Result) -> Attempt:
        self._pay(result)
        self.tried.add(trial.recipe.digest())
        attempt = self._seen(trial, result)
        self._state.attempts.append(attempt)
        return attempt

    def _seen(self, trial: Train, result: Result) -> Attempt:
        """The trial with its symptoms, and those of what was checked of its recipe."""
        recipe, checks = trial.recipe, applicable(self._checks, trial.recipe)
        findings = tuple(symptoms.detect(recipe, [*checks, *result.events]))
        checked = {name: value for event in checks for name, value in event.facts.items()}
        facts = checked | measure(recipe, result.events) | symptoms.as_facts(findings)
        return Attempt(trial, result, facts, findings)

    # Probes

    def check(self) -> Flow:
        """Look at the data and the model before anything is trained."""
        state = self._state
        found = yield from self.probe("preflight", state.start)
        if found:
            seen = symptoms.detect(state.start, [found])
            state.checked = tuple(f for f in seen if f.outcome != "not enough data")

    def facts(self, attempt: Attempt) -> dict[str, FactValue]:
        """All that is known of a training: what it showed, and probes of its recipe."""
        recipe, facts = attempt.recipe, dict(attempt.facts)
        for (probe, where), found in self._probed.items():
            if where == probe_key(probe, recipe):
                facts |= found
        return facts

    def due(self, stage: Stage, probe: str, attempt: Attempt) -> bool:
        """Whether this probe of a training is new, and not too dear."""
        recipe, facts = attempt.recipe, attempt.facts
        if probe not in PROBES or (probe, probe_key(probe, recipe)) in self._probed:
            return False
        examples = facts.get("train_examples")
        if not isinstance(examples, int | float) or not examples:
            return False
        cost = probe_epochs(probe, recipe, int(examples))
        return cost <= PROBE_SHARE * recipe.train.epochs and self._shares.affordable(stage, cost)

    def probe(self, probe: str, recipe: Recipe) -> Flow:
        """Run a probe; returns its ProbeFinished, None when it failed."""
        request = RunProbe(self._number(), probe, recipe)
        result = yield request
        assert isinstance(result, Result)
        found = result.probed
        self._state.probes.append((request, result))
        self._probed[probe, probe_key(probe, request.recipe)] = dict(found.facts) if found else {}
        self._state.budget.spend(0.0, 0, result.seconds)  # also where it failed
        if found:
            examples = round(found.epochs * self._train_examples())
            # the checks before training come with every session: what is asked for is trainings
            epochs = 0.0 if probe == "preflight" else found.epochs
            self._state.budget.spend(epochs, examples, 0.0)
        if found and probe in CHECKS:
            self._checks.append((recipe, found))
            if self._state.incumbent is not None:
                best = self._state.best
                self._state.incumbent = self._seen(best.trial, best.result)
        return found

    def _train_examples(self) -> float:
        started = self._state.baseline.result.started if self._state.baseline else None
        return started.data.train_examples if started else 0.0

    def _number(self) -> int:
        self._count += 1
        return self._count
