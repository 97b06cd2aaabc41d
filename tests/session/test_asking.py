"""What becomes of each answer: in a stage, in the climb and in the search."""

from __future__ import annotations

from typing import TypeVar

import pytest

from advisor.requests import (
    Choice,
    Choose,
    Decided,
    Locked,
    Looked,
    Request,
    Returned,
    StageEntered,
    StageLeft,
    Train,
    TrainAll,
)
from advisor.session import MOST_VISITS, Session, problem_of
from tests import simulation
from tests.session.steering import keys, sick, sound, tell, to_question, to_the_end

T = TypeVar("T")
RATE = "optimizer.lr"
PLACES = ("", "climb", "walk", "search")


def at(place: str) -> Session:
    """A session that asks in a stage, in the climb, or in the search."""
    session = sound() if place else sick()
    to_question(session, place)
    return session


def asked(session: Session) -> Choose:
    assert isinstance(session.request, Choose)
    return session.request


def only(seen: list[Request], kind: type[T]) -> list[T]:
    return [one for one in seen if isinstance(one, kind)]


# Refusing


def test_a_refused_rule_is_not_heard_again_in_this_visit() -> None:
    session = at("")
    stage, rule = asked(session).stage, asked(session).proposals[0].rule.id
    session.tell(Choice("refuse", 0))
    while not isinstance(session.request, StageLeft):
        assert session.request is not None
        if isinstance(session.request, Choose):
            assert rule not in {proposal.rule.id for proposal in session.request.proposals}
        session.tell(simulation.answer(session.request))
    assert session.request.stage == stage


def test_when_all_are_refused_the_stage_goes_on_as_if_there_were_none() -> None:
    session = sick()
    count = 0
    while not isinstance(session.request, StageLeft):
        assert session.request is not None
        if isinstance(session.request, Choose):
            count += 1
            session.tell(Choice("refuse", len(session.request.proposals) - 1))
        else:
            session.tell(simulation.answer(session.request))
    assert count
    assert "no rule has more to propose" in session.request.outcome
    assert "refused by you" in session.request.outcome
    assert not session.state.decisions


def test_a_refused_step_turns_the_climb_round_and_a_second_ends_it() -> None:
    session = at("climb")
    first = asked(session).proposals[0].change[RATE]
    session.tell(Choice("refuse", 0))
    start = session.state.start.optimizer.lr
    second = asked(session).proposals[0].change[RATE]
    assert (first - start) * (second - start) < 0
    session.tell(Choice("refuse", 0))
    assert not isinstance(session.request, Choose) or session.request.stage.name != "learning_rate"


def test_a_search_of_which_all_is_refused_is_left() -> None:
    session = at("search")
    count = len(asked(session).proposals)
    for left in range(count, 0, -1):
        assert len(asked(session).proposals) == left
        session.tell(Choice("refuse", 0))
    assert isinstance(session.request, StageLeft)
    assert "no proposal is left" in session.request.outcome


def test_the_walk_tries_the_chosen_step_and_those_behind_it() -> None:
    session = at("walk")
    while len(asked(session).proposals) < 3:  # up to the round of many
        tell(session, Choice("try", 0))
    wanted = [proposal.change for proposal in asked(session).proposals[1:]]
    session.tell(Choice("try", 1))
    best = session.state.best.recipe
    trials = simulation.trainings([session.request] if session.request else [])
    assert [one.recipe for one in trials] == [best.changed(change) for change in wanted]


# Changes of a person's own


@pytest.mark.parametrize("place", PLACES)
def test_an_own_change_is_tried_and_judged_like_any_other(place: str) -> None:
    session = at(place)
    count = len(session.state.decisions)
    seen = tell(session, Choice("own", change={RATE: 2.5e-3, "model.hidden": [24]}))
    decided = next(one for one in seen if isinstance(one, Decided))
    assert decided.proposal.origin == "own"
    assert decided.proposal.change == {RATE: 2.5e-3, "model.hidden": (24,)}
    assert session.state.decisions[count] is decided
    attempt = session.state.attempt(decided.trial)
    assert attempt.recipe.optimizer.lr == 2.5e-3
    assert attempt.trial.purpose == "candidate"


def test_an_own_change_that_is_better_is_the_incumbent_and_reopens_stages() -> None:
    session = at("climb")
    before = session.state.best
    seen = tell(session, Choice("own", change={RATE: 3e-3}))
    decided = next(one for one in seen if isinstance(one, Decided))
    assert decided.decision.verdict == "accepted"
    assert session.state.best.trial.number == decided.trial != before.trial.number
    assert session.state.way == [decided.trial]


