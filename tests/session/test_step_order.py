from __future__ import annotations

from dataclasses import replace

import pytest

from advisor.search import Step, space, steps
from advisor.session.step_order import REGULARIZERS, Order, promising
from advisor.state import Attempt
from tests import simulation
from tests.session.steering import sound, to_question


def best(**facts: object) -> Attempt:
    """A training of which these facts are known."""
    session = sound(**{"model.hidden": (64,), "regularization.dropout": 0.2})
    to_question(session)
    unknown = {"underfitting": None, "overfitting": None}
    return replace(session.state.best, facts={**session.state.best.facts, **unknown, **facts})


def order(attempt: Attempt) -> Order:
    recipe = attempt.recipe
    return promising(attempt, steps(recipe, space(recipe, simulation.TRAINING)))


def marks(found: list[Step]) -> list[tuple[str, str]]:
    return [step.mark for step in found]


@pytest.mark.parametrize("underfits", [True, False])
def test_regularisers_are_added_to_what_fits_alone(underfits: bool) -> None:
    found = order(best(underfitting=underfits))
    added = [s for s in found.others if s.path in REGULARIZERS and s.towards == "up"]
    assert bool(added) is not underfits
    assert ("regularization.dropout", "down") in marks(found.others)


def test_every_step_has_one_place_and_none_is_lost_where_nothing_is_known() -> None:
    attempt = best()
    found = order(attempt)
    every = marks(found.shapes) + marks(found.others) + marks(found.last)
    recipe = attempt.recipe
    assert sorted(every) == sorted(marks(steps(recipe, space(recipe, simulation.TRAINING))))


@pytest.mark.parametrize(
    ("fact", "first", "last"),
    [("underfitting", "up", "down"), ("overfitting", "down", "up")],
)
def test_width_goes_where_it_is_wanted(fact: str, first: str, last: str) -> None:
    found = order(best(**{fact: True}))
    assert ("model.hidden", first) in marks(found.shapes)
    assert ("model.hidden", last) in marks(found.last)


def test_sgd_in_place_of_adam_comes_last() -> None:
    found = order(best())
    assert ("optimizer.kind", "sgd") in marks(found.last)
    assert not any(towards.startswith("sgd") for _, towards in marks(found.shapes))
