"""What the report says of a session, against what the session knows."""

from __future__ import annotations

import math
from copy import copy
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.advice import Proposal
from advisor.estimates import within
from advisor.evidence import Comparison, Decision
from advisor.ledger import Ledger
from advisor.report import Story
from advisor.report.gather import gather
from advisor.report.gather.outcomes import gain_of_best, outcomes, verdict
from advisor.report.gather.repeat import repeat
from advisor.report.gather.symptoms import looked
from advisor.report.gather.trials import proposed
from advisor.report.gather.visits import trained, visits
from advisor.report.model import Ensemble, Finals, Report, Trial
from advisor.report.page import render
from advisor.report.replay import Moment
from advisor.requests import (
    Decided,
    Finalist,
    Remark,
    Result,
    StageEntered,
    StageLeft,
    StageSkipped,
    Train,
)
from advisor.requests import Finals as Held
from advisor.rulebook import Rule
from advisor.stages import STAGES, Stage
from advisor.symptoms import Finding
from tests import simulation
from tests.report import made


@cache
def whole() -> Story:
    return made.story()


@cache
def report() -> Report:
    return gather(whole())


@cache
def finals() -> Report:
    """Of a session with finals and an ensemble."""
    changes = {"tune.ensemble": 3, "tune.budget": "200e", "train.seed": 3}
    return gather(made.story(simulation.recipe(**changes)))


def trials(found: Report) -> list[Trial]:
    return [step for visit in found.visits for step in visit.steps if isinstance(step, Trial)]


def test_every_trial_is_told_once_with_its_verdict() -> None:
    state, told = whole().state, trials(report())
    assert [one.number for one in told] == [a.trial.number for a in state.attempts]
    assert [one.value for one in told] == [a.value for a in state.attempts]
    judged = {one.number: one.verdict for one in told if one.verdict}
    last = {decided.trial: decided for decided in state.decisions}
    assert set(judged) == set(last)
    for decided in last.values():
        verdict, comparison = judged[decided.trial], decided.decision.comparison
        assert verdict is not None
        assert verdict.verdict == decided.decision.verdict
        if comparison is not None:
            assert verdict.gain is not None
            assert (verdict.gain.low, verdict.gain.high) == within(
                state.start.metric,
                decided.incumbent or 0.0,
                comparison.gain,
                comparison.low,
                comparison.high,
            )


def test_candidates_have_their_proposal_with_the_values_before_it() -> None:
    state = whole().state
    incumbent = state.start
    recipes = {attempt.trial.number: attempt.recipe for attempt in state.attempts}
    told = {one.number: one for one in trials(report())}
    for decided in state.decisions:
        about = told[decided.trial].proposed
        assert about is not None
        assert about.rule == decided.proposal.rule.id
        assert {one.path: one.new for one in about.changes} == dict(decided.proposal.change)
        assert [one.old for one in about.changes] == [
            incumbent.flat().get(one.path) for one in about.changes
        ]
        if decided.decision.verdict == "accepted":
            incumbent = recipes[decided.trial]


def test_a_candidate_that_is_not_decided_has_its_proposal_all_the_same() -> None:
    story, told = whole(), {one.number: one for one in trials(report())}
    tried = [
        (place, request.number)
        for place, moment in enumerate(story.moments, 1)
        for request, _, _ in trained(moment)
        if request.purpose == "candidate"
    ]
    assert tried
    for place, number in tried:
        cut = visits(replace(story, moments=story.moments[:place]))
        (one,) = (t for visit in cut for t in visit.steps if getattr(t, "number", 0) == number)
        assert isinstance(one, Trial)
        assert one.verdict is None
        assert one.proposed == told[number].proposed is not None


def test_differences_end_in_the_best_recipe_and_name_the_trials_that_brought_them() -> None:
    state = whole().state
    assert state.incumbent is not None
    after, before = state.incumbent.recipe.flat(), state.start.flat()
    assert report().differences
    for one in report().differences:
        assert before[one.path] == one.old != one.steps[-1].value == after[one.path]
        numbers = [step.trial for step in one.steps]
        assert numbers == sorted(numbers)


def test_the_course_ends_where_the_budget_does() -> None:
    course, state = report().course, whole().state
    assert course.total == state.budget.epochs
    assert course.marks[-1].spent <= course.total + 1e-9
    assert [mark.spent for mark in course.marks] == sorted(mark.spent for mark in course.marks)
    assert state.incumbent is not None
    assert course.incumbent[-1] == (course.total, state.incumbent.value)


def test_cost_adds_up_to_what_was_spent() -> None:
    rows, state = report().spent, whole().state
    paid = [row for row in rows if row.kind != "checks before training"]
    assert math.isclose(sum(row.epochs for row in paid), state.budget.epochs)
    assert sum(row.examples for row in paid) == state.budget.examples
    assert all(row.training >= 0 <= row.evaluating for row in rows)
    assert math.isclose(report().elapsed, state.budget.seconds, rel_tol=0.2)


