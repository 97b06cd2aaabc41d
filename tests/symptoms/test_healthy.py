"""False alarms: a warning about a healthy training costs trials, and a block costs the session."""

from __future__ import annotations

import pytest

from advisor.facts import measure
from advisor.symptoms import as_facts, detect
from tests import recorded
from tests.symptoms.streams import healthy

CURVES = 300
TOLERATED = 0.02


def alarms(seed: int) -> list[str]:
    stream = healthy(seed)
    return [
        finding.symptom
        for finding in detect(stream.recipe, stream.events())
        if finding.outcome == "fired" and finding.severity in ("block", "optimisation")
    ]


def test_healthy_curves_of_many_kinds_raise_hardly_any_alarm() -> None:
    raised = {seed: found for seed in range(CURVES) if (found := alarms(seed))}
    assert len(raised) <= TOLERATED * CURVES, raised


def test_healthy_curves_cut_short_raise_hardly_any_alarm() -> None:
    raised = []
    for seed in range(0, CURVES, 3):
        stream = healthy(seed)
        events = stream.events()[:-1]
        half = events[: 1 + 2 * max(1, stream.recipe.train.epochs // 2)]
        raised += [
            f.symptom
            for f in detect(stream.recipe, half)
            if f.outcome == "fired" and f.severity == "block"
        ]
    assert not raised


@pytest.mark.parametrize("name", recorded.HEALTHY)
def test_recorded_healthy_trainings_raise_no_alarm(name: str) -> None:
    recipe, events = recorded.load(name)
    fired = [f for f in detect(recipe, events) if f.outcome == "fired"]
    assert [f.symptom for f in fired if f.severity in ("block", "optimisation")] == []


SICK = {
    "deep-sigmoid": {"no_learning", "not_better_than_chance", "vanishing_gradients"},
    "heavy-dropout": {"underfitting", "over_regularized"},
    "not-finite": {"non_finite"},
    "overfitted-regression": {"overfitting", "overtraining"},
    "rate-too-high": {"divergence", "no_learning", "dead_units"},
    "rate-too-low": {"slow_learning", "not_better_than_chance"},
    "raw-pixels": {"unnormalized_input", "initial_loss_off"},
}


@pytest.mark.parametrize("name", SICK)
def test_recorded_sick_trainings_show_their_symptoms(name: str) -> None:
    recipe, events = recorded.load(name)
    facts = as_facts(detect(recipe, events))
    assert {symptom for symptom in SICK[name] if facts[symptom] is not True} == set()


def test_every_recording_is_looked_at() -> None:
    assert set(recorded.NAMES) == {*recorded.HEALTHY, *SICK}


@pytest.mark.parametrize("name", recorded.NAMES)
def test_recordings_can_be_measured_at_any_moment(name: str) -> None:
    recipe, events = recorded.load(name)
    for end in range(len(events) + 1):
        measured = measure(recipe, events[:end])
        assert len(as_facts(detect(recipe, events[:end]))) > 20
        assert measured["lr"] == recipe.optimizer.lr
