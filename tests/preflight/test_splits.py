from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from advisor import data
from advisor.data import Dataset, Split
from advisor.preflight import looking
from advisor.preflight.running import data_parts
from tests.preflight.making import dataset_of, recipe_of, with_validation


def facts(dataset: Dataset) -> dict[str, Any]:
    parts = data_parts(recipe_of(dataset.task), dataset)
    return {name: value for part in parts for name, value in part.facts.items()}


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_copies_of_training_inputs_in_validation(task: str) -> None:
    dataset = dataset_of(task)
    inputs = dataset.validation.inputs.copy()
    inputs[:18] = dataset.train.inputs[100:118]
    found = facts(with_validation(dataset, inputs))
    assert (found["leaked_examples"], found["leaked_share"]) == (18, 0.2)


def grouped(tmp_path: Path, split: str) -> Dataset:
    random = np.random.default_rng(0)
    x, y = random.standard_normal((200, 5)), np.arange(200) % 2
    np.savez(tmp_path / "grouped.npz", x_train=x, y_train=y, groups=np.arange(200) // 10)
    recipe = recipe_of(data__source=f"npz:{tmp_path}/grouped.npz", data__split=split)
    return data.load(recipe.data, recipe.task)


def test_groups_on_both_sides(tmp_path: Path) -> None:
    share = facts(grouped(tmp_path, "random"))["leaked_group_share"]
    assert share > 0.9
    apart = grouped(tmp_path, "group")
    assert facts(apart)["leaked_group_share"] == 0
    assert len(apart.train.groups) == len(apart.train.targets)  # type: ignore[arg-type]


def test_labels_that_are_shared_out_unevenly() -> None:
    dataset, validation = dataset_of(), dataset_of().validation
    kept = np.flatnonzero(validation.targets > 0)
    found = facts(with_validation(dataset, validation.inputs[kept], validation.targets[kept]))
    assert found["label_shift"] == pytest.approx(1 / 3, abs=0.01)
    assert found["label_shift"] > found["label_shift_limit"]
    assert (found["missing_classes"], found["rarest_in_validation"]) == (1, 0)


def test_values_of_another_distribution() -> None:
    dataset = dataset_of("regression")
    targets = dataset.validation.targets + 1
    found = facts(with_validation(dataset, dataset.validation.inputs, targets))
    assert found["label_shift"] > 1.5 * found["label_shift_limit"]


def test_a_label_that_validation_lacks() -> None:
    dataset = dataset_of("multilabel")
    targets = dataset.validation.targets.copy()
    targets[:, 1] = 0
    found = facts(with_validation(dataset, dataset.validation.inputs, targets))
    assert found["missing_classes"] == 1
    assert found["label_shift"] == pytest.approx(0.5, abs=0.1)


@pytest.mark.parametrize("task", ["classification", "binary", "multilabel", "regression"])
def test_random_splits_stay_within_the_limit(task: str) -> None:
    whole, found = dataset_of(task, 330), list[dict[str, Any]]()
    for seed in range(100):
        order = np.random.default_rng(seed).permutation(330)
        ours, theirs = (
            Split(whole.train.inputs[rows], whole.train.targets[rows])
            for rows in (order[:240], order[240:])
        )
        found.append(facts(replace(whole, train=ours, validation=theirs)))
    shares = [each["label_shift"] / each["label_shift_limit"] for each in found]
    assert sum(share > 1 for share in shares) <= 1
    assert max(shares) > 0.5


def test_large_data_are_sampled_and_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looking, "MOST_VALUES", 800)
    dataset = dataset_of()
    inputs = dataset.validation.inputs.copy()
    inputs[:] = dataset.train.inputs[:90]
    parts = data_parts(recipe_of(), with_validation(dataset, inputs))
    notes = [note for part in parts for note in part.notes]
    assert "data checks read 100 of 240 training examples" in notes
    assert any("more validation inputs may be" in note for note in notes)
    again = data_parts(recipe_of(), with_validation(dataset, inputs))
    assert [part.facts for part in parts] == [part.facts for part in again]
