from __future__ import annotations

from advisor.requests import Choice, Choose, StageEntered, StageLeft, Train
from advisor.session import Session, Settings
from advisor.session.rescue import PATIENCE, RULE, SHARE
from tests import simulation
from tests.session.steering import tell, to_question, to_the_end


def stuck(budget: str = "60t", workers: int = 1, **changes: object) -> Session:
    """A recipe that learns nothing, and no rules."""
    start = simulation.recipe(**{"tune.budget": budget, **changes})
    return Session(start, (), Settings(workers))


def rescues(session: Session) -> list[int]:
    return [one.trial for one in session.state.decisions if one.proposal.rule is RULE]


def test_where_no_rule_helps_a_recipe_that_trains_is_searched_for() -> None:
    session = stuck()
    asked = to_the_end(session)
    state = session.state
    assert state.baseline is not None
    assert state.baseline.blocking
    assert not state.best.blocking
    (found,) = [one for one in state.decisions if one.decision.verdict == "accepted"][:1]
    assert found.proposal.rule is RULE
    entered = [one.stage.name for one in asked if isinstance(one, StageEntered)]
    assert "learning_rate" in entered  # what follows is visited as usual


def test_it_ends_with_the_first_that_helps() -> None:
    session = stuck()
    to_the_end(session)
    first = next(one.trial for one in session.state.decisions if one.decision.verdict == "accepted")
    assert rescues(session)[-1] == first


def _hopeless(session: Session) -> list[str]:
    """Nothing trains, whatever is tried; returns why stages were left."""
    told: list[str] = []
    while session.request is not None:
        request = session.request
        if isinstance(request, StageLeft):
            told.append(request.outcome)
        session.tell(simulation.answer(request, level=0.2))
    return told


def test_it_is_given_up_where_nothing_trains() -> None:
    session = stuck("200t")
    (told, *_) = _hopeless(session)
    assert f"none of {PATIENCE} recipes trains" in told
    assert len(rescues(session)) == PATIENCE


def test_it_leaves_a_share_of_the_budget() -> None:
    session = stuck("20t")
    (told, *_) = _hopeless(session)
    assert "its share of the budget is spent" in told
    assert session.state.budget.share <= SHARE + 0.1  # and a confirmation


def test_as_many_as_there_are_workers_are_looked_at_together() -> None:
    session = stuck(workers=3)
    request = to_question(session, RULE.id)
    assert len(request.proposals) == 3
    changes = [repr(one.change) for one in request.proposals]
    assert len(set(changes)) == 3


def test_locked_fields_stay() -> None:
    session = stuck(**{"tune.locked": ("optimizer",)})
    _hopeless(session)
    assert rescues(session)
    recipes = {one.recipe.optimizer for one in session.state.attempts}
    assert recipes == {session.state.start.optimizer}


def test_a_person_may_leave_it_and_may_lock_on_the_way() -> None:
    session = stuck()
    to_question(session, RULE.id)
    tell(session, Choice("lock", fields=("train.batch_size",)))
    request = to_question(session, RULE.id)
    assert all("train.batch_size" not in one.change for one in request.proposals)
    before = len(session.state.attempts)
    session.tell(Choice("leave"))
    later = [one for one in to_the_end(session) if isinstance(one, Train | Choose)]
    assert len(session.state.attempts) - before == len(later) <= 1


def test_it_asks_the_same_again() -> None:
    first, second = (to_question(stuck(), RULE.id) for _ in range(2))
    assert first.proposals[0].change == second.proposals[0].change
