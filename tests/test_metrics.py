from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as reference

from advisor import metrics
from advisor.recipe import METRICS, Metric, Recipe, Task

TASKS: list[tuple[Task, Metric]] = [
    (task, name) for task, names in METRICS.items() for name in names
]


def predictions(task: Task, seed: int, n: int = 60) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Targets and the outputs of two imperfect models."""
    random = np.random.default_rng(seed)
    if task == "regression":
        targets = random.normal(size=n)
        return targets, *(targets[:, None] + random.normal(size=(n, 1)) for _ in range(2))
    classes = 2 if task == "binary" else 4
    targets = np.arange(n) % classes
    random.shuffle(targets)
    columns = 1 if task == "binary" else classes
    signal = (2.0 * targets[:, None] - 1) if task == "binary" else 2 * np.eye(classes)[targets]
    return targets, *(signal + random.normal(size=(n, columns)) * 1.5 for _ in range(2))


@pytest.mark.parametrize(("task", "metric"), TASKS)
def test_metrics_agree_with_scikit_learn(task: Task, metric: Metric) -> None:
    targets, outputs, _ = predictions(task, 3)
    predicted = outputs[:, 0] if task == "regression" else metrics.predicted_classes(task, outputs)
    expected = {
        "accuracy": reference.accuracy_score,
        "balanced_accuracy": reference.balanced_accuracy_score,
        "f1": lambda t, p: reference.f1_score(t, p, average="macro"),
        "r2": reference.r2_score,
        "rmse": reference.root_mean_squared_error,
        "mae": reference.mean_absolute_error,
    }[metric](targets, predicted)
    assert metrics.score(task, metric, outputs, targets) == pytest.approx(expected)


@pytest.mark.parametrize("metric", ["rmse", "mae"])
def test_errors_are_in_the_units_of_the_data(metric: Metric) -> None:
    targets, outputs, _ = predictions("regression", 1)
    plain = metrics.score("regression", metric, outputs, targets)
    assert metrics.score("regression", metric, outputs, targets, 10.0) == pytest.approx(10 * plain)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), case=st.sampled_from(TASKS))
def test_gains_add_up_to_the_difference_of_the_metrics(
    seed: int, case: tuple[Task, Metric]
) -> None:
    task, metric = case
    targets, ours, theirs = predictions(task, seed)
    gains = metrics.gains(task, metric, ours, theirs, targets, 2.0)
    difference = metrics.score(task, metric, ours, targets, 2.0) - metrics.score(
        task, metric, theirs, targets, 2.0
    )
    assert gains.mean() == pytest.approx(metrics.oriented(metric, difference), abs=1e-12)


@pytest.mark.parametrize("task", list(METRICS))
def test_the_chance_prediction_has_the_loss_of_the_prior(task: Task) -> None:
    targets, _, _ = predictions(task, 5, 80)
    recipe = Recipe.model_validate(
        {"task": task, "data": {"source": "sklearn:x"}, "model": {"kind": "mlp"}}
    )
    chance = metrics.chance_outputs(task, targets, 4 if task == "classification" else 1, 80)
    loss = metrics.example_losses(recipe, chance, targets).mean()
    shares = np.bincount(targets.astype(int) if task != "regression" else [0]) / 80
    expected = np.mean(targets**2) if task == "regression" else -np.sum(shares * np.log(shares))
    assert loss == pytest.approx(expected)


def test_cross_entropy_survives_huge_outputs() -> None:
    recipe = Recipe.model_validate(
        {"task": "classification", "data": {"source": "sklearn:x"}, "model": {"kind": "mlp"}}
    )
    losses = metrics.example_losses(recipe, np.array([[1e30, 0.0], [0.0, 1e30]]), np.array([0, 0]))
    assert losses[0] == 0
    assert losses[1] == pytest.approx(1e30)
