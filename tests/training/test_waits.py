"""Only inputs that are read as they are needed are waited for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from advisor import data
from advisor.backend import load_backend
from advisor.data import streams
from advisor.events import Event, StepsDone
from advisor.recipe import Recipe
from advisor.training import Options, train


def waits(backend_name: str, folder: Path, **changes: Any) -> list[float | None]:
    random = np.random.default_rng(0)
    np.save(folder / "x_train.npy", random.integers(0, 256, (60, 4, 4, 3), dtype=np.uint8))
    np.save(folder / "y_train.npy", np.arange(60) % 3)
    recipe = Recipe.model_validate(
        {
            "task": "classification",
            "data": {"source": f"memmap:{folder}"},
            "model": {"kind": "mlp", "hidden": (4,)},
            "train": {"batch_size": 16, "epochs": 2},
            **changes,
        }
    )
    told: list[Event] = []
    dataset = data.load(recipe.data, recipe.task)
    train(recipe, dataset, load_backend(backend_name), told.append, Options("cpu"))
    return [event.wait_seconds for event in told if isinstance(event, StepsDone)]


def test_streamed_inputs_are_waited_for(
    backend_name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "MOST_MAPPED", 100)
    assert all(wait is not None and wait > 0 for wait in waits(backend_name, tmp_path))


def test_inputs_in_memory_are_not(backend_name: str, tmp_path: Path) -> None:
    assert set(waits(backend_name, tmp_path)) == {0.0}


def test_what_augmentation_makes_is_work_and_no_wait(backend_name: str, tmp_path: Path) -> None:
    turned = {"augmentation": {"rotation": 10}}
    assert set(waits(backend_name, tmp_path, regularization=turned)) == {None}
