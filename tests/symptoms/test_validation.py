from __future__ import annotations

from dataclasses import replace

import pytest

from tests.symptoms.looking import finding, outcome
from tests.symptoms.streams import Stream, decay, recipe_of

LONG = recipe_of(train__epochs=30)
SETTLED = Stream(LONG, validation_loss=decay(2.4, 0.5, 60), evaluation_noise=0.002)


def test_a_validation_loss_that_stands_is_noted() -> None:
    found = finding(SETTLED, "validation_plateau")
    assert (found.outcome, found.severity) == ("fired", "info")
    falls = replace(SETTLED, validation_loss=decay(2.4, 0.3, 3))
    assert outcome(falls, "validation_plateau") == "clear"
    decayed = replace(SETTLED, recipe=recipe_of(train__epochs=30, schedule__kind="cosine"))
    assert outcome(decayed, "validation_plateau") == "clear"
    assert outcome(replace(SETTLED, until=0.2), "validation_plateau") == "not enough data"


def test_one_evaluation_out_of_line_does_not_end_a_plateau() -> None:
    last = replace(SETTLED, validation_loss=lambda s: 0.3 if s == 1.0 else decay(2.4, 0.5, 60)(s))
    assert outcome(last, "validation_plateau") == "fired"


APART = Stream(
    LONG,
    validation_examples=2000,
    metric_noise=False,
    validation_loss=lambda s: 2.0 - s,
    validation_metric=lambda s: 0.9 - 0.3 * s,
)


def test_a_metric_that_falls_with_its_loss_is_a_fault() -> None:
    found = finding(APART, "loss_metric_disagree")
    assert (found.outcome, found.severity) == ("fired", "optimisation")
    assert found.evidence["correlation"] == pytest.approx(1.0, abs=0.01)


def test_a_metric_that_gains_while_its_loss_rises_is_noted() -> None:
    gains = replace(
        APART, validation_loss=lambda s: 0.5 + abs(s - 0.2), validation_metric=lambda s: 0.6 + s / 4
    )
    assert finding(gains, "loss_metric_disagree").severity == "info"
    assert outcome(gains, "overconfidence") == "fired"
    assert outcome(gains, "overtraining") == "clear"


def test_loss_and_metric_that_agree_but_for_noise() -> None:
    for seed in range(20):
        assert outcome(Stream(LONG, seed=seed), "loss_metric_disagree") == "clear"
        assert outcome(Stream(LONG, seed=seed), "overconfidence") == "clear"


def test_a_metric_at_its_ceiling_agrees_with_any_loss() -> None:
    ceiling = replace(
        APART,
        validation_loss=lambda s: 0.02 + 0.05 * s,
        validation_metric=lambda s: 0.993 + 0.003 * s,
    )
    assert outcome(ceiling, "loss_metric_disagree") == "clear"


@pytest.mark.parametrize(
    ("train", "examples", "expected"),
    [(0.85, 2000, "fired"), (0.93, 2000, "clear"), (0.85, 10, "clear")],
)
def test_training_behind_validation(train: float, examples: int, expected: str) -> None:
    stream = Stream(
        LONG,
        train_metric=lambda s: train,
        validation_metric=lambda s: 0.95,
        validation_examples=examples,
        metric_noise=False,
    )
    assert outcome(stream, "train_below_validation") == expected
    assert finding(stream, "train_below_validation").severity == "info"


def test_training_behind_validation_at_one_evaluation_is_chance() -> None:
    once = Stream(
        LONG,
        train_metric=lambda s: 0.7 if s == 1.0 else 0.96,
        validation_metric=lambda s: 0.95,
        metric_noise=False,
    )
    assert outcome(once, "train_below_validation") == "clear"
    assert outcome(replace(once, until=0.1), "train_below_validation") == "not enough data"


@pytest.mark.parametrize(("swing", "expected"), [(0.08, "fired"), (0.005, "clear")])
def test_a_metric_that_swings_at_the_end(swing: float, expected: str) -> None:
    def metric(share: float) -> float:
        return 0.9 + swing * (-1) ** round(30 * share)

    stream = Stream(LONG, validation_metric=metric, metric_noise=False)
    assert outcome(stream, "late_variance") == expected
    cut = replace(stream, status="stopped")
    assert outcome(cut, "late_variance") == "not enough data"


def test_a_metric_that_still_climbs_does_not_swing() -> None:
    climbs = Stream(LONG, validation_metric=lambda s: 0.3 + 0.6 * s, metric_noise=False)
    assert outcome(climbs, "late_variance") == "clear"


def test_the_noise_of_the_validation_set_is_no_late_variance() -> None:
    found = [outcome(Stream(LONG, seed=seed), "late_variance") for seed in range(60)]
    assert found.count("fired") <= 1
