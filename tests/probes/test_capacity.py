from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from advisor.backend import load_backend
from advisor.data import Dataset, Split
from advisor.probes import capacity, probe_epochs
from advisor.probes.capacity import ENOUGH, Attempt, undecided, verdict
from tests.preflight.making import dataset_of, recipe_of


def labelled_at_random(examples: int = 128) -> Dataset:
    """Three labels that have nothing to do with the inputs: only memory can fit them."""
    made = dataset_of(train=examples)
    labels = np.random.default_rng(5).integers(0, 3, examples)
    inputs = np.random.default_rng(6).normal(size=made.train.inputs.shape).astype(np.float32)
    return Dataset(**{**vars(made), "train": Split(inputs, labels)})


def probed(backend_name: str, **changes: Any) -> Any:
    recipe = recipe_of(train__epochs=600, optimizer__lr=0.01, **changes)
    found = capacity(recipe, labelled_at_random(), load_backend(backend_name), "cpu")
    assert 0 < found.epochs <= probe_epochs("capacity", recipe, 128)
    assert found.facts["sample_examples"] == 128
    return found


def test_a_wide_model_learns_random_labels_by_heart(backend_name: str) -> None:
    found = probed(backend_name, model__hidden=(64, 64), regularization__dropout=0.5)
    assert found.facts["overfits_sample"] is True
    assert found.facts["sample_lr"] == 0.01
    assert found.message == ""
    loss = found.facts["sample_loss"]
    assert loss is not None
    assert loss == pytest.approx(min(found.curve["sample_loss"]))


def test_a_narrow_model_cannot(backend_name: str) -> None:
    found = probed(backend_name, model__hidden=(2,))
    assert found.facts["overfits_sample"] is False
    assert float(found.facts["sample_loss"] or 0) > 0.5


def test_a_rate_that_moves_nothing_says_nothing() -> None:
    pytest.importorskip("torch")
    recipe = recipe_of(train__epochs=600, optimizer__lr=1e-9)
    found = capacity(recipe, labelled_at_random(), load_backend("torch"), "cpu")
    assert found.facts["overfits_sample"] is None
    assert "hardly moved" in found.message


def test_few_examples_or_short_trainings_are_not_tried() -> None:
    pytest.importorskip("torch")
    recipe, backend = recipe_of(train__epochs=1), load_backend("torch")
    for examples in (48, 240):
        found = capacity(recipe, dataset_of(train=examples), backend, "cpu")
        assert found.facts["overfits_sample"] is None
        assert found.epochs <= probe_epochs("capacity", recipe, examples) <= 0.5
        assert found.message
    assert probe_epochs("capacity", recipe, 48) == 0


def attempt(*losses: float, passes: int = ENOUGH, moved: float = 5.0) -> Attempt:
    return Attempt(0.1, list(losses), passes, moved)


def test_what_is_said_of_a_sample_that_was_not_fitted() -> None:
    stuck, fast = attempt(0.9, 0.8, 0.8, 0.79), attempt(0.9, 0.8, 0.6, 0.55)
    assert verdict([stuck, stuck], 256)[0]["overfits_sample"] is False
    assert "on its way" in undecided([stuck, fast])
    assert "passes" in undecided([stuck, attempt(0.9, 0.8, 0.8, 0.8, passes=ENOUGH - 1)])
    assert "moved" in undecided([attempt(0.9, 0.9, 0.9, 0.9, moved=0.01)])
    broken = attempt(float("nan"), passes=1)
    assert verdict([stuck, broken], 256)[0]["overfits_sample"] is False
    facts, _ = verdict([broken], 256)
    assert facts["sample_loss"] is None
