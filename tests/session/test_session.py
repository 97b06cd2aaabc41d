from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.auto import request_key
from advisor.events import ProbeFinished
from advisor.facts import VOCABULARY
from advisor.recipe import Recipe
from advisor.requests import (
    Answer,
    Choice,
    Choose,
    OpenTest,
    Remark,
    Request,
    Result,
    RunProbe,
    StageEntered,
    StageSkipped,
    Train,
    TrainAll,
)
from advisor.rulebook import installed
from advisor.session import MOST_VISITS, Session
from advisor.stages import STAGES, passed, reason_to_skip, to_mend
from advisor.symptoms import Finding
from tests import simulation

RULES = installed(VOCABULARY)


def run(session: Session, answers: dict[int, Answer] | None = None) -> list[Request]:
    """Answer everything the session asks for; returns what it asked."""
    asked: list[Request] = []
    while session.request is not None:
        asked.append(session.request)
        given = (answers or {}).get(len(asked))
        session.tell(given if given is not None else simulation.answer(session.request))
        assert len(asked) < 500, "the session does not come to an end"
    return asked


def test_a_sick_start_ends_clearly_better() -> None:
    session = Session(simulation.recipe(), RULES)
    run(session)
    state = session.state
    assert state.finished
    assert state.baseline is not None
    assert state.baseline.value is not None
    assert state.baseline.value < 0.4
    assert state.incumbent is not None
    assert state.incumbent.value is not None
    assert state.incumbent.value > 0.85


@settings(max_examples=15, deadline=None)
@given(
    budget=st.sampled_from(["5e", "12e", "30e", "60e", "4t", "12t", "1m"]),
    lr=st.floats(1e-6, 1.0),
    activation=st.sampled_from(["relu", "sigmoid", "tanh"]),
    seed=st.integers(0, 50),
)
def test_what_holds_for_every_session(budget: str, lr: float, activation: str, seed: int) -> None:
    changes = {"tune.budget": budget, "model.activation": activation, "train.seed": seed}
    start = simulation.recipe(**changes, **{"optimizer.lr": lr})
    session = Session(start, RULES)
    asked = run(session)
    spending = session.state.budget
    assert spending.spent <= max(spending.limit, 1.0 * start.train.epochs) + 1e-9
    assert max(session.state.visits.values(), default=0) <= MOST_VISITS
    opened = [index for index, request in enumerate(asked) if isinstance(request, OpenTest)]
    assert session.state.incumbent is not None
    assert opened == ([] if session.state.incumbent.blocking else [len(asked) - 1])
    trials = simulation.trainings(asked)
    digests = Counter(trial.recipe.digest() for trial in trials)
    assert max(digests.values()) == 1, "a recipe was trained twice"
    probes = [request.number for request in asked if isinstance(request, RunProbe)]
    numbers = sorted([trial.number for trial in trials] + probes)
    assert numbers == list(range(1, len(numbers) + 1))


@settings(max_examples=4, deadline=None)
@given(lr=st.floats(1e-6, 1.0))
def test_the_same_answers_give_the_same_session(lr: float) -> None:
    start = simulation.recipe(**{"optimizer.lr": lr})
    first, second = Session(start, RULES), Session(start, RULES)
    asked, again = run(first), run(second)
    answered = (Train, TrainAll, RunProbe, Choose, OpenTest)
    keys = [request_key(request) for request in asked if isinstance(request, answered)]
    assert keys == [request_key(request) for request in again if isinstance(request, answered)]
    assert [d.decision for d in first.state.decisions] == [
        d.decision for d in second.state.decisions
    ]


def test_locked_fields_are_left_alone() -> None:
    start = simulation.recipe(**{"tune.locked": ["optimizer.lr", "model"]})
    session = Session(start, RULES)
    trials = simulation.trainings(run(session))
    assert {trial.recipe.optimizer.lr for trial in trials} == {1e-5}
    assert {trial.recipe.model for trial in trials} == {start.model}


