"""The steps of an epoch, as told, as the examples make them, or as evaluations show."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from advisor import record
from advisor.record.arguments import Setup, checked
from advisor.record.epochs import EpochSteps
from tests.record.reading import fired, history

LEFT_OUT = {"epochs": 10, "batch_size": 32, "classes": 3}
NONE = dict.fromkeys(
    (
        *("metric", "classes", "steps_per_epoch", "train_examples", "validation_examples"),
        *("targets", "inputs", "chance_loss", "chance_metric"),
    )
)


def setup(**told: Any) -> Setup:
    return checked({"task": "classification", "epochs": 10, "batch_size": 32, **NONE, **told})


@pytest.mark.parametrize(
    ("told", "step", "epoch", "steps"),
    [
        ({"steps_per_epoch": 40}, 31, None, 40),
        ({"train_examples": 1000}, 32, None, 32),
        ({"train_examples": 1000}, 31, None, 31),
        ({"train_examples": 1000}, 16, None, 32),
        ({"train_examples": 1000}, 16, 0.5, 32),
        ({"train_examples": 1000}, 8, 1.0, 8),
        ({"train_examples": 992}, 31, None, 31),
        ({"train_examples": 20}, 1, None, 1),
        ({}, 25, None, 25),
        ({}, 25, 2.0, 12),
        ({}, 25, 0.5, 50),
        ({}, 25, 0.0, None),
    ],
)
def test_one_evaluation(
    told: dict[str, Any], step: int, epoch: float | None, steps: int | None
) -> None:
    counted = EpochSteps(setup(**told))
    before = counted.steps
    assert counted.evaluated(step, 1, epoch) is (steps != before)
    assert counted.steps == steps


def test_what_was_seen_once_stays() -> None:
    counted = EpochSteps(setup(train_examples=1000))
    assert counted.evaluated(31, 1, None)
    assert not counted.evaluated(64, 2, None)
    assert counted.steps == 31


@pytest.mark.parametrize("told", [{"train_examples": 1000}, {"targets": [0, 1] * 500}])
def test_a_loop_that_leaves_out_its_last_batch_is_a_whole_training(
    told: dict[str, Any], tmp_path: Path
) -> None:
    with record.start(tmp_path, **LEFT_OUT, **told) as log:
        for epoch in range(10):
            for step in range(31):
                log.step(1.1 * 0.98 ** (31 * epoch + step))
            log.evaluated(validation_loss=1.1 * 0.98 ** (31 * epoch + 31))
    found = history(tmp_path)
    assert found.started is not None
    assert found.finished is not None
    assert (found.started.steps_per_epoch, found.total_steps) == (31, 310)
    assert (found.finished.status, found.finished.epochs) == ("finished", 10.0)
    assert [e.epoch for e in found.evaluations] == list(range(1, 11))
    assert "stopped_too_early" not in fired(tmp_path)


def test_a_loop_that_stops_is_still_seen_to(tmp_path: Path) -> None:
    with record.start(tmp_path, **LEFT_OUT, train_examples=1000) as log:
        for _ in range(5):
            for _ in range(31):
                log.step(1.0)
            log.evaluated(validation_loss=1.0)
    finished = history(tmp_path).finished
    assert finished is not None
    assert finished.message == "the loop ended after 5 of 10 epochs"
