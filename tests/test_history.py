from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from advisor.history import History
from advisor.metrics import area_variance
from advisor.recipe import Recipe
from tests.symptoms.streams import Stream, recipe_of


def history(stream: Stream) -> History:
    return History(stream.recipe, stream.events())


def regression(metric: str, value: float, chance: float) -> History:
    recipe = recipe_of(task="regression", metric=metric)
    return history(
        Stream(
            recipe=recipe,
            class_shares=None,
            validation_examples=100,
            chance_metric=chance,
            train_metric=lambda share: value,
            validation_metric=lambda share: value,
        )
    )


def test_smooth_loss_of_a_constant_is_the_constant() -> None:
    flat = history(Stream(train_loss=lambda share: 1.5, step_noise=0.0))
    assert np.allclose(flat.smooth_loss, 1.5)


@pytest.mark.parametrize(
    ("metric", "value", "chance", "shortfall"),
    [("r2", 0.7, 0.0, 0.3), ("rmse", 20.0, 80.0, 0.25), ("mae", 30.0, 60.0, 0.5)],
)
def test_shortfall_is_zero_at_perfect_and_one_at_chance(
    metric: str, value: float, chance: float, shortfall: float
) -> None:
    found = regression(metric, value, chance)
    assert found.shortfall(value) == pytest.approx(shortfall)
    assert found.shortfall(chance) == pytest.approx(1.0)


def test_error_of_a_share_is_binomial() -> None:
    stream = Stream(
        validation_examples=400, validation_metric=lambda share: 0.9, metric_noise=False
    )
    assert history(stream).metric_error == pytest.approx(0.015)


def test_errors_of_regression_metrics_match_simulated_residuals() -> None:
    random, n = np.random.default_rng(0), 100
    residuals = random.standard_normal((4000, n))
    rmse, mae = np.sqrt(np.mean(residuals**2, axis=1)), np.mean(np.abs(residuals), axis=1)
    assert regression("rmse", 1.0, 2.0).metric_error == pytest.approx(rmse.std(), rel=0.1)
    mean = float(mae.mean())
    assert regression("mae", mean, 2.0).metric_error == pytest.approx(mae.std(), rel=0.1)


@pytest.mark.parametrize(
    ("metric", "value", "chance"), [("r2", 0.36, 0.0), ("rmse", 0.8, 1.0), ("mae", 0.8, 1.0)]
)
def test_lift_of_a_regression_is_the_t_of_its_correlation(
    metric: str, value: float, chance: float
) -> None:
    expected = 0.6 * math.sqrt(98 / 0.64)
    assert regression(metric, value, chance).lift == pytest.approx(expected, rel=1e-6)


def test_lift_below_chance_is_negative() -> None:
    lift = regression("r2", -0.5, 0.0).lift
    assert lift is not None
    assert lift < 0


def test_kernels_of_our_models_are_put_in_order_and_others_are_left() -> None:
    mixed = ("output.kernel", "conv10.kernel", "conv2.kernel", "dense1.kernel")
    ours = history(Stream(layers=mixed))
    assert ours.kernels == ["conv2.kernel", "conv10.kernel", "dense1.kernel", "output.kernel"]
    theirs = ("stem.kernel", "body.kernel", "attention.kernel", "head.kernel")
    assert history(Stream(layers=theirs)).kernels == list(theirs)


def test_update_ratios_leave_out_the_end_of_a_decay() -> None:
    cosine = Stream(recipe=recipe_of(train__epochs=20, schedule__kind="cosine"))
    constant = replace(cosine, recipe=recipe_of(train__epochs=20))
    ours, theirs = history(cosine).update_ratio, history(constant).update_ratio
    assert ours is not None
    assert theirs is not None
    assert 0.3 < ours / theirs < 1.0
    assert all(len(values) < 20 for values in history(cosine).update_ratios.values())


def test_units_that_come_back_do_not_count() -> None:
    stream = Stream(dead=lambda share: 0.8 if share < 0.9 else 0.2)
    assert set(history(stream).layer_shares("dead").values()) == {0.2}


def test_perplexity_is_held_against_chance_by_its_logarithm() -> None:
    recipe = Recipe.model_validate(
        {"task": "language_model", "data": {"source": "text:a"}, "model": {"kind": "rnn"}}
    )
    found = history(
        Stream(
            recipe=recipe,
            class_shares=None,
            validation_examples=100,
            chance_metric=math.e**4,
            metric_noise=False,
            validation_metric=lambda share: math.e**2,
        )
    )
    assert found.shortfall(1.0) == 0.0
    assert found.shortfall(math.e**4) == pytest.approx(1.0)
    assert found.shortfall(math.e) == pytest.approx(0.25)
    assert not found.is_share
    # 64 inputs an example, of which 16 count as independent
    assert found.metric_error == pytest.approx(math.e**2 * 2 / math.sqrt(1600))
    assert found.shortfall_error == pytest.approx(2 / math.sqrt(1600) / 4)
    assert found.lift == pytest.approx(0.5 * math.sqrt(1600))


def test_the_error_of_an_area_is_that_of_its_ranks() -> None:
    stream = Stream(
        recipe=recipe_of(task="binary", metric="roc_auc"),
        class_shares=(0.8, 0.2),
        chance_metric=0.5,
        validation_examples=200,
        validation_metric=lambda share: 0.8,
        metric_noise=False,
    )
    found = history(stream)
    assert found.metric_error == pytest.approx(math.sqrt(area_variance(0.8, 40, 160)))
    assert found.lift == pytest.approx(0.3 / math.sqrt(201 / (12 * 40 * 160)))
    many = replace(
        stream,
        recipe=recipe_of(task="multilabel", metric="roc_auc"),
        class_shares=(0.2, 0.2, 0.2, 0.2),
    )
    assert history(many).metric_error == pytest.approx((found.metric_error or 0) / 2)


def test_many_labels_tell_more_than_one_but_not_all_of_them() -> None:
    stream = Stream(
        recipe=recipe_of(task="multilabel", metric="accuracy"),
        outputs=40,
        validation_examples=400,
        validation_metric=lambda share: 0.9,
        metric_noise=False,
    )
    assert history(stream).metric_error == pytest.approx(0.015 / math.sqrt(10))


def test_the_rate_of_each_optimizer_is_held_against_its_own_peak() -> None:
    handover = {"at": 0.5, "lr": 0.5}
    recipe = recipe_of(train__epochs=20, optimizer__handover=handover)
    found = history(Stream(recipe=recipe))
    np.testing.assert_allclose(found.relative_lr, 1.0)
    assert all(len(values) == 20 for values in found.update_ratios.values())
    assert found.rate_is_on


@pytest.mark.parametrize(
    "layers",
    [
        ("stem.kernel", "stage1_1.conv1.kernel", "stage1_1.conv2.kernel", "stage2_1.conv1.kernel"),
        ("projection.kernel", "block1.attention.kernel", "block1.dense1.kernel", "output.kernel"),
        ("conv1_1.kernel", "conv1_2.kernel", "conv2_1.kernel", "dense1.kernel"),
    ],
)
def test_kernels_of_every_model_are_put_in_order(layers: tuple[str, ...]) -> None:
    assert history(Stream(layers=layers[::-1])).kernels == list(layers)


def test_tables_of_vectors_are_no_layers() -> None:
    layers = ("embedding.kernel", "positions.kernel", "recurrent1.kernel", "output.kernel")
    assert history(Stream(layers=layers)).kernels == ["recurrent1.kernel", "output.kernel"]
