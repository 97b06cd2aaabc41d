from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.utils.class_weight import compute_class_weight

from advisor.recipe import Recipe, Task
from advisor.targets import TargetError, prior_bias, target_weights


def recipe_of(task: Task, **loss: Any) -> Recipe:
    return Recipe.model_validate(
        {
            "task": task,
            "data": {"source": "sklearn:x"},
            "model": {"kind": "mlp"},
            **({"loss": loss} if loss else {}),
        }
    )


CLASSES = np.repeat([0, 1, 2], [10, 30, 60])


@pytest.mark.parametrize("kind", ["cross_entropy", "focal"])
def test_balanced_class_weights_are_those_of_scikit_learn(kind: str) -> None:
    recipe = recipe_of("classification", kind=kind, class_weights="balanced")
    expected = compute_class_weight("balanced", classes=np.arange(3), y=CLASSES)
    found = target_weights(recipe, CLASSES, 3)
    np.testing.assert_allclose(found, expected)  # type: ignore[arg-type]


@given(
    st.lists(st.integers(0, 4), min_size=1, max_size=50),
    st.just("balanced") | st.tuples(*[st.floats(1e-3, 1e3) for _ in range(5)]),
)
def test_the_average_training_example_has_weight_one(rows: list[int], given: Any) -> None:
    classes = np.array(rows)
    recipe = recipe_of("classification", kind="cross_entropy", class_weights=given)
    weights = target_weights(recipe, classes, 5)
    assert weights is not None
    assert weights.shape == (5,)
    assert (weights > 0).all()
    assert weights[classes].mean() == pytest.approx(1)


def test_weights_that_are_given_keep_their_proportions() -> None:
    recipe = recipe_of("classification", kind="cross_entropy", class_weights=(1.0, 2.0, 4.0))
    weights = target_weights(recipe, CLASSES, 3)
    assert weights is not None
    np.testing.assert_allclose(weights / weights[0], [1, 2, 4])


def test_positives_are_balanced_label_by_label() -> None:
    labels = np.zeros((10, 4), dtype=np.float32)
    labels[:2, 0], labels[:5, 1], labels[:, 3] = 1, 1, 1
    recipe = recipe_of("multilabel", kind="binary_cross_entropy", positive_weight="balanced")
    found = target_weights(recipe, labels, 4)
    np.testing.assert_allclose(found, [4, 1, 1, 1])  # type: ignore[arg-type]
    binary = recipe_of("binary", kind="focal", positive_weight="balanced")
    np.testing.assert_allclose(target_weights(binary, labels[:, 0], 1), [4])  # type: ignore[arg-type]


def test_a_positive_weight_counts_for_every_label() -> None:
    recipe = recipe_of("multilabel", kind="focal", positive_weight=3.0)
    found = target_weights(recipe, np.zeros((2, 4), dtype=np.float32), 4)
    assert found is not None
    assert found.tolist() == [3.0] * 4


@pytest.mark.parametrize("task", ["classification", "binary", "multilabel", "regression"])
def test_without_weights_there_are_none(task: Task) -> None:
    assert target_weights(recipe_of(task), np.zeros(3), 3) is None


def test_the_wrong_number_of_weights_is_told() -> None:
    recipe = recipe_of("classification", kind="cross_entropy", class_weights=(1.0, 2.0))
    with pytest.raises(TargetError, match=r"loss\.class_weights has 2 weights; .* 3 classes"):
        target_weights(recipe, CLASSES, 3)


def test_the_prior_bias_gives_back_the_shares() -> None:
    bias = prior_bias("classification", CLASSES, 3)
    np.testing.assert_allclose(np.exp(bias), [0.1, 0.3, 0.6])
    labels = np.array([[0, 1], [0, 1], [0, 0], [1, 1]], dtype=np.float32)
    np.testing.assert_allclose(1 / (1 + np.exp(-prior_bias("multilabel", labels, 2))), [0.25, 0.75])
    np.testing.assert_allclose(1 / (1 + np.exp(-prior_bias("binary", labels[:, 0], 1))), [0.25])
    tokens = np.array([[0, 1], [1, 1]])
    np.testing.assert_allclose(np.exp(prior_bias("language_model", tokens, 2)), [0.25, 0.75])
    assert prior_bias("regression", np.array([1.0, 2.0]), 1).tolist() == [0.0]


@pytest.mark.parametrize("task", ["classification", "binary", "multilabel", "language_model"])
def test_what_never_occurs_has_a_finite_bias(task: Task) -> None:
    shape = {"binary": (4,), "classification": (4,)}.get(task, (4, 3))
    bias = prior_bias(task, np.zeros(shape, dtype=np.int64), 1 if task == "binary" else 3)
    assert np.isfinite(bias).all()
