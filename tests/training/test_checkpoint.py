"""A training that was killed goes on from its checkpoint as if nothing had happened."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from safetensors.numpy import load_file

from advisor import data
from advisor.backend import load_backend
from advisor.events import Evaluated, Event, StepsDone
from advisor.recipe import Recipe
from advisor.training import Checkpoints, Options, Outcome, train
from advisor.training.checkpoint import Checkpoint, Progress


class KilledError(Exception):
    pass


def recipe(changes: dict[str, Any]) -> Recipe:
    made = Recipe.model_validate(
        {
            "task": "classification",
            "data": {"source": "sklearn:iris"},
            "model": {"kind": "mlp", "hidden": (8,), "normalization": "batch"},
            "optimizer": {"kind": "adam", "lr": 0.02},
            "train": {"batch_size": 16, "epochs": 6},
            "regularization": {"dropout": 0.2},
        }
    )
    return made.changed(changes)


KINDS: dict[str, dict[str, Any]] = {
    "adam": {},
    "momentum": {"optimizer.kind": "sgd", "optimizer.momentum": 0.9},
    "handed over": {"optimizer.handover": {"at": 0.5}},
    "averaged": {"regularization.average": {"kind": "ema", "start": 0.3}},
    "plateau": {"schedule.kind": "plateau", "schedule.patience": 0, "schedule.threshold": 0.5},
    "stopped early": {"train.early_stopping": {"patience": 2, "min_delta": 0.02}},
}


@pytest.mark.parametrize("changes", KINDS.values(), ids=KINDS)
def test_going_on_is_bit_identical(
    backend_name: str, changes: dict[str, Any], tmp_path: Path
) -> None:
    made = recipe(changes)
    dataset, backend = data.load(made.data, made.task), load_backend(backend_name)

    def trained(emit: Callable[[Event], None], checkpoints: Checkpoints | None) -> Outcome:
        return train(made, dataset, backend, emit, Options("cpu", checkpoints=checkpoints))

    whole: list[Event] = []
    undisturbed = trained(whole.append, None)
    evaluations = sum(isinstance(event, Evaluated) for event in whole)
    heard: list[Event] = []

    def until_the_kill(event: Event) -> None:
        heard.append(event)
        if isinstance(event, StepsDone) and event.epoch > min(3, evaluations - 1):
            raise KilledError

    checkpoints = Checkpoints(tmp_path, "this", 0.0)
    with pytest.raises(KilledError):
        trained(until_the_kill, checkpoints)
    found = checkpoints.read()
    assert found is not None
    kept = heard[: found.progress.events]
    continued = trained(kept.append, Checkpoints(tmp_path, "this", 0.0))
    assert_same(continued, undisturbed)
    assert [_timeless(event) for event in kept] == [_timeless(event) for event in whole]


def assert_same(one: Outcome, other: Outcome) -> None:
    assert one.weights is not None
    assert other.weights is not None
    assert one.weights.keys() == other.weights.keys()
    for name, array in one.weights.items():
        assert_array_equal(array, other.weights[name])
    assert one.outputs is not None
    assert other.outputs is not None
    assert_array_equal(one.outputs, other.outputs)


def _timeless(event: Event) -> dict[str, Any]:
    clocks = ("seconds", "training_seconds")
    return {name: value for name, value in vars(event).items() if name not in clocks}


def a_checkpoint(step: int = 3) -> Checkpoint:
    weights = {"dense1.kernel": np.eye(2) * step}
    return Checkpoint(Progress(step, waited_for=0.5), weights, weights, np.ones((4, 2)))


def test_only_the_same_training_goes_on(tmp_path: Path) -> None:
    Checkpoints(tmp_path, "this").write(a_checkpoint())
    assert Checkpoints(tmp_path, "another").read() is None
    found = Checkpoints(tmp_path, "this").read()
    assert found is not None
    assert found.progress == a_checkpoint().progress
    assert_array_equal(found.state["dense1.kernel"], 3 * np.eye(2))


def test_a_new_checkpoint_takes_the_place_of_the_old(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path, "this")
    for step in (1, 2):
        checkpoints.write(a_checkpoint(step))
    found = checkpoints.read()
    assert found is not None
    assert found.progress.step == 2
    assert len(list(tmp_path.iterdir())) == 2
    checkpoints.remove()
    assert not list(tmp_path.iterdir())


def test_a_kill_while_writing_leaves_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoints = Checkpoints(tmp_path, "this")
    checkpoints.write(a_checkpoint(1))

    def killed(path: Path, text: str) -> None:
        raise KilledError

    monkeypatch.setattr("advisor.training.checkpoint.write_text", killed)
    with pytest.raises(KilledError):
        checkpoints.write(a_checkpoint(2))
    found = checkpoints.read()
    assert found is not None
    assert found.progress.step == 1


def test_what_is_on_disk_is_arrays_and_json(tmp_path: Path) -> None:
    Checkpoints(tmp_path, "this").write(a_checkpoint())
    content = json.loads((tmp_path / "checkpoint.json").read_text())
    assert set(load_file(tmp_path / content["arrays"])) == {
        "training/dense1.kernel",
        "best/dense1.kernel",
        "outputs",
    }
