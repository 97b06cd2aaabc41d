"""Sessions in which nothing helps: every training is drawn from many real ones of one recipe.

The session is the real one. Whatever recipe it asks for is answered with a training of the recipe
that it began with, so that all are equally good, with real outputs and the real spread between
seeds. One that the backend would stop in a race is told to its end.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from advisor.events import ProbeFinished
from advisor.facts import FactValue
from advisor.recipe import Recipe
from advisor.requests import (
    Answer,
    Choice,
    Choose,
    OpenTest,
    Request,
    Result,
    Results,
    RunProbe,
    TestResult,
    Train,
    TrainAll,
)
from advisor.rulebook import Rule
from advisor.runner import Runner
from advisor.session import Session
from advisor.trial_files import read_result

APART = 5000
"""From one session's seed to the next: further than a session's own seeds lie apart."""
MLP = {"kind": "mlp", "hidden": [32]}
CNN = {"kind": "cnn", "channels": [16, 32], "hidden": [64]}
RECIPES: dict[str, dict[str, Any]] = {
    "digits mlp": {"task": "classification", "data": {"source": "sklearn:digits"}, "model": MLP},
    "digits mlp, too short": {
        "task": "classification",
        "data": {"source": "sklearn:digits"},
        "model": MLP,
        "optimizer": {"kind": "adam", "lr": 0.0005},
        "train": {"epochs": 3},
    },
    "digits cnn": {"task": "classification", "data": {"source": "sklearn:digits"}, "model": CNN},
    "wine": {"task": "classification", "data": {"source": "sklearn:wine"}, "model": MLP},
    "diabetes": {"task": "regression", "data": {"source": "sklearn:diabetes"}, "model": MLP},
}


def recipe(raw: dict[str, Any]) -> Recipe:
    usual: dict[str, Any] = {
        "optimizer": {"kind": "adam", "lr": 0.003},
        "train": {"epochs": 8, "batch_size": 32},
    }
    merged = usual | raw
    merged["train"] = {**usual["train"], **raw.get("train", {})}
    return Recipe.model_validate_json(json.dumps(merged))


def rule(stage: str, field: str, value: FactValue | tuple[int, ...]) -> Rule:
    """One that always fires, and moves this field."""
    return Rule(
        id=f"null_{field.rpartition('.')[2]}",
        title="A change that does nothing",
        stage=stage,
        when=(),
        change={field: value},
        expect="nothing",
        why="All recipes are equally good here.",
        examples=(),
        maturity="stable",
    )


RULES = (
    rule("batch_size", "train.batch_size", 64),
    rule("learning_rate", "schedule.warmup", 0.05),
    rule("learning_rate", "optimizer.beta2", 0.99),
    rule("architecture", "model.hidden", (48,)),
    rule("activation", "model.activation", "gelu"),
    rule("regularization", "regularization.dropout", 0.05),
)


def trained(runner: Runner, start: Recipe, seeds: int, folder: Path) -> list[Result]:
    """The recipe, trained with so many seeds."""
    found = []
    for seed in range(seeds):
        place = folder / str(seed)
        runner.train(start.changed({"train.seed": seed}), place)
        found.append(read_result(place))
        assert found[-1].predictions is not None
    return found


class Machine:
    """Answers a session; each recipe, with each seed, is drawn once from the pool."""

    def __init__(self, pool: Sequence[Result], seed: int) -> None:
        self._pool, self._random = pool, np.random.default_rng(seed)
        self._drawn: dict[str, Result] = {}

    def answer(self, request: Request) -> Answer:
        match request:
            case Train():
                return self._result(request.recipe)
            case TrainAll():
                return Results(tuple(self._result(trial.recipe) for trial in request.trials))
            case RunProbe():
                return Result([_probed(request)])
            case Choose():
                return Choice("try", 0)
            case OpenTest():
                names = [*request.trials, *(["ensemble"] if request.ensemble else [])]
                return TestResult(
                    {f"{n}_{what}": 0.5 for n in names for what in ("metric", "loss")}
                )
            case _:
                return None

    def _result(self, recipe: Recipe) -> Result:
        digest = recipe.digest()
        if digest not in self._drawn:
            self._drawn[digest] = self._pool[int(self._random.integers(len(self._pool)))]
        return self._drawn[digest]


def _probed(request: RunProbe) -> ProbeFinished:
    """A probe that found nothing to complain of, and suggests nothing."""
    if request.probe == "preflight":
        epochs = 0.02 * request.recipe.train.epochs
        return ProbeFinished(request.probe, {"leaked_share": 0.0}, epochs, 2, 0.1)
    facts = {"suggested_lr": None, "lr_range_low": None, "lr_range_high": None}
    return ProbeFinished(request.probe, facts, 0.5, 10, 0.1)


def played(
    start: Recipe, rules: Sequence[Rule], tune: dict[str, object], pool: Sequence[Result], seed: int
) -> Session:
    """A session with these settings, at its end."""
    settings = {f"tune.{name}": value for name, value in tune.items()}
    session = Session(start.changed({"train.seed": APART * seed, **settings}), rules)
    machine = Machine(pool, seed)
    while session.request is not None:
        session.tell(machine.answer(session.request))
    return session
