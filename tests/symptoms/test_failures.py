from __future__ import annotations

import math
from dataclasses import replace

import pytest

from advisor.events import StepsDone
from advisor.symptoms import detect
from tests.symptoms.looking import finding, outcome
from tests.symptoms.streams import Stream, decay, recipe_of

CHANCE = math.log(10)
STUCK = Stream(
    train_loss=lambda share: CHANCE,
    validation_loss=lambda share: CHANCE,
    train_metric=lambda share: 0.1,
    validation_metric=lambda share: 0.1,
    step_noise=0.05,
)


def test_one_value_that_is_not_finite_is_enough() -> None:
    events = Stream().events()
    place = next(i for i, event in enumerate(events) if isinstance(event, StepsDone))
    steps = events[place]
    assert isinstance(steps, StepsDone)
    broken = replace(steps, loss=[*steps.loss[:-1], math.nan])
    found = detect(recipe_of(), [*events[:place], broken])
    non_finite = next(f for f in found if f.symptom == "non_finite")
    assert (non_finite.outcome, non_finite.severity) == ("fired", "block")
    assert non_finite.evidence["step"] == len(steps.loss)


def test_a_trial_that_ended_as_diverged_counts_though_its_losses_were_finite() -> None:
    assert outcome(Stream(status="diverged"), "non_finite") == "fired"
    assert outcome(Stream(), "non_finite") == "clear"


def test_a_loss_that_runs_away_diverges() -> None:
    away = Stream(train_loss=lambda share: 0.5 + 30 * max(0.0, share - 0.5))
    assert outcome(away, "divergence") == "fired"


@pytest.mark.parametrize("scale", [0.01, 0.05])
def test_a_small_loss_that_grows_fivefold_is_no_divergence(scale: float) -> None:
    grows = Stream(train_loss=lambda share: 2.3 * math.exp(-40 * share) + scale * (1 + 5 * share))
    assert outcome(grows, "divergence") == "clear"


def test_a_spike_that_comes_back_is_no_divergence() -> None:
    spike = Stream(train_loss=lambda s: decay(2.4, 0.1, 8)(s) + (20 if 0.4 < s < 0.45 else 0))
    assert outcome(spike, "divergence") == "clear"


def test_a_loss_that_stays_at_chance_is_no_learning_and_blocks() -> None:
    for symptom in ("no_learning", "not_better_than_chance"):
        found = finding(STUCK, symptom)
        assert (found.outcome, found.severity) == ("fired", "block")


def test_a_loss_stuck_above_chance_is_no_learning() -> None:
    assert outcome(replace(STUCK, train_loss=lambda share: 4.0), "no_learning") == "fired"


def test_a_slow_but_steady_fall_is_learning() -> None:
    slow = replace(STUCK, train_loss=lambda share: CHANCE * (1 - 0.015 * share), step_noise=0.01)
    assert outcome(slow, "no_learning") == "clear"


def test_pure_noise_is_hardly_ever_taken_for_learning() -> None:
    found = [outcome(replace(STUCK, seed=seed), "no_learning") for seed in range(60)]
    assert found.count("fired") >= 57


def test_a_plateau_of_a_few_steps_is_not_judged() -> None:
    early = replace(STUCK, until=0.1).events()[:-1]
    found = next(f for f in detect(recipe_of(), early[:2]) if f.symptom == "no_learning")
    assert found.outcome == "not enough data"


def test_noise_within_three_standard_errors_of_chance_is_chance() -> None:
    lucky = replace(STUCK, validation_metric=lambda share: 0.13, metric_noise=False)
    assert outcome(lucky, "not_better_than_chance") == "fired"
    better = replace(STUCK, validation_metric=lambda share: 0.16, metric_noise=False)
    assert outcome(better, "not_better_than_chance") == "clear"


def test_under_imbalance_a_good_loss_is_more_than_chance() -> None:
    shares = (0.96, 0.04)
    chance = -sum(p * math.log(p) for p in shares)
    imbalanced = Stream(
        recipe=recipe_of(task="binary"),
        outputs=1,
        class_shares=shares,
        chance_loss=chance,
        chance_metric=0.96,
        validation_loss=decay(chance, 0.4 * chance, 8),
        validation_metric=lambda share: 0.965,
        metric_noise=False,
    )
    assert outcome(imbalanced, "not_better_than_chance") == "clear"
    useless = replace(imbalanced, validation_loss=lambda share: chance)
    assert outcome(useless, "not_better_than_chance") == "fired"


