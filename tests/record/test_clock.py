"""Time that is waited for batches, told apart from work, evaluations and a device that is busy."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from advisor import record
from advisor.events import StepsDone
from advisor.record.clock import Batches, Clock
from advisor.record.recorder import Recorder
from tests.record.reading import fired, history


def test_waits_are_summed_over_steps_until_told() -> None:
    clock = Clock(0.0)
    for now in (1.0, 2.0, 3.0):
        clock.got(0.25)
        clock.step(now)
    assert clock.waits(3) == 0.75
    clock.got(0.25)
    clock.got(0.25)  # two portions of a batch
    clock.step(4.0)
    assert clock.waits(1) == 0.5
    assert clock.seconds(4.0) == 4.0


def test_a_step_without_a_batch_leaves_it_unknown() -> None:
    clock = Clock(0.0)
    clock.step(1.0)
    assert clock.waits(1) is None
    clock.got(0.5)
    clock.step(2.0)
    clock.step(3.0)
    assert clock.waits(2) is None


def test_evaluations_are_no_training_and_their_batches_no_wait() -> None:
    clock = Clock(0.0)
    clock.got(0.5)
    clock.step(1.0)
    clock.got(5.0)
    clock.evaluated(11.0)
    clock.evaluated(12.0)
    assert clock.seconds(12.0) == 1.0
    clock.got(0.25)
    clock.step(13.0)
    assert clock.waits(2) == 0.75
    assert clock.seconds(13.0) == 2.0


def test_a_wait_in_which_the_device_computes_is_none() -> None:
    clock = Clock(0.0)
    for lag, expected in ((0.3, 0.2), (2.0, 0.0), (None, 0.0), (0.0, 0.5)):
        clock.got(0.5)
        clock.step(1.0)
        assert clock.waits(1, lag) == pytest.approx(expected)


def test_batches_are_those_of_the_loader_each_time_they_are_gone_through() -> None:
    clock = Clock(0.0)
    batches = Batches([1, 2, 3], clock)
    assert list(batches) == list(batches) == [1, 2, 3]
    assert len(batches) == 3
    with pytest.raises(TypeError):
        len(Batches(iter([1]), clock))


def test_an_error_of_the_loader_is_the_loop_s() -> None:
    def loader() -> Iterator[int]:
        yield 1
        raise OSError("disk")

    with pytest.raises(OSError, match="disk"):
        list(Batches(loader(), Clock(0.0)))


def run(folder: Path, monkeypatch: pytest.MonkeyPatch, wait: float, work: float) -> None:
    """A loop that wraps its loader, by a clock that only it moves."""
    now = 0.0
    monkeypatch.setattr(time, "perf_counter", lambda: now)

    def loader() -> Iterator[int]:
        nonlocal now
        for i in range(40):
            now += wait
            yield i

    with record.start(folder, epochs=2, batch_size=4, classes=3, steps_per_epoch=40) as log:
        batches = log.batches(loader())
        for epoch in range(2):
            for _ in batches if not epoch else log.batches(loader()):
                now += work
                log.step(1.0)
            now += 1000.0
            log.evaluated(validation_loss=1.0)


@pytest.mark.parametrize(("wait", "expected"), [(0.01, True), (0.001, False)])
def test_a_slow_loader_shows(
    wait: float, expected: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(tmp_path, monkeypatch, wait, 0.01)
    chunks = history(tmp_path, 2).chunks
    assert sum(chunk.wait_seconds or 0.0 for chunk in chunks) == pytest.approx(80 * wait)
    assert chunks[-1].seconds == pytest.approx(80 * (wait + 0.01))
    assert ("input_bound" in fired(tmp_path, 2)) is expected
    known = record.read_about(tmp_path)
    assert known is not None
    assert "wait_seconds" not in known.unknown


def test_without_the_wrapper_nothing_is_known(tmp_path: Path) -> None:
    with record.start(tmp_path, epochs=1, batch_size=4, classes=3) as log:
        assert isinstance(log, Recorder)
        for _ in range(50):
            log.step(1.0)
    events = history(tmp_path, 1).chunks
    assert all(isinstance(event, StepsDone) and event.wait_seconds is None for event in events)
    known = record.read_about(tmp_path)
    assert known is not None
    assert {"wait_seconds", "gradient_kept"} <= set(known.unknown)
