from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.data import Dataset, Split
from advisor.preflight.looking import look_at
from advisor.preflight.targets import check_copies, check_outliers
from tests.preflight.making import dataset_of, with_train


def outliers(targets: np.ndarray) -> object:
    dataset = dataset_of("regression", len(targets))
    made = with_train(dataset, dataset.train.inputs, targets.astype(np.float32))
    return check_outliers(made).facts.get("target_outlier_share")


def copies(dataset: Dataset) -> object:
    return check_copies(dataset, look_at(dataset)[0]).facts.get("copied_columns")


def test_a_twentieth_of_the_targets_far_away() -> None:
    targets = np.random.default_rng(0).standard_normal(200)
    assert outliers(targets) == 0
    targets[:10] = 40.0
    assert outliers(targets) == pytest.approx(0.05)


@given(st.floats(1e-3, 1e3), st.floats(-1e3, 1e3))
def test_scale_and_offset_make_no_outlier(scale: float, offset: float) -> None:
    targets = np.random.default_rng(1).uniform(-1, 1, 100)
    assert outliers(scale * targets + offset) == 0


def test_targets_that_are_mostly_equal_are_not_judged() -> None:
    assert outliers(np.array([0.0] * 60 + [1.0] * 40)) is None
    assert check_outliers(dataset_of()).facts == {}


@pytest.mark.parametrize("task", ["regression", "binary"])
@pytest.mark.parametrize("factor", [1.0, -250.0])
def test_a_column_that_is_the_target(task: str, factor: float) -> None:
    sound = dataset_of(task)
    assert copies(sound) == 0
    inputs = sound.train.inputs.copy()
    inputs[:, 3] = factor * sound.train.targets + 7
    assert copies(with_train(sound, inputs)) == 1


def test_a_column_near_the_target_is_a_good_feature() -> None:
    sound = dataset_of("regression")
    inputs = sound.train.inputs.copy()
    noise = np.random.default_rng(0).standard_normal(len(inputs)).astype(np.float32)
    inputs[:, 3] = sound.train.targets + 0.05 * noise
    inputs[:, 4] = 1.0  # never varies
    assert copies(with_train(sound, inputs)) == 0


def test_classes_and_labels_are_not_looked_for_in_columns() -> None:
    assert copies(dataset_of("classification")) is None
    assert copies(dataset_of("multilabel")) is None


def test_a_text_whose_answers_are_its_own_tokens() -> None:
    tokens = np.random.default_rng(0).integers(2, 20, (30, 9)).astype(np.int32)
    tokens[:5, 6:] = 0  # short examples
    shifted = Split(tokens[:, :-1], tokens[:, 1:].astype(np.int64))
    same = Split(tokens[:, :-1], tokens[:, :-1].astype(np.int64))
    base = replace(dataset_of(), task="language_model", outputs=20, classes=None, vocabulary=20)
    for train, low, high in ((shifted, 0.0, 0.2), (same, 1.0, 1.0)):
        made = replace(base, train=train, validation=train)
        share = check_copies(made, look_at(made)[0]).facts["copied_target_share"]
        assert low <= share <= high  # type: ignore[operator]
