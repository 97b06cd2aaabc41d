from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.recipe import Plateau, Recipe
from advisor.schedule import PlateauScale, learning_rates
from tests.recipe_strategies import recipes


def rates(total: int, **schedule: Any) -> np.ndarray:
    recipe = Recipe.model_validate(
        {
            "task": "classification",
            "data": {"source": "sklearn:digits"},
            "model": {"kind": "mlp"},
            "optimizer": {"kind": "sgd", "lr": 2.0},
            "schedule": schedule,
        }
    )
    return np.asarray(learning_rates(recipe, 0, total, total))


def test_constant_and_plateau_stay_at_the_peak() -> None:
    assert rates(5, kind="constant").tolist() == [2.0] * 5
    assert rates(5, kind="plateau").tolist() == [2.0] * 5


def test_warmup_rises_linearly_and_reaches_the_peak() -> None:
    found = rates(20, kind="constant", warmup=0.25)
    np.testing.assert_allclose(found[:6], [0.4, 0.8, 1.2, 1.6, 2.0, 2.0])


def test_step_falls_at_each_milestone() -> None:
    found = rates(8, kind="step", gamma=0.5, milestones=(0.5, 0.75))
    assert found.tolist() == [2, 2, 2, 2, 1, 1, 0.5, 0.5]


@pytest.mark.parametrize("kind", ["linear", "cosine", "exponential"])
def test_a_decay_goes_from_the_peak_to_its_final_share(kind: str) -> None:
    found = rates(101, kind=kind, final=0.01)
    assert found[0] == pytest.approx(2.0)
    assert found[-1] == pytest.approx(0.02)
    assert (np.diff(found) < 0).all()
    middle = {"linear": 1.01, "cosine": 1.01, "exponential": 0.2}[kind]
    assert found[50] == pytest.approx(middle)


def test_cosine_is_slower_than_linear_at_first() -> None:
    found = rates(101, kind="cosine")
    np.testing.assert_allclose(found, 1 + np.cos(np.pi * np.arange(101) / 100), atol=1e-12)


def test_one_cycle_rises_to_the_peak_and_falls_to_nearly_nothing() -> None:
    found = rates(100, kind="one_cycle", rise=0.3)
    assert found[0] == pytest.approx(2 / 25)
    assert int(np.argmax(found)) == 29
    assert found[29] == pytest.approx(2.0)
    assert found[-1] == pytest.approx(2 / 250_000)
    assert found[10] == pytest.approx(2 - (2 - 2 / 25) * (1 + math.cos(math.pi * 10 / 29)) / 2)


@given(recipes(), st.integers(1, 60), st.data())
def test_any_cut_gives_the_same_finite_rates(
    recipe: Recipe, total: int, data: st.DataObject
) -> None:
    cut = data.draw(st.integers(0, total))
    whole = learning_rates(recipe, 0, total, total)
    parts = [learning_rates(recipe, 0, cut, total), learning_rates(recipe, cut, total, total)]
    np.testing.assert_array_equal(np.concatenate(parts), whole)
    assert whole.shape == (total,)
    assert (whole >= 0).all()
    assert (whole <= recipe.optimizer.lr * (1 + 1e-12)).all()


def test_plateau_scale_falls_after_patience_evaluations_without_a_better_loss() -> None:
    scale = PlateauScale(Plateau(factor=0.5, patience=2, threshold=0.01))
    seen = []
    for loss in (1.0, 0.5, 0.499, 0.5, 0.6, 0.5, 0.5, 0.5, 0.4, math.nan):
        scale.evaluated(loss)
        seen.append(scale.scale)
    # 0.499 is not better by 1 %; the third evaluation in a row without a better loss halves
    assert seen == [1, 1, 1, 1, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25]
