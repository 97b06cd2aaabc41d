from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor import metrics
from advisor.evidence import (
    MOST_SEEDS,
    Comparison,
    Decision,
    Predictions,
    compare,
    decide,
    metric_error,
    prior_spread,
    race_floors,
)
from advisor.recipe import Recipe

CLASSIFICATION = Recipe.model_validate(
    {"task": "classification", "data": {"source": "sklearn:x"}, "model": {"kind": "mlp"}}
)
REGRESSION = Recipe.model_validate(
    {"task": "regression", "data": {"source": "sklearn:x"}, "model": {"kind": "mlp"}}
)
Model = Callable[[np.random.Generator], Predictions]


def classifier(chances: np.ndarray, drift: float = 0.0, told: float = 0.0) -> Model:
    """Trainings that get each example right with its own chance.

    `drift` moves whole trainings; `told` is the spread that the comparison is told of.
    """
    targets = np.zeros(len(chances), dtype=np.int64)

    def train(random: np.random.Generator) -> Predictions:
        right = random.random(len(chances)) < np.clip(chances + drift * random.normal(), 0, 1)
        return Predictions(np.eye(2)[(~right).astype(int)], targets, told)

    return train


def regressor(n: int, noise: float) -> Model:
    targets = np.random.default_rng(0).normal(size=n)

    def train(random: np.random.Generator) -> Predictions:
        return Predictions((targets + noise * random.normal(size=n))[:, None], targets)

    return train


def run(recipe: Recipe, ours: Model, theirs: Model, random: np.random.Generator) -> Decision:
    """Decide as a session does: one seed, then more while they may help."""
    pairs = [(ours(random), theirs(random))]
    decision = decide(compare(recipe, pairs))
    while decision.may_be_shown:
        pairs.append((ours(random), theirs(random)))
        decision = decide(compare(recipe, pairs))
    return decision


def accepted_share(recipe: Recipe, ours: Model, theirs: Model, times: int = 1000) -> float:
    random = np.random.default_rng(1)
    verdicts = [run(recipe, ours, theirs, random).verdict for _ in range(times)]
    return verdicts.count("accepted") / times


DIFFICULTY = np.random.default_rng(2)


@pytest.mark.parametrize(
    "chances",
    [
        np.full(360, 0.97),
        np.full(100, 0.6),
        np.clip(DIFFICULTY.beta(8, 1, size=500), 0, 1),
        np.where(DIFFICULTY.random(360) < 0.95, 1.0, 0.3),
    ],
    ids=["even", "small", "mixed", "mostly easy"],
)
def test_a_change_that_does_nothing_is_accepted_at_most_one_time_in_twenty(
    chances: np.ndarray,
) -> None:
    model = classifier(chances)
    assert accepted_share(CLASSIFICATION, model, model) <= 0.05


@pytest.mark.parametrize(("drift", "told"), [(0.0075, 0.0075), (0.03, 0.03), (0.08, 0.08)])
def test_nothing_is_accepted_for_nothing_when_whole_trainings_vary(
    drift: float, told: float
) -> None:
    """`prior_spread` tells of half a standard error at least, which is 0.0075 here."""
    model = classifier(np.full(400, 0.9), drift, told)
    assert accepted_share(CLASSIFICATION, model, model) <= 0.05


def test_both_recipes_show_how_much_seeds_differ() -> None:
    """Also where the differences of pairs happen to be alike."""
    random, model = np.random.default_rng(3), classifier(np.full(400, 0.8), 0.05)
    pairs = [(model(random), model(random)) for _ in range(3)]
    sides = [
        [metrics.score("classification", "accuracy", one.outputs, one.targets) for one in side]
        for side in zip(*pairs, strict=True)
    ]
    found = compare(CLASSIFICATION, pairs)
    assert found.between == pytest.approx(sum(np.var(side, ddof=1) for side in sides))
    assert found.freedom == 4
    moved = [
        (ours, theirs)
        for ours, theirs in zip(*map(reversed, zip(*pairs, strict=True)), strict=True)
    ]
    assert compare(CLASSIFICATION, moved).between == pytest.approx(found.between)


def test_the_spread_between_seeds_shrinks_with_what_was_learned() -> None:
    chance, error = 2.3, 0.02
    spreads = [prior_spread(error, loss, chance) for loss in (2.3, 1.84, 1.2, 0.6, 0.0)]
    assert spreads[0] == spreads[1] == pytest.approx(3.5 * error)
    assert spreads == sorted(spreads, reverse=True)
    assert spreads[-1] == pytest.approx(0.5 * error)


def test_a_regression_null_is_accepted_at_most_one_time_in_twenty() -> None:
    model = regressor(90, 1.0)
    assert accepted_share(REGRESSION, model, model) <= 0.05


