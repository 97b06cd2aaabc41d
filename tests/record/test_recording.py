"""What a loop tells is what History and the symptoms read."""

from __future__ import annotations

import importlib.util
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from advisor import record
from advisor.events import Evaluated, StepsDone, TrialFinished, from_json
from advisor.logs import read_log
from tests.record import loops
from tests.record.reading import fired, history

LOOPS: dict[str, Callable[..., Any]] = {"torch": loops.torch_loop, "jax": loops.jax_loop}
SETUP = {"epochs": 10, "batch_size": loops.BATCH, "classes": loops.CLASSES}


def start(folder: Path, **changes: Any) -> record.Recorder:
    return record.start(folder, **{**SETUP, **changes})


def test_a_healthy_loop(backend_name: str, tmp_path: Path) -> None:
    inputs, targets = loops.data()
    with start(tmp_path, targets=targets, inputs=inputs, validation_examples=192) as log:
        LOOPS[backend_name](log, 10)
    found = history(tmp_path)
    started, finished = found.started, found.finished
    assert started is not None
    assert finished is not None
    assert (started.backend, started.device, started.steps_per_epoch) == (backend_name, "cpu", 12)
    assert (started.parameters, started.data.train_examples) == (195, 192)
    assert started.chance_loss == pytest.approx(math.log(3), rel=1e-6)
    assert found.steps == found.total_steps == 120
    assert found.loss[0] == pytest.approx(started.initial_loss)
    assert found.loss[-12:].mean() < 0.5 * found.loss[:12].mean()
    assert (finished.status, finished.steps, finished.epochs) == ("finished", 120, 10)
    assert [e.epoch for e in found.evaluations] == list(range(1, 11))
    assert fired(tmp_path) <= {"batch_too_large", "validation_too_small", "still_improving"} | {
        "underfitting"
    }
    assert np.ptp(found.lr) == 0


def test_layers_are_measured(backend_name: str, tmp_path: Path) -> None:
    with start(tmp_path) as log:
        LOOPS[backend_name](log, 10)
    found = history(tmp_path)
    names = {"torch": ["0.weight", "2.weight"], "jax": ["Dense_0.kernel", "Dense_10.kernel"]}
    assert found.kernels == names[backend_name]
    assert found.update_ratio is not None
    assert 1e-4 < found.update_ratio < 0.1
    assert all(0.01 < norm < 10 for norm in found.layer_gradients.values())
    assert (found.grad_norm > 0).all()
    known = record.read_about(tmp_path)
    assert known is not None
    assert not {"grad_norm", "layers", "lr"} & set(known.unknown)


def test_update_ratio_and_gradient_are_exact(tmp_path: Path) -> None:
    """By hand, on the second step of gradient descent: the update is lr times the gradient."""
    torch = pytest.importorskip("torch")
    model = torch.nn.Linear(4, 2, bias=False)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    log = start(tmp_path)
    for _ in range(2):
        before = model.weight.detach().clone()
        optimizer.zero_grad()
        loss = model(torch.ones(3, 4)).square().sum()
        loss.backward()
        optimizer.step()
        log.step(loss, lr=0.5, model=model)
    log.close()
    chunk = history(tmp_path).chunks[1]
    layer, norm = chunk.layers["weight"], float(model.weight.grad.norm())
    assert layer.grad_norm == chunk.grad_norm[-1] == pytest.approx(norm, rel=1e-6)
    assert layer.weight_norm == pytest.approx(float(model.weight.detach().norm()), rel=1e-6)
    assert layer.update_ratio == pytest.approx(0.5 * norm / float(before.norm()), rel=1e-5)


