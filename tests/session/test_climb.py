from __future__ import annotations

from dataclasses import replace

import pytest

from advisor.requests import Answer, Choice, Choose, Decided, Request, StageEntered
from advisor.session import Session
from advisor.session.climb import MOST_STEPS, OVERTAKEN, RATE, RULE, _End
from advisor.session.trying import FRESH_PAIRS
from tests import simulation
from tests.session.steering import to_question

GOOD = {"model.activation": "relu", "tune.budget": "30t", "tune.skip": ("finish",)}


def run(session: Session) -> list[Request]:
    asked: list[Request] = []
    while session.request is not None:
        asked.append(session.request)
        session.tell(simulation.answer(session.request))
        assert len(asked) < 1000
    return asked


def climbs(asked: list[Request]) -> list[float]:
    """The rates that were tried, in order."""
    return [
        one.proposals[0].change[RATE]
        for one in asked
        if isinstance(one, Choose) and one.proposals[0].rule is RULE
    ]


@pytest.mark.parametrize("rate", [3e-4, 3e-2])
def test_the_peak_is_found_from_either_side(rate: float) -> None:
    session = Session(simulation.recipe(**GOOD, **{RATE: rate}), ())
    run(session)
    assert session.state.best.recipe.optimizer.lr == pytest.approx(3e-3, rel=0.1)


def test_at_the_peak_one_step_either_way_is_all() -> None:
    session = Session(simulation.recipe(**GOOD, **{RATE: 3e-3}), ())
    assert len(climbs(run(session))) == 2
    assert session.state.best.recipe.optimizer.lr == 3e-3


def test_small_steps_are_made_larger_first() -> None:
    """The make-believe trainer reports updates as large as the rate."""
    low = climbs(run(Session(simulation.recipe(**GOOD, **{RATE: 3e-4}), ())))
    assert low[0] > 3e-4
    high = climbs(run(Session(simulation.recipe(**GOOD, **{RATE: 3e-2}), ())))
    assert high[0] < 3e-2


def test_a_climb_has_an_end() -> None:
    session = Session(simulation.recipe(**GOOD, **{RATE: 3e-3}), ())
    rising, tried = 0.3, 0
    while session.request is not None:
        request = session.request
        if isinstance(request, Choose):
            tried += request.proposals[0].rule is RULE
        rising = min(rising + 0.1, 0.99)
        session.tell(simulation.answer(request, level=rising))
    assert tried <= MOST_STEPS


def test_every_step_is_written_down_and_only_the_last_is_kept() -> None:
    session = Session(simulation.recipe(**GOOD, **{RATE: 3e-4}), ())
    asked = run(session)
    decided = [one for one in asked if isinstance(one, Decided) and one.proposal.rule is RULE]
    assert len(decided) == len(climbs(asked))
    assert sum(one.decision.verdict == "accepted" for one in decided) == 1


def test_the_first_step_goes_as_far_as_the_updates_allow() -> None:
    """At 3e-4 updates are a tenth of what they are at the peak: two half decades."""
    low = climbs(run(Session(simulation.recipe(**GOOD, **{RATE: 3e-4}), ())))
    assert low[0] == pytest.approx(3e-3, rel=0.01)


def test_a_first_step_that_was_too_far_is_followed_by_a_shorter_one() -> None:
    levels = {3e-4: 0.6, 9.5e-4: 0.8}
    session = Session(simulation.recipe(**GOOD, **{RATE: 3e-4}), ())
    asked = []
    while session.request is not None:
        recipe = getattr(session.request, "recipe", None)
        level = levels.get(recipe.optimizer.lr, 0.4) if recipe else None
        asked.append(session.request)
        session.tell(simulation.answer(session.request, level))
    assert climbs(asked)[:2] == [pytest.approx(3e-3, rel=0.01), 9.5e-4]
    assert session.state.best.recipe.optimizer.lr == 9.5e-4


def test_where_a_climb_ends_pays_for_the_steps_that_it_was_chosen_from() -> None:
    """Four equal steps: the best one seems ahead by a deviation of one training."""
    session = Session(simulation.recipe(**GOOD, **{RATE: 3e-3}), ())
    proposal = to_question(session, RULE.id).proposals[0]
    end = _End(proposal, session.state.best, 4)
    assert end.judged.price == pytest.approx(proposal.price + 1.03, abs=0.01)


def test_a_locked_rate_stays() -> None:
    start = simulation.recipe(**GOOD, **{RATE: 3e-4, "tune.locked": ("optimizer",)})
    assert climbs(run(Session(start, ()))) == []


