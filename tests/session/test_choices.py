"""What can be answered to a question, and what is said of an answer that cannot."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import pytest

from advisor.requests import Choice, Choose
from advisor.session import ChoiceError, Session, problem_of
from advisor.session.choices import changed_fields, look_epochs, proposal_of
from tests import simulation
from tests.session.steering import sick, sound, tell, to_question

RATE = "optimizer.lr"


@pytest.fixture
def session() -> Session:
    made = sick()
    to_question(made)
    return made


def problem(session: Session, choice: Choice) -> str:
    assert isinstance(session.request, Choose)
    return problem_of(choice, session.request, session.state) or ""


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        (Choice("try", 99), "no proposal 99; allowed: 0 to"),
        (Choice("try", -1), "no proposal -1"),
        (Choice("refuse", None), "no proposal None"),
        (Choice("try", True), "no proposal True"),
        (Choice("look", 99), "no proposal 99"),
        (Choice("own"), "no change is named"),
        (Choice("own", change={}), "no change is named"),
        (Choice("look", None), "no change is named"),
        (Choice("own", change={"optimizer.lrr": 1.0}), "did you mean 'optimizer.lr'?"),
        (Choice("own", change={RATE: -1.0}), "optimizer.adam.lr"),
        (Choice("own", change={RATE: "fast"}), "gives no valid recipe"),
        (Choice("own", change={RATE: math.nan}), "gives no valid recipe"),
        (Choice("own", change={RATE: object()}), "gives no valid recipe"),
        (Choice("own", change={"optimizer": 3}), "no recipe has a field 'optimizer'"),
        (Choice("own", change={"train.accumulation": 5}), "must be a multiple"),
        (Choice("own", change={RATE: 1e-5}), "changes nothing"),
        (Choice("own", change={"train.seed": 7}), "decides what trials are judged by"),
        (Choice("own", change={"tune.budget": "9m"}), "decides what trials are judged by"),
        (Choice("own", change={"data.source": "sklearn:iris"}), "what trials are judged by"),
        (Choice("own", change={"train.epochs": 1000}), "1000 epochs of training are more than"),
        (Choice("try", change={"regularization.l2": 0.1}), "not among the fields of this proposal"),
        (Choice("back"), "no trial None to go back to; there are 2"),
        (Choice("back", trial=1), "no trial 1 to go back to"),
        (Choice("back", trial=2), "trial 2 is the incumbent already"),
        (Choice("lock"), "no fields are named"),
        (Choice("lock", fields=("lr",)), "'lr' is not a field of this recipe"),
        (Choice("lock", fields=("optimizer.momentum",)), "'optimizer.momentum' is not a field"),
        (Choice("unlock", fields=(RATE,)), "optimizer.lr is not locked; locked: nothing"),
        (Choice("jump"), "no action is called 'jump'"),  # type: ignore[arg-type]
    ],
)
def test_what_cannot_be_carried_out_is_said_in_a_line(
    session: Session, choice: Choice, said: str
) -> None:
    told = problem(session, choice)
    assert said in told
    assert "\n" not in told


def test_a_session_that_is_told_a_wrong_choice_waits_for_a_right_one(session: Session) -> None:
    before = session.request
    with pytest.raises(ChoiceError, match="no proposal 99"):
        session.tell(Choice("try", 99))
    assert session.request is before
    session.tell(Choice("finish"))
    assert session.request is not before


@pytest.mark.parametrize(
    "choice",
    [
        Choice("try", 0),
        Choice("own", change={RATE: 0.5}),
        Choice("own", change={"train.early_stopping.patience": 3}),
        Choice("own", change={"model.hidden": [8, 8]}),
        Choice("look", None, {"optimizer.kind": "sgd"}),
        Choice("look", 0),
        Choice("refuse", 0),
        Choice("lock", fields=(RATE, "model")),
        Choice("leave"),
        Choice("finish"),
    ],
)
def test_what_can_be_carried_out(session: Session, choice: Choice) -> None:
    assert problem(session, choice) == ""
    assert Choice.from_json(json.loads(json.dumps(choice.as_json()))).as_json() == choice.as_json()


def test_an_older_ledger_holds_an_action_and_an_index() -> None:
    assert Choice.from_json({"action": "try", "index": 2}) == Choice("try", 2)
    assert Choice.from_json({"action": "leave", "index": 0}) == Choice("leave")


def test_a_locked_field_is_refused_by_name_or_by_what_it_would_lose() -> None:
    session = sick()
    to_question(session)
    tell(session, Choice("lock", fields=(RATE, "optimizer.beta2")))
    assert "optimizer.lr is locked" in problem(session, Choice("own", change={RATE: 0.1}))
    told = problem(session, Choice("own", change={"optimizer.kind": "sgd"}))
    assert "optimizer.beta2" in told
    assert "optimizer.lr is locked already" in problem(session, Choice("lock", fields=(RATE,)))


def test_a_field_of_a_locked_section_is_unlocked_with_it() -> None:
    session = sick(**{"tune.locked": ["model"]})
    to_question(session)
    told = problem(session, Choice("unlock", fields=("model.activation",)))
    assert "locked with all of model" in told
    assert problem(session, Choice("unlock", fields=("model",))) == ""


def test_what_was_trained_is_not_trained_again() -> None:
    session = sick()
    to_question(session)
    tell(session, Choice("own", change={RATE: 1e-6}))
    assert "has trained this very recipe" in problem(session, Choice("own", change={RATE: 1e-6}))


def test_nobody_goes_back_to_a_repeat_nor_to_what_was_given_up() -> None:
    session = sound()
    request = to_question(session, "search")
    state = session.state
    candidate = next(
        a for a in state.attempts if a.trial.purpose == "candidate" and a is not state.incumbent
    )
    other = candidate.recipe.changed({"train.seed": 5})
    again = replace(candidate.trial, number=900, purpose="repeat", recipe=other)
    state.attempts.append(replace(candidate, trial=again))
    told = problem(session, Choice("back", trial=900))
    assert told.startswith(f"trial 900 repeats trial {candidate.trial.number} with another seed")
    ended = candidate.result.finished
    assert ended is not None
    events = [replace(ended, status="stopped")]
    cut = replace(candidate, result=replace(candidate.result, events=events))
    state.attempts[state.attempts.index(candidate)] = cut
    told = problem_of(Choice("back", trial=cut.trial.number), request, state) or ""
    assert "ended stopped, so it cannot be the incumbent" in told


def test_an_edit_keeps_the_rule_and_says_that_it_is_one() -> None:
    session = sick()
    request = to_question(session)
    proposal = request.proposals[0]
    path = next(iter(proposal.change))
    assert path == RATE, "the first proposal for this recipe is a rate"
    edited = proposal_of(Choice("try", 0, {RATE: 0.02}), request, session.state)
    assert (edited.origin, edited.rule, edited.change) == ("edited", proposal.rule, {RATE: 0.02})
    same = proposal_of(Choice("try", 0, dict(proposal.change)), request, session.state)
    assert same is proposal


def test_an_own_change_holds_only_what_moves() -> None:
    session = sick()
    request = to_question(session)
    change = {RATE: 0.02, "model.hidden": [8], "model.activation": "sigmoid"}
    own = proposal_of(Choice("own", change=change), request, session.state)
    assert own.change == {RATE: 0.02, "model.hidden": (8,)}
    assert own.origin == "own"
    assert own.rule.stage == request.stage.name


def test_fields_that_one_recipe_lacks_count_as_changed() -> None:
    before = simulation.recipe()
    after = before.changed({"optimizer.kind": "sgd"})
    assert {"optimizer.kind", "optimizer.beta1", "optimizer.momentum"} <= {
        *changed_fields(before, after)
    }


@pytest.mark.parametrize(("epochs", "looked"), [(1, 1), (2, 1), (3, 1), (5, 2), (30, 10)])
def test_a_look_is_about_a_third(epochs: int, looked: int) -> None:
    assert look_epochs(simulation.recipe(**{"train.epochs": epochs})) == looked
