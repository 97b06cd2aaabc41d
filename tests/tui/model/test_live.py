"""A training's events as curves and numbers."""

from __future__ import annotations

import math
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from advisor.tui.model import Live
from advisor.tui.model.curve import MOST, Curve
from tests.tui import fed

STARTED: dict[str, Any] = {
    "event": "trial_started",
    "backend": "torch",
    "device": "cpu",
    "parameters": 10,
    "epochs": 8,
    "data": {"train_examples": 1000},
}
STEPS: dict[str, Any] = {
    "event": "steps_done",
    "step": 10,
    "epoch": 2.0,
    "loss": [2.0, 1.0],
    "grad_norm": [1.0, 3.0],
    "lr": [0.1, 0.2],
    "seconds": 4.0,
    "layers": {"a": {"update_ratio": 0.1}, "b": {"update_ratio": 0.3}},
}


def live(*lines: dict[str, Any]) -> Live:
    found = Live(3)
    for line in lines:
        found.feed(line)
    return found


def test_nothing_reported_yet() -> None:
    view = Live(3).view()
    assert (view.number, view.status, view.share, view.left) == (3, "waiting", 0.0, None)


def test_steps_move_the_numbers() -> None:
    view = live(STARTED, STEPS).view()
    assert (view.epoch, view.lr, view.share) == (2.0, 0.2, 0.25)
    assert view.loss.y == (1.5,)
    assert view.grad_norm.latest == 2.0
    assert view.update_ratio.latest == 0.3
    assert view.throughput == 2.0 * 1000 / 4.0


def test_the_time_that_is_left_counts_evaluations_too() -> None:
    view = live(STARTED, STEPS, fed.evaluated(2.0, 0.3, seconds=6.0)).view()
    assert view.seconds == 6.0
    assert view.left == 6.0 / 2.0 * 6.0
    later = live(
        STARTED, STEPS, fed.evaluated(2.0, 0.3, 6.0), STEPS | {"epoch": 4.0, "seconds": 8.0}
    )
    assert later.view().seconds == 10.0


def test_an_end_leaves_no_time() -> None:
    view = live(
        STARTED,
        STEPS,
        {"event": "trial_finished", "status": "diverged", "message": "no", "seconds": 5},
    ).view()
    assert (view.status, view.message, view.seconds, view.left) == ("diverged", "no", 5.0, None)


def test_a_training_that_is_told_again_begins_anew() -> None:
    view = live(STARTED, STEPS, STARTED).view()
    assert view.loss.y == ()
    assert view.epoch == 0.0


def test_losses_that_are_not_finite_are_kept_as_such() -> None:
    latest = live(STARTED, STEPS | {"loss": ["nan", 1.0]}).view().loss.latest
    assert latest is not None
    assert math.isnan(latest)


def test_a_view_without_news_is_the_same_object() -> None:
    found = live(STARTED, STEPS)
    assert found.view() is found.view()


@given(st.integers(1, 5000))
def test_a_curve_stays_small_and_keeps_its_ends(count: int) -> None:
    curve = Curve()
    for n in range(count):
        curve.add(float(n), float(n))
    view = curve.view()
    assert len(view.x) == len(view.y) <= MOST
    assert view.x[-1] == count - 1
    assert list(view.x) == sorted(view.x)
    assert min(view.y) <= count / 100
    assert max(view.y) > 0.98 * count - 2


@given(st.lists(st.floats(-10, 10), min_size=1, max_size=3000))
def test_halving_keeps_the_mean(values: list[float]) -> None:
    curve = Curve()
    for n, value in enumerate(values):
        curve.add(float(n), value)
    view = curve.view()
    assert min(values) - 1e-9 <= min(view.y)
    assert max(view.y) <= max(values) + 1e-9
