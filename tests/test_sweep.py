from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from advisor.events import Event, TrialFinished
from advisor.recipe import Recipe
from advisor.runner import Runner
from advisor.sweep import Member, run_sweep


def recipe(lr: float, **changes: object) -> Recipe:
    made = Recipe.model_validate(
        {
            "task": "classification",
            "data": {"source": "sklearn:iris"},
            "model": {"kind": "mlp", "hidden": (8,)},
            "optimizer": {"kind": "adamw", "lr": lr},
            "regularization": {"dropout": 0.2},
            "train": {"batch_size": 16, "epochs": 5},
        }
    )
    return made.changed(changes)


def end(events: Sequence[Event]) -> TrialFinished:
    last = events[-1]
    assert isinstance(last, TrialFinished)
    return last


@pytest.mark.parametrize(("backend_name", "workers"), [("torch", 1), ("jax", 2)])
def test_a_sweep_gives_what_separate_trainings_give(
    backend_name: str, workers: int, tmp_path: Path
) -> None:
    recipes = [
        recipe(0.001),
        recipe(0.01, **{"train.seed": 3}),
        recipe(0.03, **{"regularization.weight_decay": 0.1, "regularization.dropout": 0.4}),
        recipe(1000.0, **{"train.early_stopping": {"patience": 1}}),
    ]
    members = [Member(each, tmp_path / str(number)) for number, each in enumerate(recipes)]
    heard: list[int] = []
    found = run_sweep(
        members,
        lambda cpus: Runner(backend_name, "cpu", cpus=cpus),
        workers,
        lambda member, event: heard.append(member),
    )
    assert sorted(set(heard)) == [0, 1, 2, 3]
    with Runner(backend_name, "cpu") as runner:
        for number, each in enumerate(recipes[:3]):
            alone = runner.train(each, tmp_path / f"alone{number}")
            assert end(found[number]).epochs == end(alone).epochs
            assert len(found[number]) == len(alone)
            ours, theirs = (
                load_file(tmp_path / place / "validation.safetensors")["outputs"]
                for place in (str(number), f"alone{number}")
            )
            np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=1e-4)
    assert end(found[3]).epochs <= 5
