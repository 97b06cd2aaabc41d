"""The checks as a whole, on models of the program's own vocabulary."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from advisor import data
from advisor.backend import load_backend
from advisor.data import Dataset, Split
from advisor.events import ProbeFinished, from_json, to_json
from advisor.facts import VOCABULARY
from advisor.preflight import run
from advisor.probe_facts import PREFLIGHT_NAMES
from advisor.probes import PROBES, probe_epochs
from advisor.recipe import Recipe
from advisor.runner import Runner
from advisor.symptoms import detect
from tests.preflight.making import dataset_of, recipe_of, with_train, with_validation


def fired(recipe: Recipe, probed: ProbeFinished) -> set[str]:
    return {f.symptom for f in detect(recipe, [probed]) if f.outcome == "fired"}


@pytest.mark.parametrize(
    ("source", "task"),
    [
        ("digits", "classification"),
        ("breast_cancer", "binary"),
        ("diabetes", "regression"),
        ("wine", "classification"),
        ("iris", "classification"),
    ],
)
def test_bundled_data_and_models_are_sound(source: str, task: str, backend_name: str) -> None:
    recipe = recipe_of(task, data__source=f"sklearn:{source}", train__epochs=300)
    probed = run(recipe, data.load(recipe.data, recipe.task), load_backend(backend_name), "cpu")
    assert fired(recipe, probed) == set()
    assert set(probed.facts) == set(PREFLIGHT_NAMES)
    types = {"number": (int, float), "flag": (bool,), "text": (str,)}
    for name, value in probed.facts.items():
        assert value is None or isinstance(value, types[VOCABULARY[name].type]), name
    assert from_json(to_json(probed)).facts.keys() == probed.facts.keys()  # type: ignore[union-attr]
    assert probed.facts["repeatable"] is True
    assert probed.facts["signal_ratio"] is not None


def images(n: int) -> Split:
    random = np.random.default_rng(n)
    labels = np.arange(n) % 3
    pixels = random.random((n, 8, 8, 1)) + labels[:, None, None, None]
    return Split(pixels.astype(np.float32), labels)


def test_images(backend_name: str) -> None:
    dataset = replace(dataset_of(), train=images(240), validation=images(60))
    recipe = recipe_of(model={"kind": "cnn", "channels": [4, 8], "hidden": [16]})
    assert fired(recipe, run(recipe, dataset, load_backend(backend_name), "cpu")) == set()


def texts(n: int) -> Split:
    tokens = np.random.default_rng(n).integers(2, 12, (n, 10))
    return Split(tokens.astype(np.int32), np.roll(tokens, -1, axis=1).astype(np.int64))


@pytest.mark.parametrize("kind", ["rnn", "transformer"])
def test_language_models_know_no_later_token(kind: str, backend_name: str) -> None:
    recipe = Recipe.model_validate(
        {
            "task": "language_model",
            "data": {"source": "text:a.txt"},
            "model": {"kind": kind},
            "train": {"batch_size": 16, "epochs": 20},
        }
    )
    dataset = replace(
        dataset_of(),
        task="language_model",
        train=texts(160),
        validation=texts(40),
        outputs=12,
        vocabulary=12,
        classes=None,
    )
    probed = run(recipe, dataset, load_backend(backend_name), "cpu")
    assert probed.facts["future_change"] == pytest.approx(0, abs=1e-4)
    assert probed.facts["linear_metric"] is None
    assert fired(recipe, probed) == set()


@pytest.mark.parametrize(
    ("changes", "symptom"),
    [
        ({"initialization__gain": 0.05, "model__hidden": [16, 16, 16]}, "poor_initialization"),
        ({"initialization__gain": 10.0, "model__hidden": [16, 16, 16]}, "poor_initialization"),
        ({"initialization__kind": "zeros"}, "symmetric_initialization"),
    ],
)
def test_starts_that_are_poor(changes: dict[str, Any], symptom: str, backend_name: str) -> None:
    recipe = recipe_of(**changes)
    probed = run(recipe, dataset_of(), load_backend(backend_name), "cpu")
    assert fired(recipe, probed) == {symptom}


def broken(kind: str) -> Dataset:
    dataset = dataset_of()
    inputs, targets = dataset.train.inputs.copy(), dataset.train.targets.copy()
    match kind:
        case "not finite":
            inputs[0, 0] = np.nan
        case "labels":
            targets[0] = 7
        case "copies":
            return with_validation(dataset, dataset.train.inputs[:90])
        case "conflicts":
            inputs[:100] = inputs[100:200]
            targets[:100] = (targets[100:200] + 1) % 3
        case "constant":
            inputs[:, :6] = 1.0
    return with_train(dataset, inputs, targets)


@pytest.mark.parametrize(
    ("kind", "symptom"),
    [
        ("not finite", "invalid_data"),
        ("labels", "invalid_data"),
        ("copies", "leakage"),
        ("conflicts", "conflicting_labels"),
        ("constant", "dead_features"),
    ],
)
def test_data_that_are_faulty(kind: str, symptom: str, backend_name: str) -> None:
    recipe = recipe_of()
    probed = run(recipe, broken(kind), load_backend(backend_name), "cpu")
    assert fired(recipe, probed) == {symptom}
    if symptom == "invalid_data":
        assert probed.steps == 0
        assert probed.facts["output_spread"] is None
        assert "put right" in probed.message


@pytest.mark.parametrize("epochs", [1, 100])
@pytest.mark.parametrize("probe", ["preflight", "one_batch"])
def test_probes_cost_no_more_than_they_say(probe: str, epochs: int, backend_name: str) -> None:
    recipe, dataset = recipe_of(train__epochs=epochs, optimizer__lr=1e-6), dataset_of()
    probed = PROBES[probe](recipe, dataset, load_backend(backend_name), "cpu")
    assert probed.probe == probe
    assert 0 <= probed.epochs <= probe_epochs(probe, recipe, len(dataset.train.targets))
    share = {"preflight": 0.02, "one_batch": 0.1}[probe]
    assert probed.steps <= share * epochs * (240 // 16)
    assert (probed.steps > 0) == (epochs == 100)


def test_the_worker_runs_it(backend_name: str, tmp_path: Path) -> None:
    recipe = recipe_of()
    with Runner(backend_name, "cpu") as runner:
        events = runner.probe("preflight", recipe, tmp_path)
    (probed,) = events
    assert isinstance(probed, ProbeFinished)
    assert fired(recipe, probed) == set()
    assert probed.facts["linear_metric"] == pytest.approx(1.0, abs=0.1)