def test_a_regression_with_some_signal_on_few_examples_is_not_called_chance() -> None:
    weak = Stream(
        recipe=recipe_of(task="regression"),
        outputs=1,
        class_shares=None,
        validation_examples=90,
        chance_loss=1.0,
        chance_metric=0.0,
        train_loss=decay(1.5, 0.6, 8),
        validation_loss=decay(1.5, 0.7, 8),
        train_metric=decay(-0.5, 0.4, 8),
        validation_metric=decay(-0.5, 0.3, 8),
    )
    assert outcome(weak, "not_better_than_chance") == "clear"
    none = replace(weak, validation_loss=lambda s: 1.0, validation_metric=lambda s: 0.01)
    assert outcome(none, "not_better_than_chance") == "fired"


def test_one_class_for_everything_is_a_collapse_unless_nearly_all_examples_have_it() -> None:
    collapsed = Stream(predicted_share=lambda share: 1.0)
    assert outcome(collapsed, "prediction_collapse") == "fired"
    assert outcome(Stream(), "prediction_collapse") == "clear"
    common = replace(collapsed, class_shares=(0.9, 0.05, 0.05), outputs=3)
    assert outcome(common, "prediction_collapse") == "clear"


def test_few_examples_that_share_a_class_by_chance_are_no_collapse() -> None:
    small = Stream(
        class_shares=(0.75, 0.25), validation_examples=36, predicted_share=lambda share: 0.97
    )
    assert outcome(small, "prediction_collapse") == "clear"


def test_one_evaluation_of_one_class_is_not_enough() -> None:
    recovers = Stream(predicted_share=lambda share: 1.0 if share < 0.95 else 0.2)
    assert outcome(recovers, "prediction_collapse") == "clear"


@pytest.mark.parametrize(
    ("precision", "every", "fires"),
    [("float16", 60, False), ("float16", 5, True), ("float32", 60, True)],
)
def test_steps_that_loss_scaling_skips_are_no_fault(
    precision: str, every: int, fires: bool
) -> None:
    stream = Stream(recipe_of(train__precision=precision))
    events = [_skipping(e, every) if isinstance(e, StepsDone) else e for e in stream.events()]
    found = {f.symptom: f.outcome for f in detect(stream.recipe, events)}
    assert (found["non_finite"] == "fired") is fires


def _skipping(steps: StepsDone, every: int) -> StepsDone:
    norms = [math.inf if i % every == 3 else norm for i, norm in enumerate(steps.grad_norm)]
    return replace(steps, grad_norm=norms)


def test_what_was_learned_and_lost_has_diverged() -> None:
    """A classifier that blows up ends at chance, whose loss is not high."""
    lost = Stream(train_loss=lambda share: 0.3 if 0.1 < share < 0.4 else CHANCE, step_noise=0.05)
    found = finding(lost, "divergence")
    assert found.outcome == "fired"
    assert "all that was learned is lost" in found.reads


def test_a_spike_that_comes_back_and_a_late_success_are_no_divergence() -> None:
    spike = Stream(train_loss=lambda share: CHANCE if 0.5 < share < 0.6 else 0.3)
    late = Stream(train_loss=lambda share: CHANCE if share < 0.5 else 0.3)
    assert outcome(spike, "divergence") == outcome(late, "divergence") == "clear"


def test_one_great_loss_at_the_start_of_a_short_run_is_no_divergence() -> None:
    """It stays in the smoothed loss until the end of so few steps."""
    short = Stream(
        recipe=recipe_of(task="regression", train__epochs=4),
        train_examples=512,
        chance_loss=1.4,
        train_loss=lambda share: 90.0 if share < 0.05 else 0.4,
    )
    assert outcome(short, "divergence") == "clear"
    thrown = replace(short, train_loss=lambda share: 90_000.0 if share < 0.05 else 0.4)
    stayed = replace(short, train_loss=lambda share: 400.0 if share < 0.05 else 1.6)
    assert outcome(thrown, "divergence") == outcome(stayed, "divergence") == "fired"


def test_a_regression_that_explains_none_of_its_training_set_learns_nothing() -> None:
    """Its loss is below chance's on validation, whose targets happen to scatter more."""
    flat = Stream(
        recipe=recipe_of(task="regression"),
        class_shares=None,
        initial_loss=1.2,
        chance_loss=1.12,
        chance_metric=0.0,
        train_loss=lambda share: 0.96,
        validation_loss=lambda share: 1.12,
        train_metric=lambda share: 0.003,
        validation_metric=lambda share: 0.0,
        step_noise=0.05,
    )
    assert outcome(flat, "no_learning") == "fired"
    learns = replace(flat, train_metric=lambda s: 0.3 * s, train_loss=lambda s: 0.96 - 0.3 * s)
    assert outcome(learns, "no_learning") == "clear"
