from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from advisor.cli import rules
from advisor.control import ours, value_at
from advisor.evidence import Decision
from advisor.ledger import Record
from advisor.report.replay import Moment, Story
from advisor.requests import Finalist, Finals, Request, Result, Results, Train, TrainAll
from advisor.session import Session
from tests import simulation


def told() -> Story:
    """A whole session on the make-believe trainer."""
    session = Session(simulation.recipe(), rules.load([]))
    moments: list[Moment] = []
    while (request := session.request) is not None:
        answer = simulation.answer(request)
        session.tell(answer)
        moments.append(Moment(request, answer, session.state.budget.epochs))
    return Story(Record(Path(), {}, (), (), 0), tuple(moments), session.state, None)


def test_a_session_is_a_search_of_its_trials() -> None:
    story = told()
    found = ours(story)
    state = story.state
    values = [attempt.value for attempt in state.attempts if attempt.value is not None]
    assert found.epochs == state.budget.epochs
    assert found.trials == len(state.attempts)
    assert found.curve[-1][1] == pytest.approx(max(values))
    assert found.curve[-1][0] <= found.epochs
    first = state.attempts[0]
    assert value_at(found.curve, 1.0) == pytest.approx(first.result.curve()[0])


def test_the_incumbent_is_what_was_accepted() -> None:
    story = told()
    found = ours(story)
    assert story.state.baseline is not None
    assert story.state.incumbent is not None
    assert found.incumbent[0][1] == story.state.baseline.value
    assert found.incumbent[-1][1] == story.state.incumbent.value
    assert found.best == story.state.incumbent.recipe
    assert found.kept.value == story.state.incumbent.value
    assert found.kept.predictions is not None
    assert [spent for spent, _ in found.incumbent] == sorted(s for s, _ in found.incumbent)


def test_who_wins_the_finals_is_what_is_recommended() -> None:
    story = told()
    other = story.state.attempts[0]
    winner = Finalist(other.trial.number, (), (), Decision("accepted", "better"))
    moments = (*story.moments, Moment(Finals((winner,), winner), None, story.state.budget.epochs))
    assert ours(replace(story, moments=moments)).incumbent[-1][1] == other.value


def test_trials_side_by_side_are_paid_for_one_after_the_other() -> None:
    story = told()
    trains = [m for m in story.moments if isinstance(m.request, Train)][:2]
    requests = [m.request for m in trains if isinstance(m.request, Train)]
    results = [m.answer for m in trains if isinstance(m.answer, Result)]
    cost = sum(result.finished.epochs for result in results if result.finished)
    both: Request = TrainAll(tuple(requests))
    merged = Story(story.record, (Moment(both, Results(tuple(results)), cost),), story.state, None)
    values = [value for result in results for value in result.curve()]
    assert ours(merged).curve[-1][1] == max(values)
    assert ours(merged).curve[-1][0] == values.index(max(values)) + 1
