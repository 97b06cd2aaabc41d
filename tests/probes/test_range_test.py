from __future__ import annotations

import numpy as np
import pytest

from advisor import data
from advisor.backend import load_backend
from advisor.probes import POINTS, lr_range, probe_epochs
from advisor.probes.range_test import (
    AGAIN_POINTS,
    CONFIRMING_STEPS,
    STEP_DOWN,
    STEPS_A_POINT,
    Confirmed,
    RangeTest,
    plan,
)
from advisor.recipe import Recipe
from tests.preflight.making import dataset_of, recipe_of


@pytest.fixture(scope="module")
def digits() -> tuple[Recipe, data.Dataset]:
    recipe = Recipe.model_validate(
        {
            "task": "classification",
            "data": {"source": "sklearn:digits"},
            "model": {"kind": "mlp", "hidden": (32,)},
            "optimizer": {"kind": "adam", "lr": 1e-6},
        }
    )
    return recipe, data.load(recipe.data, recipe.task)


def test_the_rate_found_on_real_data_trains(
    backend_name: str, digits: tuple[Recipe, data.Dataset]
) -> None:
    recipe, dataset = digits
    probed = lr_range(recipe, dataset, load_backend(backend_name), "cpu")
    suggested = probed.facts["suggested_lr"]
    assert isinstance(suggested, float)
    assert 1e-3 <= suggested <= 0.1
    n = len(dataset.train.targets)
    assert plan(recipe, n) == (2, 3)
    assert probed.epochs <= probe_epochs("lr_range", recipe, n)
    assert len(probed.curve["lr"]) <= POINTS
    sweep = len(probed.curve["lr"]) * STEPS_A_POINT
    again = AGAIN_POINTS * STEPS_A_POINT
    assert sweep + CONFIRMING_STEPS < probed.steps <= sweep + again + CONFIRMING_STEPS
    assert probed.message == ""


def test_the_probe_does_not_depend_on_the_present_rate(
    digits: tuple[Recipe, data.Dataset],
) -> None:
    pytest.importorskip("torch")
    recipe, dataset = digits
    backend = load_backend("torch")
    one = lr_range(recipe, dataset, backend, "cpu")
    other = lr_range(recipe.changed({"optimizer.lr": 0.5}), dataset, backend, "cpu")
    assert one.facts == other.facts
    assert one.curve == other.curve


@pytest.mark.parametrize(
    ("epochs", "expected"), [(4, (1, 0)), (12, (1, 1)), (20, (1, 3)), (23, (2, 3)), (30, (3, 3))]
)
def test_longer_trainings_pay_for_more_seeds(epochs: int, expected: tuple[int, int]) -> None:
    recipe = recipe_of(train__epochs=epochs)  # 15 steps an epoch
    assert plan(recipe, 240) == expected


def made(recipe: Recipe) -> RangeTest:
    pytest.importorskip("torch")
    return RangeTest(recipe, dataset_of(), load_backend("torch"), "cpu")


def test_a_rate_that_is_too_high_is_stepped_down() -> None:
    test = made(recipe_of(optimizer={"kind": "sgd"}))
    bad = 50.0
    assert test.confirmed(bad, 1, 0) == Confirmed(
        None, CONFIRMING_STEPS, ["a short run at 50 did not come down"]
    )
    start = 3.0
    lower = next(
        rate
        for rate in (start, start * STEP_DOWN, start * STEP_DOWN**2)
        if test.confirmed(rate, 1, 0).lr
    )
    done = test.confirmed(lower / STEP_DOWN, 3, 0)
    assert done.lr is not None
    assert done.lr <= lower / STEP_DOWN
    assert done.steps == CONFIRMING_STEPS * (1 + len(done.notes))


def test_a_pick_that_nothing_confirms_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    test = made(recipe_of())
    tried: list[float] = []

    def stays_up(rate: float, offset: int) -> bool:
        tried.append(rate)
        return False

    monkeypatch.setattr(test, "_comes_down", stays_up)
    done = test.confirmed(0.1, 3, 0)
    assert done.lr is None
    assert tried == pytest.approx([0.1, 0.03, 0.009])
    assert done.steps == 3 * CONFIRMING_STEPS


def test_a_short_training_is_not_spent_on_a_confirmation() -> None:
    test = made(recipe_of())
    done = test.confirmed(0.1, 0, 0)
    assert (done.lr, done.steps) == (0.1, 0)
    assert "too short" in done.notes[0]


def test_labels_that_mean_nothing_have_no_pick(backend_name: str) -> None:
    dataset = dataset_of(train=240)
    constant = np.zeros_like(dataset.train.inputs)
    blind = data.Split(constant, dataset.train.targets)
    recipe = recipe_of()
    probed = lr_range(
        recipe,
        data.Dataset(**{**vars(dataset), "train": blind}),
        load_backend(backend_name),
        "cpu",
    )
    assert probed.facts["suggested_lr"] is None
    assert probed.message
    assert probed.epochs <= probe_epochs("lr_range", recipe, 240)