def test_one_change_a_trial_unless_the_rule_couples_them() -> None:
    session = Session(simulation.recipe(), RULES)
    run(session)
    by_rules = [d for d in session.state.decisions if d.proposal.rule.when]
    assert by_rules
    for decided in by_rules:
        trial = next(a for a in session.state.attempts if a.trial.number == decided.trial)
        before = {path for path in decided.proposal.change if trial.recipe.has(path)}
        assert before <= set(decided.proposal.rule.change)


def test_a_person_may_leave_a_stage_and_end_the_session() -> None:
    session = Session(simulation.recipe(), RULES)
    while not isinstance(session.request, Choose):
        session.tell(simulation.answer(session.request))  # type: ignore[arg-type]
    session.tell(Choice("finish"))
    run(session)
    assert session.state.finished
    assert session.state.decisions == []


def test_a_trial_that_fails_is_rejected_and_the_session_goes_on() -> None:
    session = Session(simulation.recipe(), RULES)
    failed = 0
    while session.request is not None:
        request = session.request
        if isinstance(request, Train) and request.purpose == "candidate" and not failed:
            failed = request.number
            session.tell(Result([], None, 0.1, "the training process ended"))
        else:
            session.tell(simulation.answer(request))
    decided = next(d for d in session.state.decisions if d.trial == failed)
    assert decided.decision.verdict == "rejected"
    assert "the training process ended" in decided.decision.reason
    assert session.state.incumbent is not None
    assert session.state.incumbent.trial.number != failed


def test_nothing_that_trains_leaves_the_test_set_sealed() -> None:
    session = Session(simulation.recipe(), RULES)
    asked = []
    while session.request is not None:
        asked.append(session.request)
        if isinstance(session.request, Train):
            session.tell(Result([], None, 0.1, "no"))
        else:
            session.tell(simulation.answer(session.request))
    assert not any(isinstance(request, OpenTest) for request in asked)
    assert session.state.test is None


def test_a_budget_of_one_training_says_so_and_keeps_the_test_sealed_for_what_does_not_train() -> (
    None
):
    session = Session(simulation.recipe(**{"tune.budget": "3e"}), RULES)
    asked = run(session)
    told = [request.text for request in asked if isinstance(request, Remark)]
    assert "less than one training" in told[0]
    assert "stays sealed" in told[-1]
    assert session.state.test is None


def test_a_small_budget_goes_into_making_it_train() -> None:
    session = Session(simulation.recipe(**{"tune.budget": "11e"}), RULES)
    run(session)
    assert len(session.state.decisions) == 1
    assert session.state.test is not None


def test_every_accepted_change_was_better_beyond_noise_or_cured_something() -> None:
    session = Session(simulation.recipe(), RULES)
    run(session)
    accepted = [d for d in session.state.decisions if d.decision.verdict == "accepted"]
    assert accepted
    for decided in accepted:
        comparison = decided.decision.comparison
        assert comparison is not None
        cured = decided.decision.reason.startswith("cures")
        lenient = decided.proposal.criterion == "no worse"
        assert comparison.low > 0 or cured or lenient


def _causes(session: Session) -> frozenset[str]:
    assert session.state.incumbent is not None
    return to_mend(session.state.incumbent.findings)


def _recipes() -> list[Recipe]:
    return [simulation.recipe(), simulation.recipe(**{"optimizer.lr": 0.003})]


@pytest.mark.parametrize("start", _recipes())
def test_a_stage_is_entered_before_it_proposes(start: Recipe) -> None:
    session, entered = Session(start, RULES), ""
    while (request := session.request) is not None:
        entered = getattr(getattr(request, "stage", None), "name", entered)
        if isinstance(request, Choose):
            foreign = [p for p in request.proposals if p.rule.stage != entered]
            assert all(entered == "sanity" and p.treats in _causes(session) for p in foreign)
        session.tell(simulation.answer(request))


