"""The report of a session in which a person had a say."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from advisor import report as reports
from advisor.ledger import Entry, Record
from advisor.report import Story
from advisor.report.gather import gather
from advisor.report.model import Report, Said, Trial
from advisor.report.page import render
from advisor.requests import Choice, Choose
from advisor.session import Session
from tests import simulation
from tests.report import made

RATE = "optimizer.lr"
CHOICES = (
    Choice("look", 0),
    Choice("lock", fields=("train.batch_size",)),
    Choice("refuse", 1),
    Choice("try", 0, {RATE: 3e-3}),
    Choice("own", change={"model.hidden": [24]}),
    Choice("back", trial=2),
)


@cache
def steered() -> Story:
    session = Session(simulation.recipe(), made.known_rules())
    collected, left = reports.Collector(made.Silent()), list(CHOICES)
    entries: list[Entry] = []
    while (request := session.request) is not None:
        collected.asked(request, session.state)
        person = isinstance(request, Choose) and left
        answer = left.pop(0) if person else simulation.answer(request)
        session.tell(answer)
        if isinstance(answer, Choice):
            entries.append(Entry("choose something", answer.as_json()))
        if answer is not None:
            collected.answered(request, answer, session.state)
    record = Record(Path("session"), made.header(simulation.recipe()), tuple(entries), (), 1)
    return collected.story(session, record)


@cache
def report() -> Report:
    return gather(steered())


def trials() -> dict[int, Trial]:
    found = (step for visit in report().visits for step in visit.steps if isinstance(step, Trial))
    return {one.number: one for one in found}


def test_a_look_has_its_change_and_no_verdict() -> None:
    (looked,) = steered().state.looks
    told = trials()[looked.trial]
    assert told.purpose == "look"
    assert told.verdict is None
    assert told.proposed is not None
    assert {one.path: one.new for one in told.proposed.changes} == dict(looked.proposal.change)
    assert "only looked at" in render(report())
    assert any(row.kind == "changes that were only begun" for row in report().spent)


def test_edited_and_own_changes_say_so() -> None:
    found = {one.proposed.origin for one in trials().values() if one.proposed}
    assert found == {"rule", "edited", "own"}
    page = render(report())
    assert "its values edited by hand" in page
    assert "Your own change" in page


def test_what_was_locked_refused_and_gone_back_to_is_told() -> None:
    said = [
        step.text for visit in report().visits for step in visit.steps if isinstance(step, Said)
    ]
    for start in ("locked: train.batch_size", "refused: ", "back to trial 2", "Trial "):
        assert any(text.startswith(start) for text in said), start


def test_the_way_to_the_best_leaves_out_what_was_given_up() -> None:
    state = steered().state
    assert state.given_up
    told = {step.trial for one in report().differences for step in one.steps}
    assert told
    assert told.isdisjoint(state.given_up)
    assert not any(one.path.startswith("tune.") for one in report().differences)
    for one in report().differences:
        assert one.steps[-1].value == state.best.recipe.flat()[one.path]


def test_the_course_falls_back_where_the_person_did() -> None:
    values = [value for _, value in report().course.incumbent]
    baseline = steered().state.baseline
    assert baseline is not None
    assert values[0] == baseline.value
    assert baseline.value in values[1:]
    spent = [spent for spent, _ in report().course.incumbent]
    assert spent == sorted(spent)


def test_the_session_is_not_said_to_repeat_with_its_choices() -> None:
    told = report().repeat.commands[-1].does
    assert told.endswith(f"without the {len(CHOICES)} choices made by hand")
