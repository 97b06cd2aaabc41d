from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from advisor.advice import Proposal
from advisor.evidence import Decision
from advisor.requests import Answer, Choice, Choose, Decided, Train
from advisor.rulebook import Rule
from advisor.session import Session
from advisor.session.climb import RULE as CLIMB
from advisor.session.leader import Leader, ahead, built_on, leader, may_lead, step
from advisor.session.walk import RULE as WALK
from advisor.stages import STAGES
from advisor.state import Attempt
from tests import simulation
from tests.session.steering import tell, to_the_end

GOOD = {
    "optimizer.lr": 1e-3,
    "model.activation": "relu",
    "train.batch_size": 64,
    "tune.budget": "30t",
    "tune.stages": ("loss",),
}
FIRST, LATER = STAGES[0], STAGES[-2]
DROPOUT, L2 = "regularization.dropout", "regularization.l2"


def small(path: str, value: object, **more: object) -> Rule:
    """A rule whose gain is within the noise."""
    name = f"small-{path.split('.')[-1].replace('_', '-')}"
    rule = replace(WALK, id=name, stage="loss", change={path: value}, rank=5)
    return replace(rule, **more)  # type: ignore[arg-type]


def session() -> Session:
    rules = (small(DROPOUT, 0.05), small(L2, 1e-4))
    return Session(simulation.recipe(**GOOD), rules)


def answer(one: Session, each: float) -> Answer:
    """Each of the two is worth so much."""
    recipe = getattr(one.request, "recipe", None)
    on = recipe.regularization if recipe else None
    level = 0.7 + each * ((on.dropout > 0) + (on.l2 > 0)) if on else None
    assert one.request is not None
    return simulation.answer(one.request, level)


def decided(one: Session, each: float, until: Callable[[], bool] = lambda: False) -> list[Decided]:
    """What was decided on the way to there, or to the end."""
    while one.request is not None and not until():
        one.tell(answer(one, each))
    return one.state.decisions


def test_what_is_ahead_but_not_shown_is_built_on() -> None:
    first, second, *_ = decided(session(), 0.05)
    assert first.decision.verdict == "undecided"
    assert first.leads
    assert set(first.proposal.change) == {DROPOUT}
    assert set(second.proposal.change) == {DROPOUT, L2}
    assert second.proposal.measured["built_on_trial"] == first.trial


def test_where_it_led_is_decided_on_fresh_seeds_though_no_search_follows() -> None:
    one = session()
    *_, before, last = decided(one, 0.05)
    assert last.trial == before.trial
    assert last.decision.comparison is not None
    assert last.decision.comparison.seeds > 1
    assert last.decision.verdict == "accepted"
    assert not leader(one.state).is_open


def test_what_is_not_ahead_is_not_built_on() -> None:
    found = decided(session(), -0.05)
    assert [set(one.proposal.change) for one in found] == [{DROPOUT}, {L2}]
    assert not any(one.leads for one in found)


def led() -> Session:
    """A session at its second question, with a leader that is not the incumbent."""
    one = session()
    decided(one, 0.05, lambda: bool(one.state.decisions) and isinstance(one.request, Choose))
    return one


def test_nothing_is_built_on_what_is_not_shown_while_it_is_made_to_train() -> None:
    state = led().state
    assert leader(state, FIRST).attempt is state.best
    assert leader(state, LATER).attempt is leader(state).attempt is not state.best


def test_a_lock_on_what_it_moves_ends_the_lead() -> None:
    one = led()
    tell(one, Choice("lock", fields=(DROPOUT,)))
    assert leader(one.state).attempt is one.state.best
    assert all(DROPOUT not in proposal.change for proposal in _proposals(one))


def _proposals(one: Session) -> tuple[Proposal, ...]:
    return one.request.proposals if isinstance(one.request, Choose) else ()


def test_a_climb_does_not_carry_on_what_was_locked_meanwhile() -> None:
    start = {**GOOD, "tune.budget": "60t", "tune.stages": ("loss", "learning_rate")}
    one = Session(simulation.recipe(**start), (small(DROPOUT, 0.05),))
    while not (isinstance(one.request, Choose) and _proposals(one)[0].rule is CLIMB):
        one.tell(answer(one, 0.05))
    assert DROPOUT in _proposals(one)[0].change
    one.tell(Choice("lock", fields=(DROPOUT,)))
    before = len(one.state.attempts)
    decided(one, 0.05)
    later = one.state.attempts[before:]
    assert later
    assert all(each.recipe.regularization.dropout == 0 for each in later)