def test_a_person_may_leave_it() -> None:
    session = Session(simulation.recipe(**GOOD, **{RATE: 3e-4}), ())
    while not isinstance(session.request, Choose):
        session.tell(simulation.answer(session.request))  # type: ignore[arg-type]
    session.tell(Choice("leave"))
    assert climbs(run(session)) == []


def test_a_person_may_end_the_session_from_it() -> None:
    session = Session(simulation.recipe(**GOOD, **{RATE: 3e-4}), ())
    while not isinstance(session.request, Choose):
        session.tell(simulation.answer(session.request))  # type: ignore[arg-type]
    session.tell(Choice("finish"))
    later = run(session)
    assert not any(isinstance(one, Choose | StageEntered) for one in later)


def test_what_the_climb_had_reached_is_decided_when_it_is_left() -> None:
    session, steps = Session(simulation.recipe(**GOOD, **{RATE: 3e-4}), ()), 0
    while session.request is not None:
        request = session.request
        if isinstance(request, Choose) and request.proposals[0].rule is RULE:
            steps += 1
            session.tell(Choice("try" if steps == 1 else "leave"))
        else:
            session.tell(simulation.answer(request))
    assert [d.trial for d in session.state.decisions if d.proposal.rule is RULE]


def test_where_the_climb_ends_is_confirmed_though_the_share_of_its_stage_is_spent() -> None:
    """Steps end at three quarters of the budget; both fresh seeds are trained all the same."""
    start = {**GOOD, RATE: 1.5e-3, "tune.stages": ("learning_rate",), "tune.skip": ()}
    session = Session(simulation.recipe(**start | {"tune.budget": "10t"}), ())
    run(session)
    purposes = [one.trial.purpose for one in session.state.attempts]
    assert purposes.count("repeat") == 2 * FRESH_PAIRS


def test_what_two_fresh_seeds_leave_undecided_on_the_better_side_gets_a_third() -> None:
    session = Session(simulation.recipe(**GOOD, **{RATE: 1.6e-3}), ())
    run(session)
    ended = [one.decision for one in session.state.decisions if one.proposal.rule is RULE][-1]
    assert ended.comparison is not None
    assert ended.comparison.seeds == FRESH_PAIRS + 1


@pytest.mark.parametrize(("stage", "again"), [("learning_rate", False), ("finish", True)])
def test_once_more_than_the_rate_has_moved_the_finish_may_look_beside_it_again(
    stage: str, again: bool
) -> None:
    start = {**GOOD, RATE: 3e-3, "tune.skip": ()}
    small = replace(RULE, id="small", change={"regularization.dropout": 0.05}, rank=1)
    beside = replace(RULE, id="beside", stage=stage, change={RATE: 4.2e-3}, rank=2)
    session = Session(simulation.recipe(**start), (small, beside))
    proposed: set[str] = set()
    while session.request is not None:
        request = session.request
        if isinstance(request, Choose):
            proposed |= {one.rule.id for one in request.proposals}
        recipe = getattr(request, "recipe", None)
        led = recipe is not None and recipe.regularization.dropout > 0
        session.tell(simulation.answer(request, 0.78 if led else 0.72))
    assert any(one.leads for one in session.state.decisions if one.proposal.rule.id == "small")
    assert ("beside" in proposed) is again


def test_a_climb_from_what_led_is_not_settled_where_that_was_locked_meanwhile() -> None:
    smaller = replace(RULE, id="smaller", stage="batch_size", change={"train.batch_size": 32})
    start = simulation.recipe(**{**GOOD, RATE: 1e-3, "train.batch_size": 64})
    session = Session(start, (smaller,))
    while not (isinstance(session.request, Choose) and session.request.proposals[0].rule is RULE):
        assert session.request is not None
        session.tell(small_gains(session.request))
    assert "train.batch_size" in session.request.proposals[0].change
    session.tell(Choice("try", 0))
    while not isinstance(session.request, Choose):
        session.tell(small_gains(session.request))
    session.tell(Choice("lock", fields=("train.batch_size",)))
    while session.request is not None:
        session.tell(small_gains(session.request))
    climbed = [d for d in session.state.decisions if d.proposal.rule is RULE]
    assert climbed[0].decision.reason == OVERTAKEN
    assert session.state.best.recipe.train.batch_size == 64


def small_gains(request: Request) -> Answer:
    """Trainings to which a smaller batch and a higher rate add what one of them can't show."""
    recipe = getattr(request, "recipe", None)
    if recipe is None:
        return simulation.answer(request)
    helped = (recipe.train.batch_size < 64, recipe.optimizer.lr > 1e-3)
    return simulation.answer(request, 0.7 + 0.07 * sum(helped))
