from __future__ import annotations

from dataclasses import replace

from advisor.advice import Proposal
from advisor.budget import Budget
from advisor.evidence import Decision
from advisor.requests import Decided, Train
from advisor.session.judging import compared
from advisor.session.leader import leader
from advisor.session.shares import Shares
from advisor.session.walk import RULE
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


def test_what_leads_keeps_room_to_meet_the_incumbent() -> None:
    found = shares()
    state, training = found._state, 5.0
    state.budget.limit = (state.budget.epochs + 2.9 * training) / state.budget.epochs_a_training
    assert found.leaves_a_meeting(training), "nothing leads"
    incumbent = state.best
    change = {"train.batch_size": 8}
    recipe = incumbent.recipe.changed(change)
    ahead = Attempt(Train(2, "candidate", recipe), simulation.trained(recipe, 0.9), {}, ())
    state.attempts.append(ahead)
    proposal = Proposal(replace(RULE, id="smaller"), change, {}, (1, False, 1, "x"))
    seen = compared(state, [(ahead, incumbent)])
    decision = Decision("undecided", "", seen)
    values = (ahead.value, incumbent.value)
    state.decisions.append(Decided(STAGE["batch_size"], proposal, 2, decision, *values, ()))
    assert leader(state).is_open
    assert not found.leaves_a_meeting(training)
    assert found.leaves_a_meeting(0.9 * training)