def recipe_of(task: str, metric: str) -> Recipe:
    text = task == "language_model"
    return Recipe.model_validate(
        {
            "task": task,
            "metric": metric,
            "data": {"source": "text:a" if text else "sklearn:x"},
            "model": {"kind": "rnn" if text else "mlp"},
        }
    )


NEW = [
    ("binary", "roc_auc"),
    ("classification", "roc_auc"),
    ("multilabel", "f1"),
    ("multilabel", "accuracy"),
    ("multilabel", "roc_auc"),
    ("language_model", "perplexity"),
    ("language_model", "accuracy"),
]


def scorer(task: str, n: int, signal: float) -> Model:
    """Trainings whose outputs follow the targets so far, each with noise of its own and of the
    examples, which all trainings share."""
    fixed = np.random.default_rng(5)
    if task == "binary":
        targets = (np.arange(n) % 4 == 0).astype(np.float32)
        truth = 2.0 * targets[:, None] - 1
    elif task == "multilabel":
        targets = (fixed.random((n, 3)) < [0.2, 0.4, 0.6]).astype(np.float32)
        truth = 2.0 * targets - 1
    else:
        shape = (n, 8) if task == "language_model" else (n,)
        targets = fixed.integers(4, size=shape)
        truth = np.eye(4)[targets]
    hard = fixed.normal(size=truth.shape)

    def train(random: np.random.Generator) -> Predictions:
        own = random.normal(size=truth.shape)
        return Predictions(signal * truth + hard + 0.5 * own, targets)

    return train


@pytest.mark.parametrize(("task", "metric"), NEW)
def test_the_new_metrics_accept_a_change_that_does_nothing_rarely(task: str, metric: str) -> None:
    model = scorer(task, 120, 1.0)
    assert accepted_share(recipe_of(task, metric), model, model, 200) <= 0.05


@pytest.mark.parametrize(("task", "metric"), NEW)
def test_the_new_metrics_tell_a_clear_gain_from_a_clear_loss(task: str, metric: str) -> None:
    recipe, random = recipe_of(task, metric), np.random.default_rng(0)
    better, worse = scorer(task, 400, 2.5), scorer(task, 400, 0.7)
    assert run(recipe, better, worse, random).verdict == "accepted"
    assert run(recipe, worse, better, random).verdict == "rejected"
    assert metric_error(recipe, better(random)) > 0


def test_the_error_of_an_area_is_delongs() -> None:
    recipe, model = recipe_of("binary", "roc_auc"), scorer("binary", 2000, 1.0)
    predictions = model(np.random.default_rng(0))
    score = metrics.score("binary", "roc_auc", predictions.outputs, predictions.targets)
    expected = np.sqrt(metrics.area_variance(score, 500, 1500))
    assert metric_error(recipe, predictions) == pytest.approx(expected, rel=0.2)


def test_the_unit_of_perplexity_is_the_incumbents() -> None:
    recipe, model = recipe_of("language_model", "perplexity"), scorer("language_model", 50, 1.0)
    predictions = model(np.random.default_rng(0))
    value = metrics.score("language_model", "perplexity", predictions.outputs, predictions.targets)
    assert compare(recipe, [(predictions, predictions)]).unit == pytest.approx(value)


def test_a_clear_gain_is_accepted_on_one_seed() -> None:
    random = np.random.default_rng(0)
    better, worse = classifier(np.full(360, 0.95)), classifier(np.full(360, 0.6))
    decision = run(CLASSIFICATION, better, worse, random)
    assert decision.verdict == "accepted"
    assert decision.comparison is not None
    assert decision.comparison.seeds == 1


def test_a_clear_loss_is_rejected() -> None:
    better, worse = classifier(np.full(360, 0.95)), classifier(np.full(360, 0.6))
    assert run(CLASSIFICATION, worse, better, np.random.default_rng(0)).verdict == "rejected"


def test_more_seeds_find_a_middling_gain_more_often_than_one() -> None:
    better, worse = classifier(np.full(1000, 0.93)), classifier(np.full(1000, 0.905))
    random = np.random.default_rng(4)
    one = [decide(compare(CLASSIFICATION, [(better(random), worse(random))])) for _ in range(200)]
    several = accepted_share(CLASSIFICATION, better, worse, 200)
    assert several > [decision.verdict for decision in one].count("accepted") / 200 + 0.1


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 1000), seeds=st.integers(1, MOST_SEEDS))
def test_swapping_the_arms_turns_the_gain_around(seed: int, seeds: int) -> None:
    random = np.random.default_rng(seed)
    one, other = classifier(np.full(80, 0.8)), classifier(np.full(80, 0.7))
    pairs = [(one(random), other(random)) for _ in range(seeds)]
    ahead = compare(CLASSIFICATION, pairs)
    behind = compare(CLASSIFICATION, [(b, a) for a, b in pairs])
    assert ahead.gain == pytest.approx(-behind.gain)
    assert ahead.error == pytest.approx(behind.error)
    assert ahead.low <= ahead.gain <= ahead.high


