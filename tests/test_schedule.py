from __future__ import annotations

import math
import time
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.recipe import Plateau, Recipe
from advisor.schedule import PlateauScale, average_weights, handover_step, learning_rates
from tests.recipe_strategies import recipes


def recipe_of(**sections: Any) -> Recipe:
    return Recipe.model_validate(
        {
            "task": "classification",
            "data": {"source": "sklearn:digits"},
            "model": {"kind": "mlp"},
            "optimizer": {"kind": "sgd", "lr": 2.0},
            **sections,
        }
    )


def rates(total: int, **schedule: Any) -> np.ndarray:
    return np.asarray(learning_rates(recipe_of(schedule=schedule), 0, total, total))


def formula(recipe: Recipe, step: int, total: int) -> float:
    """The rate of one step in plain arithmetic."""
    schedule: Any = recipe.schedule
    peak = recipe.optimizer.lr
    first = handover_step(recipe, total)
    if first is not None and step >= first:
        peak = recipe.optimizer.handover.lr  # type: ignore[union-attr]
    if schedule.kind == "one_cycle":
        top = max(schedule.rise * total - 1, 1e-9)
        if step <= top:
            return float(peak * halfcosine(1 / 25, 1.0, step / top))
        share = (step - top) / max(total - 1 - top, 1e-9)
        return peak * halfcosine(1.0, 1 / (25.0 * 1e4), share)
    warmup = round(schedule.warmup * total)
    if step < warmup:
        return float(peak * (step + 1) / warmup)
    progress = (step - warmup) / max(1, total - warmup - 1)
    match schedule.kind:
        case "step":
            return float(
                peak * schedule.gamma ** sum(step >= m * total for m in schedule.milestones)
            )
        case "exponential":
            return float(peak * schedule.final**progress)
        case "linear":
            return float(peak * (1 + (schedule.final - 1) * progress))
        case "polynomial":
            left = (1 - progress) ** schedule.power
            return float(peak * (schedule.final + (1 - schedule.final) * left))
        case "cosine":
            edges = [
                math.ceil(k * (total - warmup) / (schedule.restarts + 1))
                for k in range(schedule.restarts + 2)
            ]
            begin = max(edge for edge in edges if edge <= step - warmup)
            end = min(edge for edge in edges if edge > begin)
            share = (step - warmup - begin) / max(1, end - begin - 1)
            return peak * halfcosine(1.0, schedule.final, share)
    return float(peak)


def halfcosine(start: float, end: float, share: float) -> float:
    return end + (start - end) * (1 + math.cos(math.pi * min(1.0, share))) / 2


def test_constant_and_plateau_stay_at_the_peak() -> None:
    assert rates(5, kind="constant").tolist() == [2.0] * 5
    assert rates(5, kind="plateau").tolist() == [2.0] * 5


def test_warmup_rises_linearly_and_reaches_the_peak() -> None:
    found = rates(20, kind="constant", warmup=0.25)
    np.testing.assert_allclose(found[:6], [0.4, 0.8, 1.2, 1.6, 2.0, 2.0])


def test_step_falls_at_each_milestone() -> None:
    found = rates(8, kind="step", gamma=0.5, milestones=(0.5, 0.75))
    assert found.tolist() == [2, 2, 2, 2, 1, 1, 0.5, 0.5]


@pytest.mark.parametrize("kind", ["linear", "cosine", "exponential", "polynomial"])
def test_a_decay_goes_from_the_peak_to_its_final_share(kind: str) -> None:
    found = rates(101, kind=kind, final=0.01)
    assert found[0] == pytest.approx(2.0)
    assert found[-1] == pytest.approx(0.02)
    assert (np.diff(found) < 0).all()
    middle = {"linear": 1.01, "cosine": 1.01, "exponential": 0.2, "polynomial": 0.515}[kind]
    assert found[50] == pytest.approx(middle)


def test_cosine_is_slower_than_linear_at_first() -> None:
    found = rates(101, kind="cosine")
    np.testing.assert_allclose(found, 1 + np.cos(np.pi * np.arange(101) / 100), atol=1e-12)


def test_polynomial_of_power_one_is_linear() -> None:
    polynomial = rates(50, kind="polynomial", power=1.0, final=0.1, warmup=0.2)
    np.testing.assert_allclose(polynomial, rates(50, kind="linear", final=0.1, warmup=0.2))


def test_each_cycle_goes_from_the_peak_to_the_end() -> None:
    found = rates(20, kind="cosine", restarts=3, final=0.1)
    assert found[::5].tolist() == [2.0] * 4
    np.testing.assert_allclose(found[4::5], 0.2)
    np.testing.assert_allclose(found[:5], found[15:])
    after = rates(25, kind="cosine", restarts=3, final=0.1, warmup=0.2)
    np.testing.assert_array_equal(after[5:], found)
    assert after[4] == 2.0


def test_sgd_takes_over_with_its_own_peak() -> None:
    handover = {"at": 0.6, "lr": 0.5}
    recipe = recipe_of(
        optimizer={"kind": "adam", "lr": 0.01, "handover": handover},
        schedule={"kind": "linear"},
    )
    assert handover_step(recipe, 10) == 6
    found = learning_rates(recipe, 0, 10, 10)
    shape = rates(10, kind="linear") / 2.0
    np.testing.assert_allclose(found[:6], 0.01 * shape[:6])
    np.testing.assert_allclose(found[6:], 0.5 * shape[6:])
    assert handover_step(recipe_of(), 10) is None
    assert handover_step(recipe_of(optimizer={"kind": "adam"}), 10) is None


