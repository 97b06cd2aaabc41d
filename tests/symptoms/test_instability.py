from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from tests.symptoms.looking import finding, outcome
from tests.symptoms.streams import Curve, Stream, decay, recipe_of

LONG = recipe_of(train__epochs=40)  # 2480 steps, windows of 124


def spiky(*places: float, height: float = 6.0, width: float = 0.002) -> Curve:
    def loss(share: float) -> float:
        up = any(place <= share < place + width for place in places)
        return decay(2.4, 0.2, 10)(share) + (height if up else 0.0)

    return loss


def test_one_spike_that_recovers_is_only_noted() -> None:
    found = finding(Stream(LONG, train_loss=spiky(0.5)), "loss_spikes")
    assert (found.outcome, found.severity, found.evidence["spikes"]) == ("fired", "info", 1)


def test_three_within_a_thousand_steps_are_a_fault() -> None:
    near = finding(Stream(LONG, train_loss=spiky(0.5, 0.6, 0.7)), "loss_spikes")
    assert (near.severity, near.evidence["spikes"]) == ("optimisation", 3)
    far = finding(Stream(LONG, train_loss=spiky(0.2, 0.55, 0.9)), "loss_spikes")
    assert (far.severity, far.evidence["spikes"]) == ("info", 3)


def test_one_that_does_not_come_back_is_a_fault() -> None:
    stays = Stream(LONG, train_loss=lambda s: decay(2.4, 0.1, 10)(s) + (4.0 if s > 0.6 else 0.0))
    assert finding(stays, "loss_spikes").severity == "optimisation"


@pytest.mark.parametrize("noise", [0.05, 0.3, 0.6, 1.0])
@pytest.mark.parametrize("floor", [0.002, 0.2, 1.5])
def test_noisy_batches_are_no_spikes(noise: float, floor: float) -> None:
    found = [
        outcome(
            Stream(LONG, seed=seed, step_noise=noise, train_loss=decay(2.4, floor, 10)),
            "loss_spikes",
        )
        for seed in range(5)
    ]
    assert set(found) == {"clear"}


def test_the_edge_of_stability_is_no_spike() -> None:
    def hovering(share: float) -> float:
        return decay(2.4, 0.1, 3)(share) * (1 + 0.3 * math.sin(900 * share))

    assert outcome(Stream(LONG, train_loss=hovering, step_noise=0.0), "loss_spikes") == "clear"


def test_a_restart_of_the_rate_is_no_spike() -> None:
    recipe = recipe_of(train__epochs=40, schedule={"kind": "cosine", "restarts": 2})

    def restarted(share: float) -> float:
        return 1.8 if share % (1 / 3) < 0.02 else 0.3

    stream = Stream(recipe, train_loss=restarted, step_noise=0.05)
    assert outcome(stream, "loss_spikes") == "clear"


def test_spikes_need_a_few_windows() -> None:
    assert outcome(Stream(LONG, until=0.1), "loss_spikes") == "not enough data"


def rough(top: float, end: float) -> Curve:
    """Up to `top` within the first steps, back by 6 % of the run, then down to `end`."""

    def loss(share: float) -> float:
        if share < 0.06:
            return 2.4 + (top - 2.4) * math.sin(math.pi * share / 0.06)
        return decay(2.4, end, 6)(share - 0.06)

    return loss


@pytest.mark.parametrize(
    ("top", "end", "expected"),
    [(8.0, 0.1, "fired"), (2.8, 0.1, "clear"), (8.0, 6.0, "clear")],
)
def test_a_rough_start_that_comes_back_needs_a_warm_up(
    top: float, end: float, expected: str
) -> None:
    assert outcome(Stream(LONG, train_loss=rough(top, end)), "warmup_needed") == expected


def test_where_there_is_a_warm_up_none_is_needed() -> None:
    warmed = LONG.changed({"schedule.warmup": 0.1})
    assert outcome(Stream(warmed, train_loss=rough(8.0, 0.1)), "warmup_needed") == "clear"
    assert outcome(Stream(LONG, until=0.1), "warmup_needed") == "not enough data"


def test_a_few_bad_first_steps_are_no_rough_start() -> None:
    first = Stream(LONG, train_loss=lambda s: 9.0 if s < 0.004 else decay(2.4, 0.1, 8)(s))
    assert outcome(first, "warmup_needed") == "clear"


def test_a_loss_of_zero_or_below_is_not_judged() -> None:
    zero = replace(Stream(LONG), train_loss=lambda share: max(0.0, 1 - 2 * share))
    assert outcome(zero, "loss_spikes") == "not enough data"
    assert np.isfinite(zero.train_loss(0.5))
