from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from advisor.backend import load_backend
from advisor.data import Dataset, Split
from advisor.probes import noise_scale, probe_epochs
from advisor.probes.noise import GROUPS, IN_GROUP, Norms, judged, small_batch, trained_steps
from advisor.probes.plain import quiet
from advisor.recipe import Recipe
from advisor.steps import StepMaker
from advisor.training import prepare
from tests.preflight.making import dataset_of, recipe_of


def exact(recipe: Recipe, dataset: Dataset, backend: Any) -> float:
    """B_simple from the gradient of every single example, after the same steps."""
    training = backend.start(prepare(quiet(recipe), dataset, "cpu"))
    n = len(dataset.train.targets)
    with StepMaker(quiet(recipe), dataset, list(training.weights())) as maker:
        for batches in maker.stretches(0, trained_steps(recipe, n)):
            training.run(batches)
    each = []
    for row in range(n):
        one = slice(row, row + 1)
        _, found = training.gradients(dataset.train.inputs[one], dataset.train.targets[one])
        each.append(np.concatenate([array.ravel() for array in found.values()]))
    gradients = np.array(each, dtype=np.float64)
    whole = gradients.mean(axis=0)
    return float(gradients.var(axis=0, ddof=1).sum() / (whole @ whole))


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_it_is_that_of_all_single_gradients(task: str, backend_name: str) -> None:
    recipe = recipe_of(task, train__epochs=4, regularization__dropout=0.3)
    dataset, backend = dataset_of(task, train=256), load_backend(backend_name)
    probed = noise_scale(recipe, dataset, backend, "cpu")
    found = {name: float(value or np.nan) for name, value in probed.facts.items()}
    truth = exact(recipe, dataset, backend)
    assert found["noise_scale_low"] < truth < found["noise_scale_high"]
    assert found["noise_scale"] == pytest.approx(truth, rel=0.3)
    assert probed.epochs == probe_epochs("noise_scale", recipe, 256)
    assert probed.steps == trained_steps(recipe, 256) == 6
    assert "after 6 steps" in probed.message


def test_the_interval_holds_the_truth_as_often_as_it_says() -> None:
    """Linear gradients with known mean and covariance, drawn without replacement."""
    random, held = np.random.default_rng(0), 0
    for _ in range(200):
        gradients = random.normal(0.3, 1.0, size=(2048, 20))
        whole = gradients.mean(axis=0)
        truth = gradients.var(axis=0, ddof=1).sum() / (whole @ whole)
        rows = random.permutation(2048).reshape(GROUPS, IN_GROUP, 16)
        means = gradients[rows].mean(axis=2)
        small = np.square(means).sum(axis=2).mean(axis=1)
        large = np.square(means.mean(axis=1)).sum(axis=1)
        found = Norms(small, large, 16).scale(2048)
        held += found.low is not None and found.low <= truth <= (found.high or np.inf)
    assert held >= 0.9 * 200


def test_gradients_of_noise_alone_leave_it_open() -> None:
    means = np.random.default_rng(3).normal(size=(GROUPS, IN_GROUP, 50))
    small = np.square(means).sum(axis=2).mean(axis=1)
    large = np.square(means.mean(axis=1)).sum(axis=1)
    found, _ = judged(Norms(small, large, 16), 10**9, 5)
    assert found.high is None
    opposed, message = judged(Norms(small, large / 2, 16), 10**9, 5)
    assert opposed.value is None
    assert "lost in the noise" in message


def test_gradients_that_are_not_finite_say_nothing() -> None:
    found, message = judged(Norms(np.full(8, np.inf), np.ones(8), 16), 2048, 5)
    assert (found.value, found.low, found.high) == (None, None, None)
    assert "not finite after 5 steps" in message


@pytest.mark.parametrize(("examples", "size"), [(100, 0), (128, 2), (1000, 15), (50_000, 16)])
def test_groups_are_a_quarter_of_the_training_set_at_most(examples: int, size: int) -> None:
    assert small_batch(examples) == size
    assert size * IN_GROUP <= examples / 4


def test_too_few_examples_cost_nothing() -> None:
    pytest.importorskip("torch")
    recipe, dataset = recipe_of(), dataset_of(train=100)
    probed = noise_scale(recipe, dataset, load_backend("torch"), "cpu")
    assert set(probed.facts.values()) == {None}
    assert probed.epochs == probe_epochs("noise_scale", recipe, 100) == 0
    assert "too few" in probed.message


def test_a_training_that_broke_has_no_scale() -> None:
    pytest.importorskip("torch")
    recipe = recipe_of(optimizer={"kind": "sgd", "lr": 1000.0})
    dataset = dataset_of(train=240)
    wide = Split(dataset.train.inputs * 1e15, dataset.train.targets)
    dataset = Dataset(**{**vars(dataset), "train": wide})
    probed = noise_scale(recipe, dataset, load_backend("torch"), "cpu")
    assert set(probed.facts.values()) == {None}
    assert "not finite" in probed.message
