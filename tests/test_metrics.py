from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as reference

from advisor import metrics
from advisor.metrics import losses as loss_module
from advisor.recipe import METRICS, Metric, Recipe, Task

TASKS: list[tuple[Task, Metric]] = [
    (task, name) for task, names in METRICS.items() for name in names
]
OUTPUTS = {
    "classification": 4,
    "binary": 1,
    "multilabel": 3,
    "regression": 1,
    "language_model": 5,
}
TIME = 6


def softmax(outputs: np.ndarray) -> np.ndarray:
    return np.asarray(np.exp(outputs) / np.exp(outputs).sum(axis=-1, keepdims=True))


def recipe_of(task: Task, **fields: Any) -> Recipe:
    text = task == "language_model"
    raw = {
        "task": task,
        "data": {"source": "text:a.txt" if text else "sklearn:x"},
        "model": {"kind": "rnn" if text else "mlp"},
    }
    return Recipe.model_validate(raw | fields)


def predictions(task: Task, seed: int, n: int = 60) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Targets and the outputs of two imperfect models."""
    random = np.random.default_rng(seed)
    targets: np.ndarray
    signal: np.ndarray
    if task == "regression":
        targets = random.normal(size=n)
        signal = targets[:, None]
    elif task == "multilabel":
        targets = (random.random((n, 3)) < [0.2, 0.5, 0.7]).astype(np.float32)
        targets[:2] = [[0, 0, 0], [1, 1, 1]]
        signal = 2.0 * targets - 1
    elif task == "language_model":
        targets = random.integers(5, size=(n, TIME))
        signal = 2 * np.eye(5)[targets]
    elif task == "binary":
        targets = random.permutation(np.arange(n) % 2)
        signal = 2.0 * targets[:, None] - 1
    else:
        targets = random.permutation(np.arange(n) % 4)
        signal = 2 * np.eye(4)[targets]
    ours, theirs = (signal + 1.5 * random.normal(size=signal.shape) for _ in range(2))
    return targets, ours, theirs


def area(task: Task, targets: np.ndarray, outputs: np.ndarray) -> float:
    if task == "classification":
        outputs = softmax(outputs)
    elif task == "binary":
        outputs = outputs[:, 0]
    return float(reference.roc_auc_score(targets, outputs, multi_class="ovr"))


def expected_score(task: Task, metric: Metric, targets: np.ndarray, outputs: np.ndarray) -> float:
    if metric == "roc_auc":
        return area(task, targets, outputs)
    if metric == "perplexity":
        chosen = np.take_along_axis(softmax(outputs), targets[..., None], 2)
        return float(np.exp(-np.log(chosen).mean()))
    if task == "regression":
        predicted = outputs[:, 0]
    elif task in ("binary", "multilabel"):
        predicted = (outputs > 0).astype(int).reshape(targets.shape)
    else:
        predicted = outputs.argmax(-1).reshape(-1)
        targets = targets.reshape(-1)
    compared: dict[str, Callable[[Any, Any], Any]] = {
        "accuracy": lambda t, p: np.mean(t == p),
        "balanced_accuracy": reference.balanced_accuracy_score,
        "f1": lambda t, p: reference.f1_score(t, p, average="macro"),
        "r2": reference.r2_score,
        "rmse": reference.root_mean_squared_error,
        "mae": reference.mean_absolute_error,
    }
    return float(compared[metric](targets, predicted))


@pytest.mark.parametrize(("task", "metric"), TASKS)
def test_metrics_agree_with_scikit_learn(task: Task, metric: Metric) -> None:
    targets, outputs, _ = predictions(task, 3)
    expected = expected_score(task, metric, targets, outputs)
    assert metrics.score(task, metric, outputs, targets) == pytest.approx(expected)


@given(
    st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=2, max_size=40).filter(
        lambda rows: len({positive for _, positive in rows}) == 2
    )
)
@settings(deadline=None)
def test_ties_count_half_as_in_scikit_learn(rows: list[tuple[int, bool]]) -> None:
    outputs = np.array([[float(value)] for value, _ in rows])
    targets = np.array([positive for _, positive in rows]).astype(np.float32)
    found = metrics.score("binary", "roc_auc", outputs, targets)
    assert found == pytest.approx(reference.roc_auc_score(targets, outputs[:, 0]))


def test_areas_leave_out_classes_and_labels_without_both_sides() -> None:
    targets, outputs, _ = predictions("multilabel", 1)
    targets[:, 1] = 0
    both = [0, 2]
    expected = reference.roc_auc_score(targets[:, both], outputs[:, both])
    assert metrics.score("multilabel", "roc_auc", outputs, targets) == pytest.approx(expected)
    classes, outputs, _ = predictions("classification", 1)
    present = classes < 3  # a model of four classes, of which the data have three
    p = softmax(outputs[present])
    areas = [reference.roc_auc_score(classes[present] == c, p[:, c]) for c in range(3)]
    found = metrics.score("classification", "roc_auc", outputs[present], classes[present])
    assert found == pytest.approx(np.mean(areas))


def test_without_both_sides_the_area_is_that_of_chance() -> None:
    one = np.ones(5, dtype=np.float32)
    assert metrics.score("binary", "roc_auc", np.arange(5.0)[:, None], one) == 0.5
    none = np.zeros((5, 2), dtype=np.float32)
    outputs = np.arange(10.0).reshape(5, 2)
    assert metrics.score("multilabel", "roc_auc", outputs, none) == 0.5
    assert metrics.score("multilabel", "f1", outputs, none) == 0.0
    assert metrics.gains("multilabel", "f1", outputs, -outputs, none).tolist() == [0.0] * 5


def test_outputs_that_are_no_numbers_have_no_area() -> None:
    outputs, targets = np.array([[np.nan], [1.0], [2.0]]), np.array([0.0, 1.0, 0.0])
    assert np.isnan(metrics.score("binary", "roc_auc", outputs, targets))


def test_the_variance_of_influences_is_that_of_the_area_over_samples() -> None:
    random, n = np.random.default_rng(0), 200
    areas, variances = [], []
    for _ in range(400):
        targets = (np.arange(n) < 60).astype(np.float32)
        outputs = (1.2 * targets + random.normal(size=n))[:, None]
        shares = metrics.influences("binary", "roc_auc", outputs, targets)
        areas.append(float(shares.mean()))
        variances.append(float(shares.var()) / n)
    assert np.mean(variances) == pytest.approx(np.var(areas), rel=0.2)
    assert metrics.area_variance(float(np.mean(areas)), 60, 140) == pytest.approx(
        np.var(areas), rel=0.3
    )
    assert metrics.area_variance(0.5, 60, 140) == pytest.approx(201 / (12 * 60 * 140))


@pytest.mark.parametrize("metric", ["rmse", "mae"])
def test_errors_are_in_the_units_of_the_data(metric: Metric) -> None:
    targets, outputs, _ = predictions("regression", 1)
    plain = metrics.score("regression", metric, outputs, targets)
    assert metrics.score("regression", metric, outputs, targets, 10.0) == pytest.approx(10 * plain)


@settings(max_examples=80, deadline=None)
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
    assert gains.shape == (60,)
    assert gains.mean() == pytest.approx(metrics.oriented(metric, difference), abs=1e-12)


@pytest.mark.parametrize(("task", "metric"), TASKS)
def test_a_model_gains_nothing_on_itself(task: Task, metric: Metric) -> None:
    targets, outputs, _ = predictions(task, 2)
    gains = metrics.gains(task, metric, outputs, outputs.copy(), targets)
    np.testing.assert_array_equal(gains, 0)


@pytest.mark.parametrize("task", list(METRICS))
def test_the_chance_prediction_has_the_loss_of_the_prior(task: Task) -> None:
    targets, _, _ = predictions(task, 5, 80)
    chance = metrics.chance_outputs(task, targets, OUTPUTS[task], 80)
    loss = metrics.example_losses(recipe_of(task), chance, targets).mean()
    if task == "regression":
        expected = float(np.mean(targets**2))
    elif task == "multilabel":
        p = targets.mean(axis=0, dtype=np.float64)
        expected = float(np.mean(-p * np.log(p) - (1 - p) * np.log(1 - p)))
    else:
        shares = np.bincount(targets.reshape(-1)) / targets.size
        expected = float(-np.sum(shares * np.log(shares)))
    assert loss == pytest.approx(expected)


def test_a_large_vocabulary_costs_no_memory_for_chance() -> None:
    targets = np.zeros((10, 64), dtype=np.int64)
    chance = metrics.chance_outputs("language_model", targets, 1000, 100_000)
    assert chance.shape == (100_000, 64, 1000)
    assert chance.strides[:2] == (0, 0)


def test_cross_entropy_survives_huge_outputs() -> None:
    losses = metrics.example_losses(
        recipe_of("classification"), np.array([[1e30, 0.0], [0.0, 1e30]]), np.array([0, 0])
    )
    assert losses[0] == 0
    assert losses[1] == pytest.approx(1e30)


@pytest.mark.parametrize("task", ["classification", "binary", "multilabel"])
@pytest.mark.parametrize("gamma", [0.0, 0.5, 2.0])
def test_focal_weighs_each_answer_by_the_doubt_that_is_left(task: Task, gamma: float) -> None:
    targets, outputs, _ = predictions(task, 7)
    if task == "classification":
        p = softmax(outputs)[np.arange(60), targets][:, None]
    else:
        right = 1 / (1 + np.exp(-outputs))
        truth = targets.reshape(outputs.shape)
        p = np.where(truth > 0, right, 1 - right)
    expected = (-((1 - p) ** gamma) * np.log(p)).mean(axis=1)
    recipe = recipe_of(task, loss={"kind": "focal", "gamma": gamma})
    np.testing.assert_allclose(metrics.example_losses(recipe, outputs, targets), expected)


@pytest.mark.parametrize(
    ("task", "loss"),
    [
        ("classification", {"kind": "cross_entropy", "class_weights": "balanced"}),
        ("multilabel", {"kind": "binary_cross_entropy", "positive_weight": 7.0}),
    ],
)
def test_example_losses_are_without_weights_and_smoothing(task: Task, loss: Any) -> None:
    targets, outputs, _ = predictions(task, 7)
    plain = metrics.example_losses(recipe_of(task), outputs, targets)
    weighted = metrics.example_losses(recipe_of(task, loss=loss), outputs, targets)
    np.testing.assert_array_equal(plain, weighted)


def test_pieces_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    targets, outputs, other = predictions("language_model", 4)
    recipe = recipe_of("language_model")

    def measured() -> list[Any]:
        return [
            metrics.example_losses(recipe, outputs, targets).tolist(),
            metrics.predicted_classes("language_model", outputs).tolist(),
            metrics.score("language_model", "perplexity", outputs, targets),
            metrics.gains("language_model", "accuracy", outputs, other, targets).tolist(),
        ]

    whole = measured()
    monkeypatch.setattr(loss_module, "PIECE", 7 * TIME * 5 + 1)
    assert measured() == whole


def test_a_perplexity_beyond_numbers_is_infinite() -> None:
    targets = np.zeros((3, 2), dtype=np.int64)
    outputs = np.tile(np.array([0.0, 1e4]), (3, 2, 1))
    assert metrics.score("language_model", "perplexity", outputs, targets) == np.inf
