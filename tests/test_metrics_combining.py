from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from advisor.metrics import combined
from advisor.recipe import Task

LOGITS = st.floats(-30, 30)
MEMBERS = st.integers(2, 5).flatmap(
    lambda many: st.lists(arrays(np.float64, (4, 3), elements=LOGITS), min_size=many, max_size=many)
)


def softmax(outputs: np.ndarray) -> np.ndarray:
    powers = np.exp(outputs - outputs.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True))


def sigmoid(outputs: np.ndarray) -> np.ndarray:
    return np.asarray(1 / (1 + np.exp(-outputs)))


@given(MEMBERS)
def test_classes_have_the_mean_of_the_softmax_probabilities(members: list[np.ndarray]) -> None:
    found = softmax(combined("classification", members))
    np.testing.assert_allclose(found, np.mean([softmax(m) for m in members], axis=0), atol=1e-12)


@given(MEMBERS)
def test_tokens_are_averaged_one_by_one(members: list[np.ndarray]) -> None:
    texts = [np.stack([one, -one]) for one in members]  # (2, time 4, outputs 3)
    found = softmax(combined("language_model", texts))
    np.testing.assert_allclose(found, np.mean([softmax(m) for m in texts], axis=0), atol=1e-12)


@pytest.mark.parametrize("task", ["binary", "multilabel"])
@given(members=MEMBERS)
def test_labels_have_the_mean_of_the_sigmoid_probabilities(
    task: Task, members: list[np.ndarray]
) -> None:
    found = sigmoid(combined(task, members))
    np.testing.assert_allclose(found, np.mean([sigmoid(m) for m in members], axis=0), atol=1e-12)


@given(MEMBERS)
def test_regression_has_the_mean_output(members: list[np.ndarray]) -> None:
    np.testing.assert_allclose(combined("regression", members), np.mean(members, axis=0))


@pytest.mark.parametrize("task", ["classification", "binary", "regression", "language_model"])
def test_one_member_is_told_as_it_is(task: Task) -> None:
    alone = np.array([[1.0, -2.0]], np.float32)
    assert combined(task, [alone]) is alone


@pytest.mark.parametrize("task", ["classification", "multilabel"])
def test_what_is_beyond_doubt_stays_finite(task: Task) -> None:
    sure = np.array([[1000.0, -1000.0]], np.float32)
    found = combined(task, [sure, sure])
    assert np.isfinite(found).all()
    assert found[0, 0] > found[0, 1]
    assert found.dtype == np.float32


def test_two_that_are_unsure_are_outvoted_by_one_that_is_sure() -> None:
    """Which the mean of the outputs, or a vote of the classes, need not say."""
    unsure = np.array([[0.1, 0.0]])
    sure = np.array([[-4.0, 4.0]])
    assert combined("classification", [unsure, unsure, sure]).argmax() == 1