@given(recipes(), st.integers(1, 200))
@settings(deadline=None)
def test_rates_are_those_of_the_formulas_bit_by_bit(recipe: Recipe, total: int) -> None:
    expected = [formula(recipe, step, total) for step in range(total)]
    assert learning_rates(recipe, 0, total, total).tolist() == expected


def test_a_million_steps_take_no_time() -> None:
    began = time.process_time()
    rates(1_000_000, kind="cosine", restarts=4, warmup=0.1)
    assert time.process_time() - began < 2


def averages(total: int, steps_per_epoch: int, **average: Any) -> np.ndarray:
    recipe = recipe_of(regularization={"average": average})
    found = average_weights(recipe, 0, total, total, steps_per_epoch)
    assert found is not None
    return np.asarray(found)


def test_without_an_average_there_are_no_weights() -> None:
    assert average_weights(recipe_of(), 0, 10, 10, 5) is None


def test_swa_is_the_plain_mean_of_the_ends_of_epochs() -> None:
    found = averages(20, 4, kind="swa", start=0.4)
    assert np.flatnonzero(found).tolist() == [11, 15, 19]
    assert found[[11, 15, 19]].tolist() == [1, 1 / 2, 1 / 3]
    assert np.flatnonzero(averages(20, 4, kind="swa", start=1.0)).tolist() == [19]
    assert np.flatnonzero(averages(18, 4, kind="swa", start=0.7)).tolist() == [15, 17]
    assert averages(18, 4, kind="swa", start=0.7)[17] == 1 / 2


def test_ema_begins_with_the_current_weights_and_slows_down() -> None:
    found = averages(200, 10, kind="ema", start=0.5, decay=0.9)
    assert (found[:100] == 0).all()
    assert found[100] == 1
    assert found[101] == 1 - 2 / 11
    assert found[109] == pytest.approx(1 - 10 / 19)
    assert found[-1] == pytest.approx(0.1)
    assert (np.diff(found[100:]) <= 0).all()


@given(
    st.sampled_from(["ema", "swa"]),
    st.floats(0, 1),
    st.integers(1, 12),
    st.integers(1, 8),
    st.data(),
)
def test_averages_are_means_that_always_begin_and_never_depend_on_cuts(
    kind: str, start: float, epochs: int, per_epoch: int, data: st.DataObject
) -> None:
    recipe = recipe_of(regularization={"average": {"kind": kind, "start": start, "decay": 0.99}})
    total = epochs * per_epoch
    cut = data.draw(st.integers(0, total))
    whole = average_weights(recipe, 0, total, total, per_epoch)
    assert whole is not None
    parts = [
        average_weights(recipe, 0, cut, total, per_epoch),
        average_weights(recipe, cut, total, total, per_epoch),
    ]
    np.testing.assert_array_equal(np.concatenate(parts), whole)  # type: ignore[arg-type]
    moved = np.flatnonzero(whole)
    first = min(math.ceil(start * total), total - 1)
    assert moved[0] >= first
    assert moved[-1] == total - 1
    assert whole[moved[0]] == 1
    assert ((whole >= 0) & (whole <= 1)).all()
    ends = [step for step in range(first, total) if (step + 1) % per_epoch == 0]
    expected = ends if kind == "swa" else list(range(first, total))
    assert moved.tolist() == expected
    if kind == "swa":
        values = np.arange(total, dtype=float)
        mean = 0.0
        for weight, value in zip(whole, values, strict=True):
            mean += weight * (value - mean)
        assert mean == pytest.approx(np.mean(values[ends]))


def test_one_cycle_rises_to_the_peak_and_falls_to_nearly_nothing() -> None:
    found = rates(100, kind="one_cycle", rise=0.3)
    assert found[0] == pytest.approx(2 / 25)
    assert int(np.argmax(found)) == 29
    assert found[29] == pytest.approx(2.0)
    assert found[-1] == pytest.approx(2 / 250_000)
    assert found[10] == pytest.approx(2 - (2 - 2 / 25) * (1 + math.cos(math.pi * 10 / 29)) / 2)


@given(recipes(), st.integers(1, 60), st.data())
@settings(deadline=None)
def test_any_cut_gives_the_same_finite_rates(
    recipe: Recipe, total: int, data: st.DataObject
) -> None:
    cut = data.draw(st.integers(0, total))
    whole = learning_rates(recipe, 0, total, total)
    parts = [learning_rates(recipe, 0, cut, total), learning_rates(recipe, cut, total, total)]
    np.testing.assert_array_equal(np.concatenate(parts), whole)
    assert whole.shape == (total,)
    assert (whole >= 0).all()
    handover = getattr(recipe.optimizer, "handover", None)
    peak = max(recipe.optimizer.lr, handover.lr if handover else 0)
    assert (whole <= peak * (1 + 1e-12)).all()


def test_plateau_scale_falls_after_patience_evaluations_without_a_better_loss() -> None:
    scale = PlateauScale(Plateau(factor=0.5, patience=2, threshold=0.01))
    seen = []
    for loss in (1.0, 0.5, 0.499, 0.5, 0.6, 0.5, 0.5, 0.5, 0.4, math.nan):
        scale.evaluated(loss)
        seen.append(scale.scale)
    # 0.499 is not better by 1 %; the third evaluation in a row without a better loss halves
    assert seen == [1, 1, 1, 1, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25]