@pytest.mark.parametrize("arm", ["candidate", "incumbent"])
def test_a_repeat_without_a_result_ends_the_comparison(arm: str) -> None:
    """One near-tie is given more seeds; a repeat that fails must not be asked for again."""
    session, failed = Session(simulation.recipe(), RULES), 0
    while session.request is not None:
        request = session.request
        if isinstance(request, Train) and request.purpose == "repeat":
            turn = sum(a.trial.purpose == "repeat" for a in session.state.attempts) % 2
            if (arm == "candidate") == (turn == 0):
                failed += 1
                session.tell(Result([], None, 0.1, "no"))
                continue
        session.tell(simulation.answer(request))
    repeats = [a for a in session.state.attempts if a.trial.purpose == "repeat"]
    assert len(repeats) <= 4 * max(1, len(session.state.decisions))
    assert failed <= len(session.state.decisions)


def test_the_largest_seed_can_be_confirmed() -> None:
    session = Session(simulation.recipe(**{"train.seed": 2**32 - 1}), RULES)
    run(session)
    assert session.state.confirmation is not None
    assert session.state.confirmation.recipe.train.seed == 999


def test_one_training_is_kept_back_for_the_confirmation() -> None:
    session = Session(simulation.recipe(), RULES)
    run(session)
    assert session.state.confirmation is not None


def test_unscaled_inputs_keep_the_first_stage_open() -> None:
    stage = next(s for s in STAGES if s.name == "sanity")
    fired = Finding("unnormalized_input", "fired", "optimisation", {}, "", "", "")
    assert not passed(stage, [fired])
    assert not passed(stage, [], has_result=False)
    assert reason_to_skip(STAGES[1], [], has_result=False)


def test_nothing_else_is_tried_while_a_fault_of_the_data_is_open() -> None:
    session = Session(simulation.recipe(**{"initialization.kind": "zeros"}), RULES)
    asked = run(session)
    offered = [request for request in asked if isinstance(request, Choose)]
    assert [p.treats for p in offered[0].proposals] == ["symmetric_initialization"]
    later = [p.treats for request in offered[1:] for p in request.proposals]
    assert "no_learning" in later or "slow_learning" in later


def test_data_that_leak_end_the_session_before_anything_is_tuned() -> None:
    session = Session(simulation.recipe(), RULES)
    facts = {"leaked_share": 0.3, "leaked_examples": 60}
    leak = Result([ProbeFinished("preflight", facts, 0.1, 3, 0.1)])
    asked = run(session, {1: leak})
    assert [f.symptom for f in session.state.checked if f.outcome == "fired"] == ["leakage"]
    assert len(simulation.trainings(asked)) == 1
    assert not any(isinstance(request, Choose | OpenTest) for request in asked)


def test_the_checks_come_first_and_cost_no_trial() -> None:
    session = Session(simulation.recipe(**{"tune.budget": "4t"}), RULES)
    asked = run(session)
    assert isinstance(asked[0], RunProbe)
    assert asked[0].probe == "preflight"
    trained = sum(trial.recipe.train.epochs for trial in simulation.trainings(asked))
    probed = [r for r in asked if isinstance(r, RunProbe) and r.probe != "preflight"]
    assert session.state.budget.epochs == pytest.approx(trained + 0.5 * len(probed))


def test_a_session_goes_on_when_the_checks_fail() -> None:
    session = Session(simulation.recipe(), RULES)
    run(session, {1: Result([], None, 0.0, "the worker died")})
    assert session.state.finished
    assert session.state.checked == ()
    assert len(session.state.attempts) > 1


def test_what_fits_already_is_regularised_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """The stages that it passes over follow, with its share of the budget."""
    monkeypatch.setattr("advisor.session.session.fits_already", lambda findings: True)
    session = Session(simulation.recipe(**{"optimizer.lr": 0.003}), RULES)
    visited = [r.stage.name for r in run(session) if isinstance(r, StageEntered | StageSkipped)]
    order = list(dict.fromkeys(visited))
    assert order[:2] == ["sanity", "regularization"]
    assert order.index("learning_rate") < order.index("finish")
    assert sorted(order) == sorted(stage.name for stage in STAGES)
