"""Sessions steered at random: they end, keep their promises, and replay to the same state."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.requests import ACTIONS, Choice, Choose, Request, Train
from advisor.session import Session, problem_of
from advisor.state import State
from tests import simulation
from tests.session.steering import keys, sick, sound, to_the_end

MOST_CHOICES = 40
"""By the person; the autopilot takes over after that."""
FIELDS = ("optimizer.lr", "optimizer", "optimizer.beta2", "model.activation", "train.batch_size")
VALUES: tuple[tuple[str, tuple[Any, ...]], ...] = (
    ("optimizer.lr", (1e-4, 3e-3, 0.05, -1.0)),
    ("optimizer.kind", ("sgd", "adamw", "none")),
    ("model.activation", ("relu", "tanh")),
    ("model.hidden", ([8], [32, 16])),
    ("train.batch_size", (16, 128)),
    ("train.epochs", (3, 8, 10_000)),
)


@dataclass
class Wheel:
    """A person who does anything that is allowed, and now and then asks for what is not."""

    chance: random.Random
    left: int = MOST_CHOICES
    refused: int = 0
    told: list[str] = field(default_factory=list)
    """choices, as the ledger keeps them"""

    def choose(self, request: Choose, session: Session) -> Choice:
        choice = Choice("try")
        while self.left:
            self.left -= 1
            wanted = self._any(request, session.state)
            if problem_of(wanted, request, session.state) is None:
                choice = wanted
                break
            self.refused += 1
        self.told.append(json.dumps(choice.as_json()))
        return choice

    def _any(self, request: Choose, state: State) -> Choice:
        chance, action = self.chance, self.chance.choice(ACTIONS)
        index = chance.randrange(len(request.proposals) + (chance.random() < 0.1))
        change = {path: chance.choice(values) for path, values in chance.sample(VALUES, k=2)}
        edit = {
            path: value * chance.choice([0.5, 2.0])
            for path, value in request.proposals[0].change.items()
            if isinstance(value, float)
        }
        trials = [one.trial.number for one in state.attempts]
        match action:
            case "try":
                return Choice(action, index, chance.choice([None, edit or None]))
            case "own":
                return Choice(action, change=change)
            case "look":
                own = chance.random() < 0.5
                return Choice(action, None if own else index, change if own else None)
            case "back":
                return Choice(action, trial=chance.choice(trials))
            case "lock" | "unlock":
                return Choice(action, fields=(chance.choice(FIELDS),))
            case "finish" | "leave" if chance.random() < 0.7:
                return Choice("try", index)
            case _:
                return Choice(action, index)


def told(state: State) -> dict[str, Any]:
    """All of a state that a replay must come to again."""
    return {
        "budget": (state.budget.epochs, state.budget.examples, state.budget.seconds),
        "trials": [(one.trial, one.value, one.findings) for one in state.attempts],
        "decisions": [(d.trial, d.proposal, d.decision, d.reopens) for d in state.decisions],
        "looks": state.looks,
        "way": (state.way, state.given_up, state.best.trial, state.best.facts),
        "locked": state.locked,
        "visits": state.visits,
        "probes": [one for one, _ in state.probes],
        "finals": state.finals,
        "test": state.test,
    }


def begun(seed: int, workers: int = 1) -> Session:
    chance = random.Random(seed)
    if chance.random() < 0.5:
        return sound(chance.choice(["10t", "20t"]), **{"train.seed": seed})
    rate = 10 ** chance.uniform(-5, -1)
    return sick(workers, **{"optimizer.lr": rate, "tune.locked": ["optimizer.beta2"]})


def replayed(session: Session, choices: list[str]) -> list[Request]:
    """Tell the choices of a ledger again; all else is answered as it was."""
    left = iter(choices)
    return to_the_end(session, lambda request, _: Choice.from_json(json.loads(next(left))))


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_a_steered_session_ends_and_replays_to_the_same_state(seed: int) -> None:
    workers = 1 + 2 * (seed % 2)
    session, wheel = begun(seed, workers), Wheel(random.Random(seed))
    asked = to_the_end(session, wheel.choose)
    again = begun(seed, workers)
    assert keys(replayed(again, wheel.told)) == keys(asked)
    assert told(again.state) == told(session.state)


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_what_holds_however_it_is_steered(seed: int) -> None:
    session, wheel = begun(seed), Wheel(random.Random(seed))
    state, wrong = session.state, list[str]()

    def watch(request: Choose, session: Session) -> Choice:
        best = state.best
        wrong.extend(
            f"{path} is locked"
            for p in request.proposals
            for path in p.change
            if best.recipe.locks(path)
        )
        return wheel.choose(request, session)

    asked = to_the_end(session, watch)
    assert wrong == []
    spending, start = state.budget, state.start.train.epochs
    assert spending.spent <= max(spending.limit, 1.0 * start) + 1e-9
    trained = [one for one in simulation.trainings(asked) if one.purpose != "look"]
    digests = [one.recipe.digest() for one in trained]
    assert len(set(digests)) == len(digests), "a recipe was trained twice"
    looks = [one for one in asked if isinstance(one, Train) and one.purpose == "look"]
    assert [one.number for one in looks] == [one.trial for one in state.looks]
    assert {one.trial.number for one in state.attempts}.isdisjoint(one.number for one in looks)
    decided = {d.trial for d in state.decisions}
    assert decided.isdisjoint(one.number for one in looks)
    assert state.finished