def test_the_verdict_has_the_numbers() -> None:
    verdict = report().head.verdict
    validation, *_, tested = report().outcomes
    assert validation.before is not None
    assert validation.after is not None
    assert f"rose from {validation.before.value:.4g} to {validation.after.value:.4g}" in verdict
    assert "sealed test split, opened once" in verdict
    assert tested.after is not None
    assert tested.after.value == 0.9


def test_intervals_hold_their_values_and_stay_within_the_metric() -> None:
    for outcome in report().outcomes:
        for one in (outcome.before, outcome.after):
            if one is not None and one.low is not None and one.high is not None:
                assert 0 <= one.low <= one.value <= one.high <= 1


def test_the_gain_is_possible_and_says_what_the_examples_leave_open() -> None:
    gain, start = report().outcomes[0].gain, whole().state.baseline
    assert gain is not None
    assert start is not None
    assert start.value is not None
    assert gain.examples is not None
    assert -start.value <= gain.low <= gain.examples[0] < gain.value
    assert gain.value <= gain.examples[1] <= gain.high <= 1 - start.value


def test_a_gain_over_several_seeds_is_that_of_the_headline() -> None:
    """Not that of the one pair of trainings, by which it was chosen."""
    state = copy(whole().state)
    assert state.incumbent is not None
    number, start = state.incumbent.trial.number, state.baseline
    assert start is not None
    seen = Comparison(0.02, 0.01, 3, 200)
    winner = Finalist(number, (), (), Decision("accepted", "better", seen))
    state.finals = Held((Finalist(start.trial.number, (), (), None), winner), winner)
    gain = gain_of_best(state)
    assert gain is not None
    assert (gain.value, gain.seeds, gain.own) == (0.02, 3, False)
    told = verdict(state, outcomes(state), 1)
    assert "in one training each; over 3 seeds the gain is +0.02" in told


def test_finals_and_ensemble_are_told() -> None:
    steps = [step for visit in finals().visits for step in visit.steps]
    numbers = {step.number for step in steps if isinstance(step, Trial)}
    (held,) = [step for step in steps if isinstance(step, Finals)]
    (combined,) = [step for step in steps if isinstance(step, Ensemble)]
    assert sum(one.winner for one in held.finalists) == 1
    assert {trial for one in held.finalists for trial, _ in one.fresh} <= numbers
    assert len(combined.members) == 3
    names = [outcome.name for outcome in finals().outcomes]
    assert names[0] == "validation"
    assert "ensemble" in names
    assert any(name.startswith("fresh seed") for name in names)


def test_a_start_that_nothing_improves_is_said_so() -> None:
    healthy = {"optimizer.lr": 3e-3, "model.activation": "relu", "tune.budget": "5e"}
    found = gather(made.story(simulation.recipe(**healthy)))
    assert found.differences == ()
    assert "No change was kept" in found.head.verdict


@pytest.mark.parametrize("steps", range(5))
def test_an_unfinished_session_is_told_as_far_as_it_got(steps: int) -> None:
    found = gather(made.story(steps=steps))
    assert not found.head.finished
    assert found.head.pending
    assert len(trials(found)) <= steps
    assert "once" not in found.head.verdict
    if steps == 0:
        assert found.outcomes == ()
        assert "Nothing was trained" in found.head.verdict


def test_a_kill_while_the_test_split_was_opened_is_not_hidden() -> None:
    answers = sum(moment.answer is not None for moment in whole().moments)
    before = made.story(steps=answers - 1)
    assert "is still sealed" in gather(before).head.verdict
    killed = replace(before, record=replace(before.record, openings=1))
    assert "was opened once, but nothing of it was kept" in gather(killed).head.verdict


# Made-up stories


def moments(*requests: object) -> Story:
    told = tuple(Moment(request, None, 0.0) for request in requests)  # type: ignore[arg-type]
    return replace(whole(), moments=told)


def stage(name: str) -> Stage:
    return next(one for one in STAGES if one.name == name)


def decided(trial: int, verdict: str, reopens: tuple[str, ...]) -> Decided:
    rule: Rule = made.known_rules()[0]
    proposal = Proposal(rule, {"train.batch_size": 64}, {}, (0, False, 1, rule.id))
    decision = Decision(verdict, "because", Comparison(0.1, 0.01, 1, 200))  # type: ignore[arg-type]
    return Decided(stage("batch_size"), proposal, trial, decision, 0.9, 0.8, reopens)