def test_forgotten_zero_grad_shows(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    for name, zero_grad in (("sound", True), ("forgotten", False)):
        with start(tmp_path / name) as log:
            loops.torch_loop(log, 10, zero_grad=zero_grad)
    sound, forgotten = (history(tmp_path / name).grad_norm for name in ("sound", "forgotten"))
    assert np.median(forgotten[-60:]) > 5 * np.median(sound[-60:])
    assert np.median(forgotten[-60:]) > 3 * forgotten[0]


def test_nan_losses_show(backend_name: str, tmp_path: Path) -> None:
    with start(tmp_path) as log:
        LOOPS[backend_name](log, 10, nan_at=50)
    found = history(tmp_path)
    assert int(np.argmax(~np.isfinite(found.loss))) == 50
    assert found.finished is not None
    assert found.finished.status == "diverged"
    assert found.finished.message == "the training loss was not finite at step 51"
    assert "non_finite" in fired(tmp_path)


def test_losses_alone_raise_no_false_alarm(tmp_path: Path) -> None:
    with start(tmp_path, steps_per_epoch=12) as log:
        for step in range(120):
            log.step(1.1 * 0.98**step)
            if step % 12 == 11:
                log.evaluated(validation_loss=1.1 * 0.98**step)
    assert fired(tmp_path) <= {"still_improving", "batch_too_large"}
    found = history(tmp_path)
    assert np.isnan(found.grad_norm).all()
    assert np.isnan(found.lr).all()
    assert not found.knows("grad_norm")
    assert read_log(tmp_path).notes == ()
    known = record.read_about(tmp_path)
    assert known is not None
    assert {"grad_norm", "layers", "lr", "validation_metric", "inputs"} <= set(known.unknown)
    assert "train_loss" in known.assumed
    assert history(tmp_path).evaluations[0].train_loss == pytest.approx(
        np.mean([1.1 * 0.98**i for i in range(12)]), rel=1e-6
    )


def test_values_of_the_loop_are_kept_as_given(tmp_path: Path) -> None:
    losses, rates = [3.0, math.inf, 1.0, math.nan, 2e-7], [0.1, None, 0.2, np.float32(0.25), None]
    with start(tmp_path, steps_per_epoch=5) as log:
        for loss, lr in zip(losses, rates, strict=True):
            log.step(loss, lr=lr, grad_norm=2 * loss)
    found = history(tmp_path)
    np.testing.assert_array_equal(found.loss, losses)
    np.testing.assert_array_equal(found.grad_norm, 2 * np.array(losses))
    assert found.lr.tolist() == [0.1, 0.1, 0.2, 0.25, 0.25]


def test_a_loss_that_is_changed_in_place_later(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    loss, rate = torch.tensor(0.0), torch.tensor(0.5)
    with start(tmp_path) as log:
        for _ in range(20):
            log.step(loss, lr=rate)
            loss += 1
            rate /= 2
    assert history(tmp_path).loss.tolist() == list(range(20))
    np.testing.assert_allclose(history(tmp_path).lr, 0.5 ** np.arange(1, 21))


def test_evaluation_of_the_untrained_model(tmp_path: Path) -> None:
    with start(tmp_path) as log:
        log.evaluated(validation_loss=1.5)
        log.step(1.2)
    found = history(tmp_path)
    assert found.started is not None
    assert found.started.initial_loss == 1.5
    assert found.evaluations == []


def test_best_evaluation(tmp_path: Path) -> None:
    with start(tmp_path, task="regression", metric="rmse", classes=None) as log:
        for rmse in (3.0, 2.0, math.nan, 2.5):
            log.step(1.0)
            log.evaluated(validation_loss=1.0, validation_metric=rmse, epoch=None)
    found = history(tmp_path)
    assert [e.best for e in found.evaluations] == [True, True, False, False]
    assert found.finished is not None
    assert (found.finished.best_step, found.finished.validation_metric) == (2, 2.0)
    assert found.finished.train_metric is None


@pytest.mark.parametrize(
    ("told", "loss", "metric"),
    [
        ({"targets": [0, 0, 0, 1]}, 0.5623351, 0.75),
        ({"classes": 4}, math.log(4), 0.25),
        ({"classes": 4, "metric": "f1"}, math.log(4), 0.1),
        ({"task": "binary", "classes": None}, math.log(2), 0.5),
        ({"task": "regression", "targets": [1.0, 3.0]}, 1.0, 0.0),
        ({"task": "regression", "metric": "rmse", "targets": [1.0, 3.0]}, 1.0, 1.0),
        ({"task": "language_model", "classes": 65}, math.log(65), 65.0),
        ({"task": "multilabel", "targets": [[0, 1], [0, 1]], "metric": "accuracy"}, 0.0, 1.0),
        ({"task": "regression"}, math.nan, 0.0),
        ({"chance_loss": 7, "chance_metric": 0.5}, 7.0, 0.5),
    ],
)
def test_chance(told: dict[str, Any], loss: float, metric: float, tmp_path: Path) -> None:
    with start(tmp_path, **told) as log:
        log.step(1.0)
    started = history(tmp_path).started
    assert started is not None
    assert started.chance_loss == pytest.approx(loss, rel=1e-6, abs=1e-9, nan_ok=True)
    assert started.chance_metric == pytest.approx(metric, rel=1e-6, nan_ok=True)


def test_every_line_is_there_at_once(tmp_path: Path) -> None:
    log = start(tmp_path)
    path = tmp_path / "events.jsonl"
    log.step(1.0)
    assert [json.loads(line)["event"] for line in path.read_text().splitlines()] == [
        "trial_started",
        "steps_done",
    ]
    log.step(0.9)
    log.step(0.8)
    log.evaluated(validation_loss=0.7)
    events = [from_json(line) for line in path.read_text().splitlines()]
    assert sum(len(e.loss) for e in events if isinstance(e, StepsDone)) == 3
    assert isinstance(events[-1], Evaluated)
    log.close()
    last = from_json(path.read_text().splitlines()[-1])
    assert isinstance(last, TrialFinished)
    assert last.status == "early_stopped"
    assert last.message == "the loop ended after 1 of 10 epochs"


def test_log_of_a_folder_is_its_recording(tmp_path: Path) -> None:
    with start(tmp_path) as log:
        log.step(1.0)
    assert read_log(tmp_path).format == "events"


def test_backends_are_there_to_be_tested() -> None:
    assert any(importlib.util.find_spec(name) for name in LOOPS)