def test_losses_of_two_kinds_are_not_held_against_each_other() -> None:
    """Huber's loss is the smaller number, and says nothing of which model is better."""
    one = led()
    state, best = one.state, one.state.best
    finished = best.result.finished
    assert finished is not None
    less = replace(finished, validation_loss=(finished.validation_loss or 1.0) / 2)
    result = replace(best.result, events=[*best.result.events[:-1], less])
    focal = best.recipe.changed({"loss": {"kind": "focal"}})
    assert ahead(state, replace(best, result=result), best)
    assert not ahead(state, replace(best, result=result, trial=Train(9, "candidate", focal)), best)


def test_another_incumbent_ends_the_lead() -> None:
    one = led()
    tell(one, Choice("own", change={"optimizer.lr": 3e-3}))
    assert one.state.best.recipe.optimizer.lr == 3e-3
    assert leader(one.state).attempt is one.state.best


@pytest.mark.parametrize(
    ("proposal", "may"),
    [
        (small(DROPOUT, 0.1), True),
        (small(DROPOUT, 0.1, criterion="no worse"), False),
        (small(DROPOUT, 0.1, id="search"), False),
        (small("train.epochs", 20), False),  # makes all that follows dearer
    ],
)
def test_what_others_may_be_built_on(proposal: Rule, may: bool) -> None:
    made = Proposal(proposal, proposal.change, {}, (9, False, 5, proposal.id))
    assert may_lead(LATER, made) is may
    assert not may_lead(FIRST, made)
    assert not may_lead(LATER, replace(made, origin="own"))


def _front(**change: object) -> tuple[Leader, Attempt]:
    """A leader with this change, at the price of 0.5, and the incumbent."""
    one = Session(simulation.recipe(**{**GOOD, "tune.budget": "5t"}), ())
    to_the_end(one)
    best = one.state.best
    rule = small(DROPOUT, 0.1, price=0.5)
    proposal = Proposal(rule, change, {}, (9, False, 5, rule.id))
    trial = replace(best.trial, number=7, recipe=best.recipe.changed(change))
    found = Decided(LATER, proposal, 7, Decision("undecided", ""), 0.9, 0.8, ())
    return Leader(replace(best, trial=trial), found), best


def test_a_change_from_the_leader_on_is_both_changes_by_the_gain_at_the_higher_price() -> None:
    front, best = _front(**{DROPOUT: 0.1})
    rule = small(L2, 1e-4, criterion="no worse")
    made = Proposal(rule, {L2: 1e-4}, {"l2": 0.0}, (9, False, 5, rule.id))
    found = built_on(front, best, made)
    assert list(found.change.items()) == [(L2, 1e-4), (DROPOUT, 0.1)]  # what is new comes first
    assert (found.built_on, found.below) == (7, (DROPOUT,))
    assert (found.criterion, found.price) == ("better", 0.5)
    assert found.rule is rule
    assert found.measured == {"l2": 0.0, "built_on_trial": 7}
    assert made.measured == {"l2": 0.0}
    assert step(front, found) == {L2: 1e-4}
    assert built_on(Leader(best), best, made) is made


def test_a_change_back_to_the_incumbents_value_is_named_no_more() -> None:
    front, best = _front(**{DROPOUT: 0.1})
    rule = small(DROPOUT, 0.0)
    back = Proposal(rule, {DROPOUT: 0.0, L2: 1e-4}, {}, (9, False, 5, rule.id))
    assert built_on(front, best, back).change == {L2: 1e-4}


def test_a_kind_that_takes_fields_with_it_is_taken_over_as_a_whole() -> None:
    front, best = _front(**{"optimizer.kind": "sgd", "optimizer.momentum": 0.9})
    rule = small("optimizer.momentum", 0.5)
    made = Proposal(rule, {"optimizer.momentum": 0.5}, {}, (9, False, 5, rule.id))
    change = built_on(front, best, made).change
    wanted = front.attempt.recipe.changed({"optimizer.momentum": 0.5})
    assert best.recipe.changed(change) == wanted