def test_after_an_own_change_that_helps_not_the_same_question_is_asked() -> None:
    session = at("climb")
    before = asked(session)
    tell(session, Choice("own", change={"model.activation": "sigmoid"}))
    assert asked(session).proposals == before.proposals


def test_an_edited_value_is_tried_under_its_rule() -> None:
    session = at("")
    rule = asked(session).proposals[0].rule
    seen = tell(session, Choice("try", 0, {RATE: 4e-3}))
    decided = next(one for one in seen if isinstance(one, Decided))
    assert (decided.proposal.rule, decided.proposal.origin) == (rule, "edited")
    assert session.state.attempt(decided.trial).recipe.optimizer.lr == 4e-3


def test_an_edited_step_of_the_climb_ends_it_where_it_is_better() -> None:
    session = at("climb")
    seen = tell(session, Choice("try", 0, {RATE: 3e-3}))
    assert session.state.best.recipe.optimizer.lr == 3e-3
    assert not any(isinstance(one, Choose) for one in seen)
    assert asked(session).proposals[0].rule.id != "climb"


def test_own_changes_do_not_use_up_the_trials_of_a_stage() -> None:
    session = at("")
    stage = asked(session).stage
    for units in range(2, 2 + stage.most_trials + 1):
        assert asked(session).stage == stage
        tell(session, Choice("own", change={"model.hidden": [units]}))
    assert asked(session).stage == stage


# Looking


@pytest.mark.parametrize("place", PLACES)
def test_a_look_is_paid_for_and_decides_nothing(place: str) -> None:
    session = at(place)
    state, before = session.state, asked(session)
    best, spent, trials = state.best, state.budget.epochs, len(state.attempts)
    seconds = state.budget.seconds
    session.tell(Choice("look", len(before.proposals) - 1))
    look = session.request
    assert isinstance(look, Train)
    assert (look.purpose, look.until, look.race) == ("look", 2, ())
    session.tell(simulation.answer(look))
    looked = session.request
    assert isinstance(looked, Looked)
    assert looked.trial == look.number
    assert looked.epochs == 2
    assert looked.incumbent == best.result.curve()[1]
    assert (state.budget.epochs, state.budget.seconds) == (spent + 2, seconds + 1)
    assert (state.best, len(state.attempts), state.looks) == (best, trials, [looked])
    session.tell(None)
    assert asked(session) == before


def test_what_was_looked_at_may_be_tried() -> None:
    session = at("")
    proposal = asked(session).proposals[0]
    tell(session, Choice("look", 0))
    session.tell(Choice("try", 0))
    assert isinstance(session.request, Train)
    assert session.request.recipe == session.state.best.recipe.changed(proposal.change)


def test_a_look_at_a_change_of_ones_own() -> None:
    session = at("climb")
    seen = tell(session, Choice("look", None, {"optimizer.kind": "sgd"}))
    (looked,) = (one for one in seen if isinstance(one, Looked))
    assert looked.proposal.origin == "own"
    assert not session.state.decisions


def test_looks_cannot_spend_more_than_there_is() -> None:
    session = sick(**{"tune.budget": "12e"})
    to_question(session)
    while isinstance(session.request, Choose):
        problem = problem_of(Choice("look", 0), session.request, session.state)
        if problem is not None:
            assert "more than the budget has left" in problem
            break
        tell(session, Choice("look", 0))
    to_the_end(session)
    assert session.state.budget.epochs <= 12


def test_a_search_tries_no_more_than_a_look_has_left_room_for() -> None:
    session = at("search")
    budget, count = session.state.budget, len(asked(session).proposals)
    look, training, kept_back = 2, 5, 5
    budget.limit = (budget.epochs + look + training + kept_back + 1) / budget.epochs_a_training
    tell(session, Choice("look", 0))
    assert len(asked(session).proposals) == count, "there is room for each by itself"
    session.tell(Choice("try", 0))
    assert isinstance(session.request, Train), "there is room for one"


def test_looks_are_no_finalists() -> None:
    session = at("climb")
    tell(session, Choice("look", None, {RATE: 3e-3}))
    number = session.state.looks[0].trial
    to_the_end(session)
    finals = session.state.finals
    assert finals is not None
    assert number not in {one.trial for one in finals.finalists}


# Going back


