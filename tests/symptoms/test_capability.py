from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest

from advisor.events import ProbeFinished
from advisor.history import History
from tests.symptoms.checked import checks, found, outcome
from tests.symptoms.streams import Stream, decay, recipe_of

CHANCE = math.log(10)
STUCK = Stream(
    train_loss=lambda share: CHANCE,
    validation_loss=lambda share: CHANCE,
    train_metric=lambda share: 0.1,
    validation_metric=lambda share: 0.1,
)


def after(stream: Stream, symptom: str, **facts: Any) -> str:
    """The outcome for a run that the checks came before."""
    return found(symptom, checks(**facts), *stream.events(), recipe=stream.recipe).outcome


@pytest.mark.parametrize(("ratio", "expected"), [(9.0, "clear"), (11.0, "fired")])
def test_a_signal_that_fades(ratio: float, expected: str) -> None:
    assert outcome("poor_initialization", signal_ratio=ratio) == expected


def test_weights_that_were_trained_are_not_judged() -> None:
    recipe = recipe_of(transfer__weights="/best.safetensors")
    assert outcome("poor_initialization", recipe, signal_ratio=99.0) == "not enough data"
    alike = recipe_of(initialization__kind="zeros")
    assert outcome("poor_initialization", alike, signal_ratio=99.0) == "not enough data"


@pytest.mark.parametrize(
    ("gain", "expected"), [(1.0, "not enough data"), (2.0, "not enough data"), (2.1, "fired")]
)
def test_a_sigmoid_shrinks_any_signal_and_only_a_large_gain_is_to_blame(
    gain: float, expected: str
) -> None:
    recipe = recipe_of(model__activation="sigmoid", initialization__gain=gain)
    assert outcome("poor_initialization", recipe, signal_ratio=11.0) == expected
    relu = recipe_of(initialization__gain=gain)
    assert outcome("poor_initialization", relu, signal_ratio=11.0) == "fired"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "not enough data"),  # its depth is to blame: see vanishing_gradients
        ({"model__hidden": (64,) * 7}, "fired"),
        ({"model__normalization": "batch"}, "fired"),
        ({"model__residual": True}, "fired"),
        ({"initialization__gain": 0.4}, "fired"),
        ({"initialization__gain": 2.5}, "fired"),
    ],
)
def test_a_signal_that_so_many_plain_layers_lose(changes: dict[str, Any], expected: str) -> None:
    recipe = recipe_of(**{"model__hidden": (64,) * 8, **changes})
    assert outcome("poor_initialization", recipe, signal_ratio=11.0) == expected


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({}, "clear"),
        ({"one_batch_fitted": False, "one_batch_loss": 0.98}, "fired"),
        ({"one_batch_fitted": None}, "not enough data"),
        ({"one_batch_fitted": False, "output_spread": 0.0}, "not enough data"),
        ({"one_batch_fitted": False, "output_form": "probabilities"}, "not enough data"),
        ({"one_batch_fitted": False, "signal_ratio": 1e4}, "not enough data"),
        ({"one_batch_fitted": False, "one_batch_loss": None}, "fired"),
    ],
)
def test_one_batch(facts: dict[str, Any], expected: str) -> None:
    assert outcome("one_batch_not_fitted", **facts) == expected


def test_a_start_alike_explains_that_a_batch_is_not_fitted() -> None:
    recipe = recipe_of(initialization__kind="zeros")
    one = found("one_batch_not_fitted", checks(one_batch_fitted=False), recipe=recipe)
    assert one.outcome == "not enough data"
    assert "symmetric_initialization" in one.reads


def test_labels_without_meaning() -> None:
    assert after(STUCK, "unlearnable_labels") == "fired"
    assert after(Stream(), "unlearnable_labels") == "clear"


@pytest.mark.parametrize(
    ("stream", "facts"),
    [
        (STUCK, {"one_batch_fitted": False}),
        (STUCK, {"one_batch_fitted": None}),
        (STUCK, {"one_batch_lr": 1e-2}),  # the run's rate is too low
        (replace(STUCK, train_examples=500), {}),  # too few steps
    ],
)
def test_labels_are_not_accused_without_need(stream: Stream, facts: dict[str, Any]) -> None:
    assert after(stream, "unlearnable_labels", **facts) == "not enough data"


def test_a_weak_signal_is_one() -> None:
    weak = replace(
        STUCK,
        train_loss=lambda share: 0.95 * CHANCE,
        validation_metric=lambda share: 0.16,
        validation_examples=2000,
    )
    assert after(weak, "unlearnable_labels") == "clear"
    falling = replace(STUCK, train_loss=lambda share: CHANCE * (1 - 0.08 * share))
    assert after(falling, "unlearnable_labels") == "clear"


@pytest.mark.parametrize(
    ("linear", "expected"), [(0.85, "clear"), (0.92, "clear"), (0.95, "fired")]
)
def test_a_linear_model_that_does_better(linear: float, expected: str) -> None:
    """One standard error of 0.9 on 500 examples is 0.0134."""
    stream = Stream(validation_metric=lambda share: 0.9, metric_noise=False)
    assert after(stream, "weaker_than_linear", linear_metric=linear) == expected


@pytest.mark.parametrize(("linear", "severity"), [(0.92, "info"), (0.96, "optimisation")])
def test_a_linear_model_that_does_hardly_better_is_only_noted(linear: float, severity: str) -> None:
    """One standard error of 0.9 on 20,000 examples is 0.002, so both are sure."""
    stream = Stream(
        validation_metric=lambda share: 0.9, metric_noise=False, validation_examples=20_000
    )
    one = found("weaker_than_linear", checks(linear_metric=linear), *stream.events())
    assert (one.outcome, one.severity) == ("fired", severity)


def test_errors_are_compared_the_other_way_round() -> None:
    stream = Stream(
        recipe=recipe_of(task="regression", metric="rmse"),
        class_shares=None,
        chance_metric=80.0,
        train_metric=decay(80.0, 40.0, 8.0),
        validation_metric=lambda share: 60.0,
    )
    assert after(stream, "weaker_than_linear", linear_metric=70.0) == "clear"
    assert after(stream, "weaker_than_linear", linear_metric=40.0) == "fired"


def test_a_run_that_goes_on_is_not_compared() -> None:
    going = Stream(validation_metric=lambda share: 0.5)
    events = [checks(linear_metric=0.99), *going.events()[:-1]]
    assert found("weaker_than_linear", *events).outcome == "not enough data"


def test_later_probes_win_where_they_measured() -> None:
    first, none = checks(one_batch_fitted=None), checks(one_batch_fitted=None, signal_ratio=None)
    second = ProbeFinished("one_batch", {"one_batch_fitted": False}, 1.0, 100, 1.0)
    history = History(recipe_of(), [first, second, none])
    assert history.probed["one_batch_fitted"] is False
    assert history.probed["signal_ratio"] == 2.0
    assert history.probed["future_change"] is None
    assert not History(recipe_of(), Stream().events()).probed
