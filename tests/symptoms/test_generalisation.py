from __future__ import annotations

from dataclasses import replace

import pytest

from advisor.recipe import Recipe
from tests.symptoms.looking import finding, outcome
from tests.symptoms.streams import Stream, decay, recipe_of

LONG = recipe_of(train__epochs=20)
SHORT_OF_A_FIT = Stream(
    train_loss=decay(2.4, 0.8, 8),
    validation_loss=decay(2.4, 0.85, 8),
    train_metric=decay(0.1, 0.75, 8),
    validation_metric=decay(0.1, 0.73, 8),
    validation_examples=4000,
)


def test_a_training_set_that_is_not_fitted() -> None:
    assert finding(SHORT_OF_A_FIT, "underfitting").outcome == "fired"
    assert finding(SHORT_OF_A_FIT, "underfitting").severity == "optimisation"
    assert outcome(Stream(), "underfitting") == "clear"


def test_a_small_shortfall_is_only_noted() -> None:
    nearly = replace(SHORT_OF_A_FIT, train_metric=lambda s: 0.95, validation_metric=lambda s: 0.94)
    assert finding(nearly, "underfitting").severity == "info"


def test_where_the_gap_is_wider_than_the_shortfall_variance_is_the_problem() -> None:
    wide = replace(SHORT_OF_A_FIT, validation_metric=decay(0.1, 0.45, 8))
    assert outcome(wide, "underfitting") == "clear"


def test_a_run_that_was_stopped_is_not_called_underfitted() -> None:
    assert outcome(replace(SHORT_OF_A_FIT, status="stopped"), "underfitting") == "not enough data"


def test_underfitting_with_a_regulariser_on_is_over_regularised() -> None:
    heavy = replace(SHORT_OF_A_FIT, recipe=recipe_of(regularization__dropout=0.6))
    assert outcome(heavy, "over_regularized") == "fired"
    assert outcome(SHORT_OF_A_FIT, "over_regularized") == "clear"
    gap = replace(heavy, validation_metric=decay(0.1, 0.6, 8))
    assert outcome(gap, "over_regularized") == "clear"


@pytest.mark.parametrize(
    ("validation", "examples", "expected"),
    [
        (0.90, 500, "fired"),  # ten points
        (0.90, 30, "clear"),  # within the noise of 30 examples
        (0.965, 4000, "fired"),  # three points, far beyond noise, and training is fitted
        (0.985, 4000, "clear"),
    ],
)
def test_the_gap_of_the_metric_decides(validation: float, examples: int, expected: str) -> None:
    stream = Stream(
        validation_metric=decay(0.1, validation, 12),
        validation_loss=decay(2.4, 0.4, 8),
        validation_examples=examples,
        metric_noise=False,
    )
    assert outcome(stream, "overfitting") == expected


def test_a_ratio_of_losses_alone_is_no_overfitting() -> None:
    fits = Stream(
        train_loss=decay(2.4, 0.0005, 12),
        validation_loss=decay(2.4, 0.05, 12),
        validation_metric=decay(0.1, 0.99, 12),
    )
    assert outcome(fits, "overfitting") == "clear"


def test_errors_are_compared_with_the_error_of_chance() -> None:
    recipe = recipe_of(task="regression", metric="rmse")
    stream = Stream(
        recipe=recipe,
        class_shares=None,
        chance_loss=1.0,
        chance_metric=80.0,
        train_loss=decay(1.2, 0.2, 8),
        validation_loss=decay(1.2, 0.6, 8),
        train_metric=decay(90, 36, 8),
        validation_metric=decay(90, 62, 8),
    )
    found = finding(stream, "overfitting")
    assert found.outcome == "fired"
    assert found.evidence["gap"] == pytest.approx((62 - 36) / 80, abs=0.02)


def rises(share: float) -> float:
    return 1.2 - 2 * share if share < 0.4 else 0.4 + 0.8 * (share - 0.4)


def test_validation_that_gets_worse_is_overtraining() -> None:
    worse = Stream(
        recipe=LONG,
        validation_loss=rises,
        validation_metric=lambda s: 0.9 - 0.15 * abs(s - 0.4),
        metric_noise=False,
    )
    assert outcome(worse, "overtraining") == "fired"


def test_a_loss_that_rises_while_the_metric_gains_is_over_confidence() -> None:
    confident = Stream(
        recipe=LONG,
        validation_loss=rises,
        validation_metric=lambda s: 0.8 + 0.1 * s,
        metric_noise=False,
    )
    assert outcome(confident, "overtraining") == "clear"


def test_a_noisy_but_level_validation_loss_is_no_overtraining() -> None:
    for seed in range(20):
        level = Stream(recipe=LONG, seed=seed, evaluation_noise=0.05)
        assert outcome(level, "overtraining") == "clear"


def test_the_fit_is_judged_where_it_is_best() -> None:
    """The best validation score may come by luck, long before the training set is fitted."""
    lucky = Stream(
        train_metric=lambda share: 0.5 + 0.5 * share,
        validation_metric=lambda share: 0.9 if share < 0.15 else 0.85,
        metric_noise=False,
    )
    assert outcome(lucky, "underfitting") == "clear"


def test_a_fit_that_makes_validation_worse_is_not_asked_for() -> None:
    noisy = replace(
        SHORT_OF_A_FIT,
        recipe=LONG,
        validation_loss=lambda share: 1.0 + share,
        validation_metric=lambda share: 0.75 - 0.2 * share,
        metric_noise=False,
    )
    assert outcome(noisy, "overtraining") == "fired"
    found = finding(noisy, "underfitting")
    assert (found.outcome, "see overtraining" in found.reads) == ("clear", True)


def test_a_run_that_broke_has_not_overtrained() -> None:
    broke = Stream(
        recipe=LONG,
        train_loss=lambda share: 0.3 if share < 0.5 else 2.0,
        validation_loss=lambda share: 0.5 if share < 0.5 else 2.2,
        validation_metric=lambda share: 0.8 if share < 0.5 else 0.3,
        metric_noise=False,
    )
    assert outcome(broke, "overtraining") == "clear"


def test_what_of_a_text_can_be_foreseen_nobody_knows() -> None:
    text = replace(
        SHORT_OF_A_FIT,
        recipe=Recipe.model_validate(
            {
                "task": "language_model",
                "data": {"source": "text:any.txt"},
                "model": {"kind": "rnn"},
            }
        ),
        class_shares=None,
        chance_metric=10.0,
        train_loss=decay(2.4, 1.5, 8),
        train_metric=lambda share: 4.5,
        validation_metric=lambda share: 4.6,
        metric_noise=False,
    )
    assert finding(text, "underfitting").severity == "info"
