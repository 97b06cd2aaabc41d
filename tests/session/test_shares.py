from __future__ import annotations

from advisor.budget import Budget
from advisor.requests import Train
from advisor.session.shares import Shares
from advisor.stages import STAGES
from advisor.state import Attempt, State
from tests import simulation

STAGE = {stage.name: stage for stage in STAGES}


def shares() -> Shares:
    recipe = simulation.recipe(**{"tune.budget": "40t"})
    state = State(recipe, Budget.of(recipe))
    attempt = Attempt(Train(1, "baseline", recipe), simulation.trained(recipe), {}, ())
    state.attempts, state.incumbent = [attempt], attempt
    return Shares(state)


def test_stages_that_trade_places_trade_shares() -> None:
    found = shares()
    passed_over = [STAGE["architecture"], STAGE["loss"]]
    found.brought_forward(STAGE["regularization"], passed_over)
    assert found.until(STAGE["regularization"]) == STAGE["loss"].until
    assert {found.until(one) for one in passed_over} == {STAGE["regularization"].until}


def test_what_was_put_back_keeps_its_share_when_another_comes_before_it() -> None:
    found = shares()
    found.reopened(STAGE["learning_rate"], STAGE["activation"])
    found.brought_forward(STAGE["regularization"], [STAGE["learning_rate"]])
    assert found.until(STAGE["regularization"]) == STAGE["activation"].until
    assert found.until(STAGE["learning_rate"]) >= STAGE["activation"].until


def test_with_few_trainings_left_one_change_is_tried_after_the_other() -> None:
    found = shares()
    assert found.at_once(3) == 3
    found._state.budget.spend(26 * 5.0, 0, 0.0)
    assert found.at_once(3) == 1
