from __future__ import annotations

from dataclasses import replace

import pytest

from advisor.advice import Proposal
from advisor.budget import Budget
from advisor.recipe import Recipe
from advisor.requests import Train
from advisor.session.judging import comparable, judge, race, tells, without_pair
from advisor.session.search import RULE
from advisor.state import Attempt, State
from advisor.symptoms import Finding
from tests import simulation

START = simulation.recipe(**{"optimizer.lr": 1e-3, "model.activation": "relu"})


def attempt(recipe: Recipe, level: float = 0.8, **findings: str) -> Attempt:
    """A make-believe trial with blocking symptoms as given: fired or clear."""
    found = tuple(
        Finding(name, outcome, "block", {}, "", "", "")  # type: ignore[arg-type]
        for name, outcome in findings.items()
    )
    return Attempt(Train(1, "candidate", recipe), simulation.trained(recipe, level), {}, found)


def state_of(incumbent: Attempt) -> State:
    state = State(START, Budget.of(START))
    state.attempts, state.incumbent = [incumbent], incumbent
    return state


def verdict(candidate: Attempt, incumbent: Attempt) -> str:
    proposal = Proposal(RULE, {}, {}, (1, False, 1, "x"))
    return judge(state_of(incumbent), proposal, [(candidate, incumbent)]).verdict


def test_a_cured_fault_decides_where_the_gain_tells_nothing() -> None:
    sick = attempt(START, divergence="fired")
    assert verdict(attempt(START, divergence="clear"), sick) == "accepted"


def test_what_comes_and_goes_while_nothing_is_learned_is_no_cure() -> None:
    sick = attempt(START, 0.2, not_better_than_chance="fired", prediction_collapse="fired")
    still = attempt(START, 0.2, not_better_than_chance="fired", prediction_collapse="clear")
    assert verdict(still, sick) != "accepted"


def test_a_graver_fault_that_is_gone_is_a_cure_though_nothing_is_learned_yet() -> None:
    sick = attempt(START, 0.2, not_better_than_chance="fired", divergence="fired")
    better = attempt(START, 0.2, not_better_than_chance="fired", divergence="clear")
    assert verdict(better, sick) == "accepted"


@pytest.mark.parametrize(
    ("change", "raced"),
    [
        ({"optimizer.lr": 0.01}, True),
        ({"train.batch_size": 16}, True),
        ({"regularization.dropout": 0.3}, False),
        ({"train.epochs": 7}, False),
        ({"schedule": {"kind": "cosine"}}, False),
        ({"model.hidden": [8]}, False),
        ({"initialization.kind": "orthogonal"}, False),
    ],
)
def test_a_race_is_between_curves_that_can_be_compared(
    change: dict[str, object], raced: bool
) -> None:
    assert comparable(START.changed(change), START) is raced
    floors = race(state_of(attempt(START)), START.changed(change))
    assert bool(floors) is raced


def test_less_regularisation_is_raced() -> None:
    strong = START.changed({"regularization.dropout": 0.5})
    assert comparable(START, strong)


def test_an_incumbent_without_a_result_sets_no_pace() -> None:
    failed = attempt(START)
    failed = replace(failed, result=replace(failed.result, predictions=None))
    assert race(state_of(failed), START.changed({"optimizer.lr": 0.01})) == []


def test_a_fault_of_the_data_that_is_gone_is_mended_where_the_score_agrees() -> None:
    rule = replace(RULE, treats="unnormalized_input")
    proposal = Proposal(rule, {}, {}, (1, False, 1, "x"))
    name = "unnormalized_input"
    sick, clear = (
        Finding(name, outcome, "optimisation", {}, "", "", "")  # type: ignore[arg-type]
        for outcome in ("fired", "clear")
    )
    incumbent = replace(attempt(START, 0.7), findings=(sick,))
    for level, mended in ((0.75, True), (0.6, False)):
        trained = attempt(START.changed({"train.seed": 5}), level)
        pair = replace(trained, findings=(clear,)), incumbent
        verdict = judge(state_of(incumbent), proposal, [pair]).verdict
        assert (verdict == "accepted") is mended


def test_a_repeat_that_was_cut_short_tells_nothing() -> None:
    whole = attempt(START)
    short = replace(whole, result=simulation.trained(START, 0.8, until=3))
    before = judge(state_of(whole), Proposal(RULE, {}, {}, (1, False, 1, "x")), [(whole, whole)])
    assert tells((whole, whole))
    for pair in ((whole, short), (short, whole)):
        assert not tells(pair)
        assert without_pair(pair, before).verdict == "undecided"


def test_a_candidate_that_does_not_train_with_a_seed_is_rejected() -> None:
    whole = attempt(START)
    finished = whole.result.finished
    assert finished is not None
    broken = replace(finished, status="diverged")
    events = [*whole.result.events[:-1], broken]
    diverged = replace(whole, result=replace(whole.result, events=events))
    before = judge(state_of(whole), Proposal(RULE, {}, {}, (1, False, 1, "x")), [(whole, whole)])
    assert without_pair((diverged, whole), before).verdict == "rejected"
    assert without_pair((whole, diverged), before).verdict == "undecided"


def test_trainings_validated_on_other_examples_are_not_compared() -> None:
    incumbent, other = attempt(START), attempt(START)
    found = other.result.predictions
    assert found is not None
    fewer = replace(found, outputs=found.outputs[1:], targets=found.targets[1:])
    other = replace(other, result=replace(other.result, predictions=fewer))
    proposal = Proposal(RULE, {}, {}, (1, False, 1, "x"))
    decision = judge(state_of(incumbent), proposal, [(other, incumbent)])
    assert decision.verdict == "rejected"
    assert decision.comparison is None