def test_identical_predictions_are_never_accepted() -> None:
    same = classifier(np.full(200, 0.9))(np.random.default_rng(0))
    comparison = compare(CLASSIFICATION, [(same, same)])
    assert comparison.error > 0
    assert decide(comparison).verdict != "accepted"


def test_a_price_asks_for_a_larger_gain() -> None:
    comparison = Comparison(gain=0.0225, error=0.01, seeds=1, examples=500)
    assert decide(comparison).verdict == "accepted"
    assert decide(comparison, price=0.5).verdict == "undecided"


def test_no_worse_accepts_a_tie_and_rejects_a_loss() -> None:
    assert decide(Comparison(0.001, 0.004, 1, 5000), "no worse").verdict == "accepted"
    assert decide(Comparison(-0.05, 0.004, 1, 5000), "no worse").verdict == "rejected"
    assert decide(Comparison(0.0, 0.05, 1, 50), "no worse").verdict == "undecided"


def test_the_error_of_a_share_is_binomial() -> None:
    predictions = classifier(np.full(4000, 0.8))(np.random.default_rng(0))
    assert metric_error(CLASSIFICATION, predictions) == pytest.approx(np.sqrt(0.16 / 4000), rel=0.1)


def test_race_floors_start_half_way_and_follow_the_best_so_far() -> None:
    recipe = CLASSIFICATION.changed({"train.epochs": 4})
    floors = race_floors(recipe, [0.5, 0.9, 0.8, 0.95], 0.01)
    assert floors[0] is None
    assert floors[1] == pytest.approx(0.9 - 5 * np.sqrt(2) * 0.01)
    assert floors[2] == floors[1]
    assert floors[3] == pytest.approx(0.95 - 5 * np.sqrt(2) * 0.01)


def test_race_floors_are_turned_for_metrics_where_less_is_better() -> None:
    recipe = REGRESSION.changed({"train.epochs": 2, "metric": "rmse"})
    assert race_floors(recipe, [10.0, 8.0], 0.1)[1] == pytest.approx(-8 - 5 * np.sqrt(2) * 0.1)


def test_the_margin_of_no_worse_is_in_units_of_the_metric() -> None:
    recipe = REGRESSION.changed({"metric": "rmse"})
    random = np.random.default_rng(0)
    model = regressor(4000, 0.5)
    scaled = compare(recipe, [(model(random), model(random))], 1000.0)
    assert scaled.unit == pytest.approx(1000, rel=0.1)
    assert decide(scaled, "no worse").verdict == "accepted"
    assert decide(Comparison(-0.002, 0.0001, 1, 100, unit=0.005), "no worse").verdict == "rejected"


def test_averages_over_classes_rest_on_the_rarest() -> None:
    targets = np.array([0] * 990 + [1] * 10)
    right = Predictions(np.eye(2)[targets], targets)
    wrong = np.where(np.arange(1000) % 100 == 0, 1 - targets, targets)
    other = Predictions(np.eye(2)[wrong], targets)
    plain = compare(CLASSIFICATION, [(right, other)])
    balanced = compare(CLASSIFICATION.changed({"metric": "balanced_accuracy"}), [(right, other)])
    assert balanced.error > 3 * plain.error


@pytest.mark.parametrize(
    ("gain", "error", "seeds", "shown"),
    [
        (0.030, 0.020, 1, True),  # 2.12 errors of three seeds are 0.0245
        (0.020, 0.020, 1, False),
        (0.030, 0.020, 2, False),  # as wide on two seeds: a third would leave it undecided
        (0.041, 0.020, 2, True),
        (0.041, 0.020, MOST_SEEDS, False),
    ],
)
def test_near_ties_are_worth_seeds_that_could_show_them(
    gain: float, error: float, seeds: int, shown: bool
) -> None:
    decision = decide(Comparison(gain, error, seeds, 1000, least=0.005))
    assert decision.verdict == "undecided"
    assert decision.may_be_shown == shown


def test_a_change_that_pays_otherwise_is_worth_seeds_that_could_show_it_no_worse() -> None:
    promising = decide(Comparison(0.06, 0.05, 1, 1000, least=0.01), "no worse")
    hopeless = decide(Comparison(0.02, 0.09, 1, 1000, least=0.01), "no worse")
    assert (promising.verdict, hopeless.verdict) == ("undecided", "undecided")
    assert promising.may_be_shown
    assert not hopeless.may_be_shown
