from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from advisor.data import Dataset
from advisor.preflight.running import data_parts, unsound
from tests.preflight.making import FEATURES, dataset_of, recipe_of, with_train, with_validation

TASKS = ["classification", "binary", "multilabel", "regression"]


def facts(dataset: Dataset) -> dict[str, Any]:
    parts = data_parts(recipe_of(dataset.task), dataset)
    return {name: value for part in parts for name, value in part.facts.items()}


@pytest.mark.parametrize("task", TASKS)
def test_sound_data_show_nothing(task: str) -> None:
    found = facts(dataset_of(task))
    for name in (
        "not_finite_share",
        "out_of_range_share",
        "constant_share",
        "duplicate_feature_share",
        "duplicate_share",
        "leaked_share",
    ):
        assert found[name] == 0, name
    assert found.get("conflicting_share", 0) == 0
    assert found["leaked_group_share"] is None
    assert found["label_shift"] < found["label_shift_limit"]


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("where", ["train", "validation"])
def test_one_value_that_is_no_number(value: float, where: str) -> None:
    dataset = dataset_of()
    split = getattr(dataset, where)
    inputs = split.inputs.copy()
    inputs[3, 2] = value
    change = with_train if where == "train" else with_validation
    parts = data_parts(recipe_of(), change(dataset, inputs))
    assert unsound(parts)
    total = (240 + 90) * (FEATURES + 1)
    assert parts[-1].facts["not_finite_share"] == pytest.approx(1 / total)


@pytest.mark.parametrize(
    ("task", "label"),
    [("classification", 3), ("classification", -1), ("binary", 2), ("binary", 0.5)],
)
def test_a_label_that_the_task_has_not(task: str, label: float) -> None:
    dataset = dataset_of(task)
    targets = dataset.train.targets.copy()
    targets[5] = label
    parts = data_parts(recipe_of(task), with_train(dataset, dataset.train.inputs, targets))
    assert unsound(parts)
    assert parts[-1].facts["out_of_range_share"] == pytest.approx(1 / 330)


def test_a_target_of_a_regression_may_be_any_number() -> None:
    dataset = dataset_of("regression")
    wide = with_train(dataset, dataset.train.inputs, dataset.train.targets * 1000)
    assert not unsound(data_parts(recipe_of("regression"), wide))


def test_features_that_never_change_or_repeat_another() -> None:
    dataset = dataset_of()
    inputs = dataset.train.inputs.copy()
    inputs[:, 1], inputs[:, 4], inputs[:, 6] = 2.5, 2.5, inputs[:, 0]
    found = facts(with_train(dataset, inputs))
    assert found["constant_share"] == 2 / FEATURES
    assert found["duplicate_feature_share"] == 1 / FEATURES


def test_equal_inputs_with_different_labels() -> None:
    dataset = dataset_of()
    inputs, targets = dataset.train.inputs.copy(), dataset.train.targets.copy()
    inputs[:4] = inputs[0]
    targets[:4] = [0, 1, 1, 0]
    inputs[10] = inputs[9]
    targets[10] = targets[9]
    found = facts(with_train(dataset, inputs, targets))
    assert found["conflicting_examples"] == 4
    assert found["conflicting_share"] == pytest.approx(4 / 240)
    assert found["duplicate_share"] == pytest.approx(6 / 240)


def test_equal_inputs_with_different_numbers_are_no_conflict() -> None:
    dataset = dataset_of("regression")
    inputs = dataset.train.inputs.copy()
    inputs[:40] = inputs[0]
    found = facts(with_train(dataset, inputs))
    assert found["duplicate_share"] > 0
    assert "conflicting_share" not in found


def test_inputs_of_few_values_coincide_by_chance() -> None:
    dataset, random = dataset_of(), np.random.default_rng(0)
    ours, theirs = (random.integers(0, 2, (n, 4)).astype(np.float32) for n in (240, 90))
    parts = data_parts(recipe_of(), with_validation(with_train(dataset, ours), theirs))
    found = {name: value for part in parts for name, value in part.facts.items()}
    assert "conflicting_share" not in found
    assert "leaked_share" not in found
    assert any("few values" in note for part in parts for note in part.notes)
