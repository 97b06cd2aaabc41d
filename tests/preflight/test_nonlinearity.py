"""Models that are affine functions of their inputs, and those that only look like it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from advisor.backend import Inputs, OwnCodeError, Training, load_backend
from advisor.data import Dataset, Split
from advisor.preflight.nonlinearity import check_nonlinearity, departure
from advisor.preflight.one_batch import OneBatch
from advisor.preflight.part import Part
from advisor.recipe import Recipe
from tests.preflight.making import dataset_of, recipe_of, with_train
from tests.preflight.own_models import own_recipe

ROUNDING, BENT = 1e-4, 0.1


def started(recipe: Recipe, dataset: Dataset, backend_name: str) -> Training:
    return OneBatch(recipe, dataset, load_backend(backend_name), "cpu", 8).training


def checked(recipe: Recipe, dataset: Dataset, backend_name: str) -> Part:
    return check_nonlinearity(dataset, started(recipe, dataset, backend_name))


def measured(recipe: Recipe, dataset: Dataset, backend_name: str) -> float:
    found = checked(recipe, dataset, backend_name).facts["nonlinearity"]
    assert isinstance(found, float)
    return found


@pytest.mark.parametrize("task", ["classification", "binary", "multilabel", "regression"])
def test_without_hidden_layers(task: str, backend_name: str) -> None:
    plain = recipe_of(task, model__hidden=())
    assert measured(plain, dataset_of(task), backend_name) < ROUNDING
    assert measured(recipe_of(task), dataset_of(task), backend_name) > BENT


@pytest.mark.parametrize("name", ["Linear", "LogLinear", "NormedLinear"])
def test_models_of_ones_own_without_activations(
    name: str, backend_name: str, tmp_path: Path
) -> None:
    assert measured(own_recipe(tmp_path, name), dataset_of(), backend_name) < ROUNDING


@pytest.mark.parametrize("name", ["Sound", "Normed", "ZeroHead", "ZeroBranch", "LogSoftmax"])
def test_models_of_ones_own_that_bend(name: str, backend_name: str, tmp_path: Path) -> None:
    assert measured(own_recipe(tmp_path, name), dataset_of(), backend_name) > BENT


@pytest.mark.parametrize("activation", ["relu", "leaky_relu", "gelu", "silu", "tanh", "sigmoid"])
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"model__normalization": "batch"},
        {"model__normalization": "layer"},
        {"initialization__gain": 0.05},
        {"initialization__kind": "zeros"},
    ],
)
def test_any_activation_at_any_start(activation: str, changes: Mapping[str, Any]) -> None:
    pytest.importorskip("torch")
    recipe = recipe_of(model__activation=activation, **changes)
    assert measured(recipe, dataset_of(), "torch") > BENT


def test_units_that_are_on_for_all_examples(backend_name: str) -> None:
    """Inputs far from 0 and close together never leave a piece of a ReLU network."""
    dataset = dataset_of()
    near = with_train(dataset, dataset.train.inputs * np.float32(0.01) + 10)
    assert measured(recipe_of(), near, backend_name) > BENT
    assert measured(recipe_of(model__hidden=()), near, backend_name) < 1e-3


@pytest.mark.parametrize("kind", ["cnn", "resnet", "rnn"])
def test_other_kinds_of_models(kind: str, backend_name: str) -> None:
    random, labels = np.random.default_rng(0), np.arange(60) % 3
    shape = (60, 8, 4) if kind == "rnn" else (60, 8, 8, 1)
    inputs = random.standard_normal(shape).astype(np.float32)
    split = Split(inputs, labels)
    dataset = replace(dataset_of(), train=split, validation=split)
    small: dict[str, Any] = {
        "cnn": {"channels": [4], "hidden": [8]},
        "resnet": {"channels": [4, 8], "blocks": 1},
        "rnn": {"units": 8},
    }
    recipe = recipe_of(model={"kind": kind, **small[kind]})
    assert measured(recipe, dataset, backend_name) > BENT


def test_weights_stay_as_they_were(backend_name: str) -> None:
    training = started(recipe_of(model__hidden=()), dataset_of(), backend_name)
    before = training.weights()
    check_nonlinearity(dataset_of(), training)
    after = training.weights()
    assert all(np.array_equal(before[name], after[name]) for name in before)


class Fake:
    """A training whose outputs are a function of its inputs."""

    def __init__(self, function: Callable[[Inputs], Inputs]) -> None:
        self.function, self.restored = function, 0

    def predict(self, inputs: Inputs) -> Inputs:
        return self.function(inputs)

    def weights(self) -> dict[str, np.ndarray]:
        return {}

    state = weights

    def load(self, weights: Mapping[str, np.ndarray]) -> None:
        """It has none."""

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        self.restored += 1


def fake(function: Callable[[Inputs], Inputs]) -> Any:
    return Fake(function)


def test_the_departure_in_deviations() -> None:
    inputs = np.array([[0.0], [2.0], [4.0]], np.float32)
    squares = departure(fake(lambda x: x**2), inputs, classes=False)
    assert squares == pytest.approx(8 / np.std([0.0, 4.0, 16.0]))  # (4 - 0)^2 / 2 at most
    assert departure(fake(lambda x: 3 * x + 1), inputs, classes=False) == 0
    assert departure(fake(lambda x: 0 * x + 1), inputs, classes=False) is None
    assert departure(fake(lambda x: x / 0), inputs, classes=False) is None


@pytest.mark.parametrize(("n", "vocabulary"), [(2, 0), (32, 12)])
def test_what_has_no_means_is_not_measured(n: int, vocabulary: int) -> None:
    dataset = replace(dataset_of(train=n), vocabulary=vocabulary)
    found = check_nonlinearity(dataset, fake(lambda x: x[:, :3]))
    assert not found.facts
    assert found.notes


def refusing(inputs: Inputs) -> Inputs:
    raise OwnCodeError("these are no inputs of mine")


def test_outputs_that_tell_nothing_are_not_measured() -> None:
    constant, refused = fake(lambda x: 0 * x[:, :3]), fake(refusing)
    for training in (constant, refused):
        found = check_nonlinearity(dataset_of(), training)
        assert not found.facts
        assert found.notes
    assert constant.restored == 1