def test_going_back_makes_an_earlier_trial_the_incumbent() -> None:
    session = at("climb")
    baseline = session.state.best
    tell(session, Choice("own", change={RATE: 3e-3}))
    accepted = session.state.best
    assert accepted is not baseline
    session.tell(Choice("back", trial=baseline.trial.number))
    returned = session.request
    assert isinstance(returned, Returned)
    assert (returned.trial, returned.left) == (baseline.trial.number, accepted.trial.number)
    assert session.state.best.trial == baseline.trial
    assert session.state.way == []
    assert session.state.given_up == {accepted.trial.number}


def test_a_stage_that_going_back_reopens_is_entered_again() -> None:
    session = at("search")
    change = {"model.hidden": [24], "model.activation": "tanh"}
    tried = [one for one in tell(session, Choice("own", change=change)) if isinstance(one, Decided)]
    assert tried[0].decision.verdict == "rejected"
    seen = tell(session, Choice("back", trial=tried[0].trial))
    reopens = next(one.reopens for one in seen if isinstance(one, Returned))
    assert "learning_rate" in reopens
    waiting = [stage.name for stage in session.state.waiting]
    assert set(reopens) <= set(waiting)
    later = to_the_end(session)
    entered = [one.stage.name for one in later if isinstance(one, StageEntered)]
    assert "learning_rate" in entered


def test_going_back_to_what_does_not_train_opens_the_first_stage_again() -> None:
    session = sick()
    first = to_question(session)
    tell(session, Choice("own", change={RATE: 3e-3}))
    assert asked(session).stage != first.stage
    assert session.state.baseline is not None
    assert session.state.baseline.blocking
    seen = tell(session, Choice("back", trial=2))
    (returned,) = only(seen, Returned)
    assert returned.reopens[0] == "sanity"
    to_the_end(session)
    assert session.state.visits["sanity"] == 2
    assert not session.state.best.blocking


def test_what_was_given_up_does_not_come_back_by_the_finals() -> None:
    session = at("climb")
    baseline = session.state.best
    tell(session, Choice("own", change={RATE: 3e-3}))
    better = session.state.best.trial.number
    tell(session, Choice("back", trial=baseline.trial.number))
    to_the_end(session, lambda request, session: Choice("finish"))
    finals = session.state.finals
    assert finals is None or better not in {one.trial for one in finals.finalists}
    assert session.state.best.trial.number == baseline.trial.number


def test_who_goes_forth_again_gives_it_up_no_longer() -> None:
    session = at("climb")
    first = session.state.best.trial.number
    tell(session, Choice("own", change={RATE: 3e-3}))
    second = session.state.best.trial.number
    tell(session, Choice("back", trial=first))
    tell(session, Choice("back", trial=second))
    assert session.state.way == [second]
    assert session.state.given_up == {first}


def test_the_leader_of_a_climb_is_left_undecided_where_the_incumbent_changes() -> None:
    session = sound(**{RATE: 3e-5})
    to_question(session, "climb")
    tell(session, Choice("try", 0))
    seen = tell(session, Choice("own", change={RATE: 3e-3}))
    climbed = [d for d in only(seen, Decided) if d.proposal.rule.id == "climb"]
    assert [d.decision.verdict for d in climbed] == ["undecided"]
    assert session.state.best.recipe.optimizer.lr == 3e-3


# Locks


@pytest.mark.parametrize("place", PLACES)
def test_what_is_locked_is_left_alone_from_then_on(place: str) -> None:
    session = at(place)
    state, fields = session.state, (RATE, "model")
    session.tell(Choice("lock", fields=fields))
    assert session.request == Locked(fields, True, fields)
    known = len(state.attempts)
    rate, model = state.best.recipe.optimizer.lr, state.best.recipe.model
    to_the_end(session)
    later = [one.recipe for one in state.attempts[known:] if one.trial.purpose == "candidate"]
    assert later or place == ""
    assert {recipe.optimizer.lr for recipe in later} <= {rate}
    assert {recipe.model for recipe in later} <= {model}
    assert state.locked == fields


def test_a_lock_of_something_else_does_not_disturb_the_climb() -> None:
    session = at("climb")
    tell(session, Choice("try", 0))
    before = asked(session)
    assert before.proposals[0].rule.id == "climb"
    tell(session, Choice("lock", fields=("model",)))
    assert asked(session).proposals == before.proposals


