from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.linear_model import RidgeCV

from advisor.data import Dataset, Split
from advisor.preflight import linear
from advisor.preflight.linear import STRENGTHS, check_linear, ridge
from tests.preflight.making import dataset_of, recipe_of, with_train


@pytest.mark.parametrize("shape", [(200, 20), (60, 150), (50, 50)])
def test_the_solution_is_that_of_another_implementation(shape: tuple[int, int]) -> None:
    random = np.random.default_rng(0)
    features = random.standard_normal(shape)
    features -= features.mean(axis=0)
    wanted = features[:, :3] @ random.standard_normal((3, 2)) + random.standard_normal(
        (shape[0], 2)
    )
    ours = ridge(features, wanted)
    penalties = [strength * shape[0] for strength in STRENGTHS]
    near = [
        np.abs(RidgeCV([penalty]).fit(features, wanted).predict(features) - ours(features)).max()
        for penalty in penalties
    ]
    assert min(near) < 1e-6


def test_the_penalty_holds_noise_down() -> None:
    random = np.random.default_rng(0)
    features, wanted = random.standard_normal((60, 150)), random.standard_normal((60, 1))
    features -= features.mean(axis=0)
    fitted = ridge(features, wanted)(random.standard_normal((500, 150)))
    assert fitted.std() < 0.5 * wanted.std()


@pytest.mark.parametrize(
    ("task", "least"),
    [("classification", 0.9), ("binary", 0.9), ("multilabel", 0.85), ("regression", 0.9)],
)
def test_a_linear_task_is_solved(task: str, least: float) -> None:
    dataset = dataset_of(task)
    if task == "regression":  # one plane for both splits
        whole = dataset_of(task, 330).train
        parts = [
            Split(whole.inputs[rows], whole.targets[rows])
            for rows in (slice(240), slice(240, None))
        ]
        dataset = replace(dataset, train=parts[0], validation=parts[1])
    found = check_linear(recipe_of(task), dataset).facts
    assert isinstance(found["linear_metric"], float)
    assert found["linear_metric"] > least
    assert (found["linear_loss"] is not None) == (task == "regression")


def test_labels_without_meaning_are_not_solved() -> None:
    dataset = dataset_of()
    targets = np.random.default_rng(5).permutation(dataset.train.targets)
    found = check_linear(recipe_of(), with_train(dataset, dataset.train.inputs, targets)).facts
    assert isinstance(found["linear_metric"], float)
    assert found["linear_metric"] < 0.6


def wide(features: int) -> Dataset:
    """Two clouds, all of whose features differ a little."""
    random, made = np.random.default_rng(0), []
    for n in (300, 100):
        labels = np.arange(n) % 2
        noise = random.standard_normal((n, features))
        inputs = noise + 0.3 * np.where(labels[:, None] == 1, 1, -1)
        made.append(Split(inputs.astype(np.float32), labels))
    return replace(dataset_of(), train=made[0], validation=made[1], outputs=2)


def test_many_features_are_projected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linear, "MOST_FEATURES", 64)
    dataset = wide(500)
    found = check_linear(recipe_of(), dataset)
    assert linear._raw(dataset.train.inputs, 0).shape == (300, 64)
    assert isinstance(found.facts["linear_metric"], float)
    assert found.facts["linear_metric"] > 0.75
    assert check_linear(recipe_of(), dataset).facts == found.facts


def test_tokens_are_counted() -> None:
    random, made = np.random.default_rng(0), []
    for n in (200, 80):
        labels = np.arange(n) % 2
        tokens = random.integers(1, 50, (n, 12))
        tokens[labels == 1, 3] = 60
        made.append(Split(tokens.astype(np.int32), labels))
    dataset = replace(dataset_of(), train=made[0], validation=made[1], outputs=2, vocabulary=61)
    found = check_linear(recipe_of(), dataset).facts
    assert isinstance(found["linear_metric"], float)
    assert found["linear_metric"] > 0.9


def test_a_few_examples_are_too_few() -> None:
    part = check_linear(recipe_of(), dataset_of(train=6))
    assert not part.facts
    assert "needs 10" in part.notes[0]
