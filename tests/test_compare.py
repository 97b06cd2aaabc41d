from __future__ import annotations

import math

import numpy as np
import pytest

from advisor import data
from advisor.backend import load_backend
from advisor.compare import LIMITS, Agreement, Gate, _gates, compare, summary
from advisor.parity import measure, without_dropout
from advisor.recipe import Recipe

RECIPE = Recipe.model_validate(
    {
        "name": "digits",
        "task": "classification",
        "data": {"source": "sklearn:digits"},
        "model": {"kind": "cnn", "channels": (4, 8), "hidden": (16,), "normalization": "batch"},
        "optimizer": {"kind": "adamw", "lr": 0.003},
        "schedule": {"kind": "one_cycle"},
        "regularization": {"dropout": 0.3, "weight_decay": 0.05},
        "train": {"batch_size": 32, "epochs": 3},
    }
)


def arrays(scale: float = 1.0) -> dict[str, np.ndarray]:
    random = np.random.default_rng(0)
    made = {"forward": random.normal(size=(4, 3)), "gradient.a": random.normal(size=(5, 2))}
    return {name: scale * array for name, array in (made | {"losses": np.ones(7)}).items()}


def test_two_backends_train_the_same_thing() -> None:
    pytest.importorskip("torch")
    pytest.importorskip("jax")
    agreement = compare(RECIPE, ("torch", "jax"), 60, "cpu")
    assert agreement.ok, agreement.gates
    assert {gate.name for gate in agreement.gates} == set(LIMITS)
    assert all(gate.limit == LIMITS[gate.name] for gate in agreement.gates)
    assert len(agreement.losses["torch"]) == 60
    assert agreement.losses["torch"][-1] < agreement.losses["torch"][0]
    assert "dropout is off" in agreement.notes[0]
    told = summary(agreement, RECIPE)
    assert told["ok"] is True
    assert all(set(gate) >= {"name", "value", "limit", "ok"} for gate in told["gates"])


def test_a_difference_fails_its_gate_and_the_sentence_names_it() -> None:
    other = arrays()
    other["losses"] = other["losses"] * (1 + 1e-6)
    gates = _gates("float64", arrays(), other)
    agreement = Agreement(("one", "other"), tuple(gates), {}, ())
    assert [gate.name for gate in gates if not gate.ok] == ["losses float64"]
    assert not agreement.ok
    assert "losses float64" in agreement.sentence


def test_identical_arrays_pass() -> None:
    assert all(gate.ok and gate.value == 0 for gate in _gates("float32", arrays(), arrays()))


def test_what_is_not_a_number_is_no_agreement() -> None:
    assert not Gate("x", "", math.nan, 1.0).ok


def test_one_backend_measures_the_same_twice(backend_name: str) -> None:
    dataset = data.load(RECIPE.data, RECIPE.task)
    backend = load_backend(backend_name)
    one, again = (measure(RECIPE, dataset, backend, "float64", 5, "cpu") for _ in range(2))
    assert set(one) == set(again)
    for name, array in one.items():
        np.testing.assert_array_equal(array, again[name])
    assert one["losses"].shape == (5,)
    assert one["losses"].dtype == np.float64


def test_only_dropout_is_changed_for_the_comparison() -> None:
    plain = without_dropout(RECIPE)
    before, after = RECIPE.flat(), plain.flat()
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"regularization.dropout"}
