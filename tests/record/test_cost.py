"""How often a loop is looked at follows from what that costs."""

from __future__ import annotations

import math
from itertools import pairwise
from pathlib import Path

import pytest

from advisor import record
from advisor.record.pace import LONGEST, SHARE, Pace
from advisor.record.writing import numbers


def simulate(steps: int, step_seconds: float, look_seconds: float) -> tuple[int, float]:
    """Looks, and their share of the time."""
    pace, now, due, looks = Pace(0.0), 0.0, 1, 0
    for step in range(1, steps + 1):
        now += step_seconds
        if step == due:
            now += look_seconds
            looks += 1
            due = pace.looked(step, look_seconds, now)
    return looks, pace.spent / now


@pytest.mark.parametrize("step_seconds", [1e-4, 1e-3, 0.1])
@pytest.mark.parametrize("look_seconds", [1e-4, 1e-3, 1e-2])
def test_looks_cost_a_fixed_share(step_seconds: float, look_seconds: float) -> None:
    looks, share = simulate(20_000, step_seconds, look_seconds)
    assert looks >= 4
    assert share < 2 * SHARE


def test_slow_steps_are_looked_at_in_time() -> None:
    looks, share = simulate(2000, 5.0, 0.01)
    assert looks >= 2000 * 5.0 / LONGEST * 0.9
    assert share < 0.01


def test_short_runs_have_some_looks() -> None:
    looks, _ = simulate(300, 3e-4, 2e-4)
    assert looks >= 6


def test_a_look_on_a_busy_machine_is_not_the_last_of_a_short_run() -> None:
    """The third look, the first whose cost counts, takes as long as a hundred steps."""
    pace, now, due, looks = Pace(0.0), 0.0, 1, []
    for step in range(1, 301):
        now += 1e-3
        if step == due:
            cost = 5e-3 if len(looks) == 2 else 1e-3
            now += cost
            looks.append(step)
            due = pace.looked(step, cost, now)
    assert len([step for step in looks if step < 100]) >= 5
    assert math.gcd(*(b - a for a, b in pairwise(looks[1:5]))) == 1


def test_evaluations_do_not_make_steps_seem_slow() -> None:
    pace = Pace(0.0)
    gap = 0
    now, step = 0.0, 0
    for step in range(1, 30):
        now += 0.001
        if step == 20:
            now += 100.0
            pace.interrupted()
        gap = pace.looked(step, 0.0001, now) - step
    assert gap >= 0.0001 / SHARE / 0.001 - 1


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ([], "[]"),
        ([1.0, 1.0], "[1, 1]"),
        ([0.1, 1e-9, 123456789.0], "[0.1, 1e-09, 1.2345679e+08]"),
        ([1.0, math.nan, -math.inf], '[1, "nan", "-inf"]'),
    ],
)
def test_numbers_are_written_as_in_other_events(values: list[float], text: str) -> None:
    assert numbers(values) == text


def test_cost_of_a_step_that_is_not_looked_at(tmp_path: Path) -> None:
    """A thousandth of a second for a hundred steps would be far too much."""
    from time import process_time

    with record.start(tmp_path, epochs=1, batch_size=1) as log:
        began = process_time()
        for _ in range(20_000):
            log.step(1.0, lr=0.1)
        assert (process_time() - began) / 20_000 < 1e-5


def test_values_on_a_device_are_fetched_together() -> None:
    torch = pytest.importorskip("torch")
    from advisor.record.torch_source import TorchSource

    source = TorchSource()
    waiting = torch.tensor([3.0], dtype=torch.bfloat16)
    source.wait(waiting)
    assert source.fetch([torch.tensor(1.0), 2.0, waiting]) == [1.0, 2.0, 3.0]