def test_a_reopened_stage_names_the_trial_that_reopened_it() -> None:
    rates = stage("learning_rate")
    train = Train(7, "candidate", simulation.recipe())
    answered = Moment(train, simulation.answer(train), 5.0)
    story = moments(
        StageEntered(rates, False, ()),
        StageLeft(rates, "done"),
        StageEntered(stage("batch_size"), False, ()),
        decided(7, "accepted", ("learning_rate",)),
        StageLeft(stage("batch_size"), "done"),
        StageEntered(rates, True, ()),
        StageLeft(rates, "done"),
    )
    told = (*story.moments[:3], answered, *story.moments[3:])
    found = visits(replace(story, moments=told))
    assert [(one.stage, one.kind, one.by) for one in found] == [
        ("learning_rate", "entered", None),
        ("batch_size", "entered", None),
        ("learning_rate", "reopened", 7),
    ]


@pytest.mark.parametrize("verdict", ["accepted", "rejected"])
def test_what_leads_has_the_verdict_that_it_came_to_in_a_later_visit(verdict: str) -> None:
    train = Train(7, "candidate", simulation.recipe())
    answered = Moment(train, simulation.answer(train), 5.0)
    story = moments(
        StageEntered(stage("batch_size"), False, ()),
        decided(7, "undecided", ()),
        StageLeft(stage("batch_size"), "done"),
        StageEntered(stage("loss"), False, ()),
        decided(7, verdict, ()),
    )
    told = (story.moments[0], answered, *story.moments[1:])
    first, second = visits(replace(story, moments=told))
    (step,) = first.steps
    assert isinstance(step, Trial)
    assert step.verdict is not None
    assert step.verdict.verdict == verdict
    assert second.steps == ()


def test_what_a_proposal_is_built_on_is_told_apart() -> None:
    rule: Rule = made.known_rules()[0]
    change = {"optimizer.lr": 0.01, "train.batch_size": 64}
    below = ("train.batch_size",)
    proposal = Proposal(rule, change, {}, (0, False, 1, rule.id), built_on=4, below=below)
    found = proposed(proposal, simulation.recipe())
    assert found.built_on == 4
    assert [(one.path, one.below) for one in found.changes] == [
        ("optimizer.lr", False),
        ("train.batch_size", True),
    ]


def test_how_to_repeat_it_names_all_that_it_was_begun_with() -> None:
    story = made.story()
    there = {"machine": {"thread_settings": {"OMP_NUM_THREADS": "1"}}, "workers": 3}
    header = {**story.record.header, **there, "rule_folders": ["/my rules"]}
    best, session = repeat(replace(story, record=replace(story.record, header=header))).commands
    assert "OMP_NUM_THREADS=1" in best.line
    assert "--device cpu" in best.line
    assert session.line.startswith("OMP_NUM_THREADS=1 advisor auto start.yaml")
    for option in ("--rules '/my rules'", "--workers 3", "--no-experience"):
        assert option in session.line


def test_a_session_at_work_is_not_told_to_be_resumed(tmp_path: Path) -> None:
    story = made.story(steps=3, folder=tmp_path)
    assert not gather(story).head.at_work
    with Ledger.create(tmp_path, made.header(simulation.recipe())):
        found = gather(story)
    assert found.head.at_work
    assert "a process is at work on it" in render(found)
    assert "advisor resume</code> goes on" not in render(found)


def test_what_comes_between_stages_is_kept() -> None:
    skipped = StageSkipped(stage("loss"), "not needed")
    found = visits(moments(Remark("first"), skipped, Remark("last")))
    assert [(one.kind, one.outcome, len(one.steps)) for one in found] == [
        ("outside", "", 1),
        ("skipped", "not needed", 0),
        ("outside", "", 1),
    ]


def test_a_trial_without_a_result_is_told() -> None:
    start = simulation.recipe()
    failed = Moment(Train(1, "baseline", start), Result([], None, 2.0, "out of memory"), 0.0)
    (only,) = visits(replace(whole(), moments=(failed,)))
    (step,) = only.steps
    assert isinstance(step, Trial)
    assert (step.status, step.value, step.message) == ("failed", None, "out of memory")


NAMES = st.sampled_from(["a", "b", "c", "d", "e"])


@given(st.lists(st.tuples(NAMES, NAMES), max_size=5, unique_by=lambda pair: pair[0]))
def test_every_symptom_that_fired_is_told_once(links: list[tuple[str, str]]) -> None:
    """Even where symptoms were said to explain each other in a ring: none is lost."""
    findings = [
        Finding(name, "fired", "info", {}, "", "", "", explained_by="" if cause == name else cause)
        for name, cause in links
    ]
    told = looked("", findings)
    names = [one.name for cause in told.fired for one in (cause, *cause.led_to)]
    assert sorted(names) == sorted(name for name, _ in links)


def test_the_folder_need_not_exist(tmp_path: Path) -> None:
    assert gather(made.story(folder=tmp_path / "gone")).control is None
