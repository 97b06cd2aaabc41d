"""Sessions made by hand: trainings of which nothing is known but how they ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from advisor.budget import Budget
from advisor.events import DataReport, Status, TrialFinished, TrialStarted
from advisor.recipe import Recipe
from advisor.requests import Purpose, Result, TestResult, Train
from advisor.state import Attempt, State
from advisor.symptoms import DETECTORS, Finding
from tests import simulation

HELD_OUT = 1000
REGRESSION: Mapping[str, Any] = {
    "task": "regression",
    "loss": {"kind": "mse"},
    "metric": "rmse",
    "data.source": "sklearn:diabetes",
}


def recipe(lr: float = 0.003, seed: int = 0, **changes: object) -> Recipe:
    return simulation.recipe(**{"optimizer.lr": lr, "train.seed": seed, **changes})


def attempt(
    number: int,
    value: float | None,
    of: Recipe,
    status: Status = "finished",
    purpose: Purpose = "candidate",
    held_out: int = HELD_OUT,
    **symptoms: str,
) -> Attempt:
    """A training that ended with this metric; `symptoms` by name: fired or clear."""
    chance = 80.0 if of.metric == "rmse" else 0.5
    data = DataReport(4000, held_out, [20], 2, [0.5, 0.5], 1.0, 3.0, 0.1, 2.0)
    started = TrialStarted("none", "cpu", 100, 20, 5, 0.69, 0.69, chance, data)
    ended = TrialFinished(status, 5.0, 100, 3200, 1.0, 0.1, 0.9, 0.1, value, 100)
    findings = tuple(
        Finding(name, outcome, DETECTORS[name].severity, {}, "", "", "")  # type: ignore[arg-type]
        for name, outcome in symptoms.items()
    )
    return Attempt(Train(number, purpose, of), Result([started, ended]), {}, findings)


def seeds(values: Sequence[float], lr: float = 0.003, first: int = 1) -> list[Attempt]:
    """One recipe with as many seeds."""
    return [attempt(first + i, value, recipe(lr, i)) for i, value in enumerate(values)]


def session(
    attempts: Sequence[Attempt],
    best: int = 0,
    test: Mapping[str, float] | None = None,
) -> State:
    """`best`: place of the incumbent among the attempts."""
    start = attempts[0].recipe if attempts else recipe()
    state = State(start, Budget.of(start))
    state.attempts = list(attempts)
    state.incumbent = attempts[best] if attempts else None
    state.test = TestResult(test) if test is not None else None
    return state
