from __future__ import annotations

import math
from dataclasses import replace

import pytest

from tests.symptoms.looking import finding, outcome
from tests.symptoms.streams import Stream, decay, recipe_of

CHANCE = math.log(10)
LONG = recipe_of(train__epochs=20)


@pytest.mark.parametrize("update_ratio", [3e-5, 1e-3])
def test_a_straight_fall_far_from_the_floor_is_slow(update_ratio: float) -> None:
    straight = Stream(
        initial_loss=CHANCE,
        train_loss=lambda share: CHANCE * (1 - 0.3 * share),
        step_noise=0.05,
        update_ratio=update_ratio,
    )
    assert outcome(straight, "slow_learning") == "fired"


def test_tiny_updates_with_a_fall_that_flattens_are_slow_too() -> None:
    flattens = Stream(train_loss=decay(4.0, 1.8, 4), step_noise=0.02, update_ratio=3e-5)
    assert outcome(flattens, "slow_learning") == "fired"


def test_a_fast_fall_to_a_high_floor_is_not_slow() -> None:
    noisy_task = Stream(train_loss=decay(2.4, 1.5, 12), step_noise=0.05)
    assert outcome(noisy_task, "slow_learning") == "clear"


def test_a_run_near_its_floor_is_not_slow() -> None:
    near = Stream(train_loss=lambda share: 0.4 - 0.2 * share, step_noise=0.02)
    assert outcome(near, "slow_learning") == "clear"


def test_a_decayed_rate_is_slow_by_design() -> None:
    cosine = recipe_of(train__epochs=20, schedule__kind="cosine")
    straight = Stream(recipe=cosine, initial_loss=CHANCE, train_loss=lambda s: CHANCE - 0.5 * s)
    assert outcome(straight, "slow_learning") == "clear"


def test_updates_are_judged_where_the_rate_was_on() -> None:
    cosine = recipe_of(train__epochs=20, schedule__kind="cosine")
    assert outcome(Stream(recipe=cosine), "update_ratio_low") == "clear"


@pytest.mark.parametrize(
    ("ratio", "low", "high"),
    [(1e-6, "fired", "clear"), (1e-3, "clear", "clear"), (0.3, "clear", "fired")],
)
def test_the_band_of_update_ratios(ratio: float, low: str, high: str) -> None:
    stream = Stream(update_ratio=ratio, train_loss=lambda share: 2.0)
    assert outcome(stream, "update_ratio_low") == low
    assert outcome(stream, "update_ratio_high") == high


def test_tiny_updates_of_a_fitted_model_are_fine() -> None:
    assert outcome(Stream(update_ratio=1e-6), "update_ratio_low") == "clear"


def test_swings_between_evaluations_are_oscillation() -> None:
    def swinging(share: float) -> float:
        return 1.2 + 0.5 * math.cos(math.pi * round(share * 20))

    assert outcome(Stream(recipe=LONG, train_loss=swinging), "loss_oscillation") == "fired"


def test_noisy_batches_of_a_run_that_is_done_are_no_oscillation() -> None:
    noisy = Stream(recipe=LONG, step_noise=1.0, train_loss=decay(2.4, 0.2, 15))
    assert outcome(noisy, "loss_oscillation") == "clear"


def test_swings_on_the_way_down_are_no_oscillation() -> None:
    def falling(share: float) -> float:
        return decay(2.4, 0.1, 4)(share) * (1.3 if round(share * 20) % 2 else 0.9)

    assert outcome(Stream(recipe=LONG, train_loss=falling), "loss_oscillation") == "clear"


def test_a_high_plateau_is_a_fault_and_a_low_one_is_noted() -> None:
    high = Stream(recipe=LONG, train_loss=decay(2.4, 1.6, 30), evaluation_noise=0.0005)
    assert finding(high, "training_plateau").outcome == "fired"
    assert finding(high, "training_plateau").severity == "optimisation"
    low = replace(high, train_loss=decay(2.4, 0.5, 30))
    assert finding(low, "training_plateau").severity == "info"
    done = replace(high, train_loss=decay(2.4, 0.02, 30))
    assert finding(done, "training_plateau").outcome == "clear"


def test_standing_still_after_the_rate_has_decayed_is_no_plateau() -> None:
    stepped = recipe_of(train__epochs=20, schedule__kind="step")
    stream = Stream(recipe=stepped, train_loss=decay(2.4, 1.6, 30), evaluation_noise=0.0005)
    assert outcome(stream, "training_plateau") == "clear"


def test_a_run_cut_off_in_full_progress_is_still_improving() -> None:
    cut = Stream(validation_loss=lambda s: 2.3 - 1.5 * s, validation_metric=lambda s: 0.1 + 0.6 * s)
    assert outcome(cut, "still_improving") == "fired"
    assert outcome(replace(cut, status="stopped"), "still_improving") == "not enough data"
    settled = replace(cut, validation_loss=decay(2.3, 0.3, 20))
    assert outcome(settled, "still_improving") == "clear"


@pytest.mark.parametrize(("limit", "expected"), [(0.2, "fired"), (50.0, "clear")])
def test_clipping_overload(limit: float, expected: str) -> None:
    stream = Stream(recipe=recipe_of(optimizer__clip_norm=limit), gradient=lambda share: 1.0)
    assert outcome(stream, "clipping_overload") == expected
    assert outcome(Stream(), "clipping_overload") == "not enough data"


@pytest.mark.parametrize(
    ("epochs", "floor", "expected"),
    [(2, 0.2, "fired"), (3, 0.2, "fired"), (2, 2.2, "clear"), (1, 0.2, "not enough data")],
)
def test_a_run_of_a_few_evaluations_that_was_cut_off(
    epochs: int, floor: float, expected: str
) -> None:
    cut = Stream(
        recipe=recipe_of(train__epochs=epochs),
        validation_loss=lambda share: 2.5 - (2.5 - floor) * share,
        validation_metric=lambda share: 0.3 + 0.4 * share,
        metric_noise=False,
        evaluation_noise=0.0,
    )
    assert outcome(cut, "still_improving") == expected
