"""A session with a person at the wheel: what is asked, and what they answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache

from advisor.auto import request_key
from advisor.facts import VOCABULARY
from advisor.requests import Choice, Choose, OpenTest, Request, RunProbe, Train, TrainAll
from advisor.rulebook import Rule, installed
from advisor.session import Session, Settings
from tests import simulation

Person = Callable[[Choose, Session], Choice]
GOOD = {"optimizer.lr": 1e-3, "model.activation": "relu", "train.batch_size": 64}
"""A recipe that trains, so that the climb and the search have something to do."""
MOST = 600


@cache
def rules() -> tuple[Rule, ...]:
    return tuple(installed(VOCABULARY))


def sick(workers: int = 1, /, **changes: object) -> Session:
    """A session in which the rules have much to say from the start."""
    return Session(simulation.recipe(**changes), rules(), Settings(workers))


def sound(budget: str = "40t", /, **changes: object) -> Session:
    """One without rules: a climb, then a search."""
    return Session(simulation.recipe(**{**GOOD, "tune.budget": budget, **changes}), ())


def to_question(session: Session, about: str = "") -> Choose:
    """Go on, trying the first proposal of all others, to a question about this rule (any)."""
    while session.request is not None:
        request = session.request
        if isinstance(request, Choose) and about in ("", request.proposals[0].rule.id):
            return request
        session.tell(simulation.answer(request))
    raise AssertionError(f"the session never asks about {about}")


def tell(session: Session, *choices: Choice) -> list[Request]:
    """Answer with these choices, one after the other; what else is asked is answered on the way.
    Returns what was asked and said up to the question after the last."""
    seen: list[Request] = []
    for choice in choices:
        assert isinstance(session.request, Choose)
        session.tell(choice)
        while session.request is not None and not isinstance(session.request, Choose):
            seen.append(session.request)
            session.tell(simulation.answer(session.request))
    return seen


def to_the_end(session: Session, person: Person | None = None) -> list[Request]:
    """Go on with this person, or with none, until it is over; returns all that was asked."""
    asked: list[Request] = []
    while session.request is not None:
        request = session.request
        asked.append(request)
        if person is not None and isinstance(request, Choose):
            session.tell(person(request, session))
        else:
            session.tell(simulation.answer(request))
        assert len(asked) < MOST, "the session does not come to an end"
    return asked


def keys(asked: Iterable[Request]) -> list[str]:
    answered = (Train, TrainAll, RunProbe, Choose, OpenTest)
    return [request_key(request) for request in asked if isinstance(request, answered)]
