"""The recorder never ends a training: wrong use is said at once, anything else once."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from advisor import record
from advisor.events import TrialFinished, from_json
from advisor.record import Recorder, RecordError
from advisor.record.story import Story


def start(folder: Path, **changes: Any) -> Recorder:
    return record.start(folder, **{"epochs": 2, "batch_size": 4, "classes": 3, **changes})


def last(folder: Path) -> TrialFinished:
    event = from_json((folder / "events.jsonl").read_text().splitlines()[-1])
    assert isinstance(event, TrialFinished)
    return event


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"epochs": 0}, "epochs must be a whole number of 1 or more, not 0"),
        ({"batch_size": 1.5}, "batch_size must be a whole number"),
        ({"classes": True}, "classes must be a whole number"),
        ({"task": "clustering"}, "task 'clustering' is not known; allowed: classification, "),
        ({"metric": "rmse"}, "metric 'rmse' is not known; allowed: accuracy, "),
        ({"chance_loss": "high"}, "chance_loss must be one number, not 'high'"),
        ({"targets": [0.5, 1.0]}, "targets must be numbers of classes"),
        ({"targets": ["cat", "dog"]}, "targets must be an array of numbers"),
        ({"inputs": []}, "inputs must be an array of numbers that is not empty"),
    ],
)
def test_wrong_arguments_of_start(told: dict[str, Any], said: str, tmp_path: Path) -> None:
    with pytest.raises(RecordError) as error:
        start(tmp_path, **told)
    assert said in str(error.value)
    assert not (tmp_path / "events.jsonl").exists()


def test_a_recording_is_not_overwritten_by_accident(tmp_path: Path) -> None:
    start(tmp_path).close()
    with pytest.raises(RecordError, match="already holds a recording"):
        start(tmp_path)
    with start(tmp_path, overwrite=True) as log:
        log.step(1.0)
    assert last(tmp_path).steps == 1


def test_a_folder_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RecordError, match="not a directory"):
        start(tmp_path / "file" / "run")


@pytest.mark.parametrize("loss", ["high", None, [1.0, 2.0]])
def test_wrong_loss(loss: Any, tmp_path: Path) -> None:
    with start(tmp_path) as log, pytest.raises(RecordError, match="loss must be one number"):
        log.step(loss)


def test_wrong_arguments_in_torch(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    model = torch.nn.Linear(2, 2)
    with start(tmp_path) as log:
        with pytest.raises(RecordError, match=r"loss must be one number, not of shape \(3,\)"):
            log.step(torch.zeros(3))
        with pytest.raises(RecordError, match="with torch pass model="):
            log.step(torch.tensor(1.0), params={"a": torch.zeros(2)})
        with pytest.raises(RecordError, match="must be a torch module, not a OrderedDict"):
            log.step(torch.tensor(1.0), model=model.state_dict())
        log.step(torch.tensor(1.0), model=model)
        with pytest.raises(RecordError, match="loss must be one number"):
            log.step(torch.zeros(3), model=model)
    assert last(tmp_path).steps == 1


def test_wrong_arguments_in_jax(tmp_path: Path) -> None:
    jax = pytest.importorskip("jax")
    with start(tmp_path) as log:
        with pytest.raises(RecordError, match="loss must be one number"):
            log.step(jax.numpy.zeros(3))
        with pytest.raises(RecordError, match="with JAX pass grads= and params="):
            log.step(jax.numpy.zeros(()), model=object())
        with pytest.raises(RecordError, match="a function that JAX traces"):
            jax.jit(lambda x: log.step(x))(1.0)


@pytest.mark.parametrize("told", [{}, {"epoch": 1.0}, {"validation_loss": [1, 2]}])
def test_wrong_evaluation(told: dict[str, Any], tmp_path: Path) -> None:
    with start(tmp_path) as log, pytest.raises(RecordError):
        log.evaluated(**told)


def test_wrong_status(tmp_path: Path) -> None:
    with start(tmp_path) as log, pytest.raises(RecordError, match="allowed: finished, "):
        log.close("done")  # type: ignore[arg-type]


def test_an_internal_error_is_said_once_and_the_loop_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    log = start(tmp_path)
    log.step(1.0)
    monkeypatch.setattr(Story, "stepped", fail)
    with caplog.at_level(logging.WARNING):
        for _ in range(50):
            log.step(1.0)
            log.evaluated(validation_loss=1.0)
        log.close()
    assert len(caplog.records) == 1
    assert "No space left" in caplog.text
    assert len((tmp_path / "events.jsonl").read_text().splitlines()) == 2


def test_gradients_that_are_gone_are_said_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    torch = pytest.importorskip("torch")
    model = torch.nn.Linear(2, 2)
    with caplog.at_level(logging.WARNING), start(tmp_path) as log:
        for _ in range(5):
            log.step(torch.tensor(1.0), model=model)
    assert [r.message for r in caplog.records] == [
        "no gradients to measure: call step() before they are zeroed"
    ]
    assert last(tmp_path).steps == 5


@pytest.mark.parametrize(
    ("error", "status"), [(ValueError("wrong shape"), "failed"), (KeyboardInterrupt(), "stopped")]
)
def test_an_error_of_the_loop(error: BaseException, status: str, tmp_path: Path) -> None:
    def loop() -> None:
        with start(tmp_path) as log:
            for _ in range(7):
                log.step(1.0)
            raise error

    with pytest.raises(type(error)):
        loop()
    assert (last(tmp_path).status, last(tmp_path).steps) == (status, 7)


PROGRAM = """
import os, signal, sys
from advisor import record
log = record.start(sys.argv[1], epochs=2, batch_size=4, classes=3)
for step in range(1000):
    log.step(1.0, lr=0.1)
{end}
"""


def run(end: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", PROGRAM.format(end=end), str(folder)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


@pytest.mark.parametrize(
    ("end", "status", "message"),
    [("", "finished", ""), ("raise ValueError('bad')", "failed", "ValueError: bad")],
)
def test_a_program_that_ends_without_close(
    end: str, status: str, message: str, tmp_path: Path
) -> None:
    done = run(end, tmp_path)
    assert ("bad" in done.stderr) == bool(end)
    assert (last(tmp_path).status, last(tmp_path).steps) == (status, 1000)
    assert last(tmp_path).message == message


def test_a_program_that_is_killed_leaves_whole_lines(tmp_path: Path) -> None:
    done = run("os.kill(os.getpid(), signal.SIGKILL)", tmp_path)
    assert done.returncode == -signal.SIGKILL
    lines = (tmp_path / "events.jsonl").read_text().splitlines()
    events = [json.loads(line)["event"] for line in lines]
    assert events[:2] == ["trial_started", "steps_done"]
    assert record.read_about(tmp_path) is not None


def test_a_forked_process_does_not_write(tmp_path: Path) -> None:
    log = start(tmp_path)
    log.step(1.0)
    process, log._process = log._process, -1
    log._at_exit()
    assert process == os.getpid()
    assert len((tmp_path / "events.jsonl").read_text().splitlines()) == 2
    log.close()


def test_nothing_heavy_is_imported() -> None:
    code = "import sys, advisor; from advisor import record; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"torch", "jax", "flax", "optax", "sklearn"} & set(done.stdout.split())