def test_what_the_recipe_locks_can_be_unlocked_and_is_then_proposed() -> None:
    session = sick(**{"tune.locked": ["optimizer.lr", "optimizer.kind"]})
    to_question(session)
    assert all(RATE not in p.change for p in asked(session).proposals)
    seen = tell(session, Choice("unlock", fields=(RATE,)))
    assert only(seen, Locked) == [Locked((RATE,), False, ("optimizer.kind",))]
    to_the_end(session)
    state = session.state
    assert state.best.recipe.optimizer.lr != state.start.optimizer.lr
    assert {one.recipe.optimizer.kind for one in state.attempts} == {"adam"}


def test_unlocking_reopens_the_stages_that_the_lock_kept_from_the_field() -> None:
    session = sound("60t", **{"tune.locked": [RATE], RATE: 3e-4})
    to_question(session, "search")
    assert "learning_rate" not in {stage.name for stage in session.state.waiting}
    session.state.visits["learning_rate"] = MOST_VISITS  # a person may have it opened even then
    (note,) = only(tell(session, Choice("unlock", fields=(RATE,))), Locked)
    assert "learning_rate" in note.reopens
    assert "learning_rate" in {stage.name for stage in session.state.waiting}
    assert not {"batch_size", "architecture"} & set(note.reopens)
    asked_for = only(to_the_end(session), Choose)
    assert any(RATE in request.proposals[0].change for request in asked_for)


def test_unlocking_reopens_nothing_that_was_left_before_the_lock() -> None:
    session = at("search")
    tell(session, Choice("lock", fields=(RATE,)))
    (note,) = only(tell(session, Choice("unlock", fields=(RATE,))), Locked)
    assert note.reopens == ()


def test_a_field_that_was_unlocked_may_vanish_with_another_kind() -> None:
    session = sick(**{"tune.locked": ["optimizer.beta2", "model"]})
    to_question(session)
    tell(session, Choice("unlock", fields=("optimizer.beta2",)))
    change = {"optimizer.kind": "sgd", RATE: 0.1}
    seen = tell(session, Choice("own", change=change))
    trial = simulation.trainings(seen)[0]
    assert trial.recipe.optimizer.kind == "sgd"
    assert trial.recipe.tune.locked == ("model",)


def test_a_lock_outlives_an_incumbent_that_has_no_such_field() -> None:
    session = sick()
    to_question(session)
    tell(session, Choice("own", change={"optimizer.kind": "sgd", RATE: 0.003}))
    state = session.state
    assert state.best.recipe.optimizer.kind == "sgd"
    first, second = state.way[0], "optimizer.momentum"
    tell(session, Choice("lock", fields=(second,)))
    tell(session, Choice("back", trial=2))
    assert not state.best.recipe.tune.locked
    tell(session, Choice("back", trial=first))
    assert [*state.best.recipe.tune.locked] == [second]
    tell(session, Choice("back", trial=2))
    change = {"optimizer.kind": "sgd", RATE: 0.0031, "optimizer.momentum": 0.0}
    seen = tell(session, Choice("own", change=change))
    assert only(seen, Decided)[0].decision.verdict == "accepted"
    assert [*state.best.recipe.tune.locked] == [second]


def test_what_was_tried_before_a_lock_still_tells_the_search_something() -> None:
    session = at("search")
    searches, best = session._visits.searches, session.state.best
    dims = searches.space(best)
    before = len(searches._known(best, dims))
    assert before
    tell(session, Choice("lock", fields=("train",)))
    assert len(searches._known(session.state.best, dims)) == before


def test_the_recipe_that_is_handed_out_has_the_locks_that_it_began_with() -> None:
    session = sick(**{"tune.locked": ["model"]})
    to_question(session)
    tell(session, Choice("lock", fields=("train",)), Choice("unlock", fields=("model",)))
    assert session.state.best.recipe.tune.locked == ("train",)
    assert session.state.kept.tune.locked == ("model",)


def test_a_person_who_only_tries_the_first_is_the_autopilot() -> None:
    plain, steered = sick(), sick()
    first = to_the_end(plain)
    second = to_the_end(steered, lambda request, session: Choice("try", 0))
    assert keys(first) == keys(second)


# Several workers


@pytest.mark.parametrize(("budget", "side_by_side"), [("12t", False), ("60t", True)])
def test_a_small_budget_is_spent_on_one_change_after_the_other(
    budget: str, side_by_side: bool
) -> None:
    seen = to_the_end(sick(2, **{"tune.budget": budget}))
    tried = [one for one in only(seen, TrainAll) if one.trials[0].purpose == "candidate"]
    assert bool(tried) == side_by_side
