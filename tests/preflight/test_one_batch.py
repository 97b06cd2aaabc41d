from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from advisor import data
from advisor.backend import load_backend
from advisor.data import Dataset
from advisor.preflight import one_batch
from advisor.preflight.cost import Price
from advisor.preflight.one_batch import Attempt, OneBatch, alone, chosen, learn, size_for, undecided
from advisor.recipe import Recipe
from tests.preflight.making import dataset_of, recipe_of, with_train
from tests.preflight.own_models import own_recipe


def fitted(recipe: Recipe, dataset: Dataset, backend_name: str, steps: int) -> dict[str, object]:
    batch = OneBatch(recipe, dataset, load_backend(backend_name), "cpu", 8)
    part = learn(batch, steps)
    assert batch.steps <= steps
    return {**part.facts, "message": " ".join(part.notes)}


@pytest.mark.parametrize("task", ["classification", "binary", "multilabel", "regression"])
def test_a_sound_model_learns_a_batch(task: str, backend_name: str) -> None:
    found = fitted(recipe_of(task, optimizer__lr=0.01), dataset_of(task), backend_name, 400)
    assert found["one_batch_fitted"] is True
    assert found["one_batch_lr"] == 0.01


def test_what_holds_the_fit_down_is_off(backend_name: str) -> None:
    changes = {
        "optimizer__kind": "adamw",
        "optimizer__lr": 0.01,
        "regularization__dropout": 0.9,
        "regularization__weight_decay": 10.0,
        "regularization__label_smoothing": 0.6,
        "regularization__average": {},
        "schedule": {"kind": "cosine", "warmup": 0.5},
        "optimizer__handover": {},
        "loss__class_weights": "balanced",
        "train__accumulation": 4,
        "train__sampling": "balanced",
        "tune__locked": ["optimizer.handover.at"],
    }
    recipe = recipe_of(**changes)
    assert fitted(recipe, dataset_of(), backend_name, 400)["one_batch_fitted"] is True


def test_a_rate_that_is_too_low_is_raised(backend_name: str) -> None:
    found = fitted(recipe_of(optimizer__lr=1e-3), dataset_of(), backend_name, 60)
    assert found["one_batch_fitted"] is True
    assert found["one_batch_lr"] == 0.01


def test_a_rate_far_too_low_says_nothing(backend_name: str) -> None:
    found = fitted(recipe_of(optimizer__lr=1e-7), dataset_of(), backend_name, 400)
    assert "one_batch_fitted" not in found
    assert "hardly moved" in str(found["message"])


def test_a_model_that_cannot_learn_is_told(backend_name: str, tmp_path: Path) -> None:
    recipe = own_recipe(tmp_path, "Deaf", optimizer__lr=0.01)
    found = fitted(recipe, dataset_of(), backend_name, 400)
    assert found["one_batch_fitted"] is False
    assert float(str(found["one_batch_loss"])) > 0.9


def test_weights_that_are_all_zero_cannot_learn(backend_name: str) -> None:
    recipe = recipe_of(initialization__kind="zeros", optimizer__lr=0.01)
    assert fitted(recipe, dataset_of(), backend_name, 400)["one_batch_fitted"] is False


def test_batch_normalisation_is_judged_in_training_mode(backend_name: str) -> None:
    recipe = recipe_of(model__normalization="batch", optimizer__lr=0.01)
    assert fitted(recipe, dataset_of(), backend_name, 400)["one_batch_fitted"] is True


def test_too_few_steps_are_none(backend_name: str) -> None:
    batch = OneBatch(recipe_of(), dataset_of(), load_backend(backend_name), "cpu", 2)
    part = learn(batch, 7)
    assert (part.facts, batch.steps) == ({}, 0)
    assert "too few steps" in part.notes[0]


def test_the_probe_takes_a_tenth_of_a_training_at_most(backend_name: str) -> None:
    recipe = recipe_of(optimizer__lr=1e-6)
    probed = one_batch(recipe, dataset_of(), load_backend(backend_name), "cpu")
    assert 0 < probed.steps <= 0.1 * (240 // 16) * 100
    assert len(probed.curve["one_batch_loss"]) == probed.facts["one_batch_steps"] == probed.steps
    assert probed.facts["one_batch_fitted"] is None
    assert probed.message


def test_the_batch_has_different_inputs_of_all_classes() -> None:
    dataset = dataset_of()
    inputs = dataset.train.inputs.copy()
    inputs[:200] = inputs[0]
    rows = chosen(with_train(dataset, inputs), 6)
    assert len(np.unique(inputs[rows], axis=0)) == 6
    assert set(dataset.train.targets[rows].tolist()) == {0, 1, 2}
    whole = chosen(dataset_of("regression"), 4)
    targets = dataset_of("regression").train.targets
    assert targets[whole].std() > 0.5


def test_fewer_examples_where_steps_are_dear() -> None:
    recipe, short = recipe_of(), recipe_of(train__batch_size=4)
    sizes = [size_for(recipe, Price(n, 16, 10.0), 0.1)[0] for n in (2000, 1000, 500, 100)]
    assert sizes == [16, 8, 4, 2]
    assert size_for(short, Price(2000, 4, 10.0), 0.1)[0] == 4


def test_small_steps_cost_a_call_at_least() -> None:
    cheap, dear = Price(1000, 128, 0.0), Price(1000, 128, 1e6)
    assert cheap.steps_for(0.01, 16) == 80
    assert dear.steps_for(0.01, 16) == 10


@pytest.mark.parametrize(
    ("attempts", "reason"),
    [
        ([Attempt(1, [1.0] * 40, 1.0)] * 2, "steps at each"),
        ([Attempt(1, [1.0] * 39, 1.0)] * 3, "steps at each"),
        ([Attempt(1, [1.0 - 0.01 * i for i in range(40)], 1.0)] * 3, "still falling"),
        ([Attempt(1, [1.0] * 40, 0.01)] * 3, "hardly moved"),
        ([Attempt(1, [1.0] * 40, 0.0)] * 3, ""),
        ([Attempt(1, [1.0] * 40, 0.2)] * 3, ""),
        ([Attempt(1, [1.0, np.nan], 1.0)] * 3, ""),
    ],
)
def test_when_a_batch_cannot_be_fitted(attempts: list[Attempt], reason: str) -> None:
    assert reason in undecided(attempts)
    assert bool(reason) == bool(undecided(attempts))


def test_the_recipe_for_one_batch_is_valid_for_every_optimizer() -> None:
    for kind in ("sgd", "rmsprop", "adagrad", "adam", "adamw", "nadam", "lion"):
        assert alone(recipe_of(optimizer__kind=kind)).train.batch_size == 16


def test_streamed_examples_are_read(backend_name: str) -> None:
    dataset = dataset_of()
    inputs = dataset.train.inputs.astype(np.float64)
    transform = data.loading.unscaled(inputs)
    stream = data.StreamedInputs("x", inputs, np.arange(len(inputs)), transform)
    streamed = replace(dataset, train=data.Split(stream, dataset.train.targets), streamed=True)
    assert fitted(recipe_of(optimizer__lr=0.01), streamed, backend_name, 400)["one_batch_fitted"]
