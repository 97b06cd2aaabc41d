from __future__ import annotations

import math
from collections.abc import Callable, Collection
from dataclasses import replace

import pytest

from advisor.events import Event, LayerReport, StepsDone
from advisor.symptoms import as_facts, detect
from tests.symptoms.looking import finding, outcome
from tests.symptoms.streams import Stream, decay, recipe_of

LEARNING = Stream(train_loss=decay(2.4, 0.6, 4))
NAMES = LEARNING.layers


def with_layers(
    stream: Stream,
    change: Callable[[str, LayerReport, int], LayerReport],
    unknown: Collection[str] = (),
) -> dict[str, bool | None]:
    """Facts of the stream with each report changed, which gets the epoch too."""
    events: list[Event] = []
    for event in stream.events():
        if isinstance(event, StepsDone):
            epoch = round(event.epoch)
            made = {name: change(name, report, epoch) for name, report in event.layers.items()}
            event = replace(event, layers=made)
        events.append(event)
    return as_facts(detect(stream.recipe, events, unknown))


def stuck(name: str, report: LayerReport, epoch: int) -> LayerReport:
    return replace(report, update_ratio=0.0) if name == NAMES[-1] else report


def test_a_layer_that_the_optimiser_does_not_have() -> None:
    assert with_layers(LEARNING, stuck)["unchanged_parameters"] is True
    assert with_layers(LEARNING, stuck, {"recipe"})["unchanged_parameters"] is True
    assert outcome(LEARNING, "unchanged_parameters") == "clear"


def test_a_layer_that_moved_once_is_the_optimisers() -> None:
    moved = with_layers(LEARNING, lambda n, r, epoch: stuck(n, r, epoch) if epoch > 1 else r)
    assert moved["unchanged_parameters"] is False


def test_frozen_layers_may_stand() -> None:
    recipe = recipe_of(transfer__frozen=["output"])
    assert with_layers(replace(LEARNING, recipe=recipe), stuck)["unchanged_parameters"] is False

    def without_gradient(name: str, report: LayerReport, epoch: int) -> LayerReport:
        return LayerReport(0.0, 5.0, 0.0) if name == NAMES[0] else report

    found = with_layers(LEARNING, without_gradient, {"recipe"})
    assert found["unchanged_parameters"] is not True


def test_updates_below_the_resolution_of_float32_are_no_missing_layer() -> None:
    def tiny(name: str, report: LayerReport, epoch: int) -> LayerReport:
        if name != NAMES[0]:
            return report
        return LayerReport(1e-9 * report.grad_norm, 5.0, 0.0)

    assert with_layers(LEARNING, tiny)["unchanged_parameters"] is False


def test_one_look_that_is_repeated_is_not_enough() -> None:
    same = with_layers(
        LEARNING, lambda n, r, e: LayerReport(1.0, 5.0, 0.0 if n == NAMES[0] else 1e-3)
    )
    assert same["unchanged_parameters"] is None


@pytest.mark.parametrize(("factor", "expected"), [(1e-3, True), (0.05, False)])
def test_layers_that_move_at_paces_far_apart(factor: float, expected: bool) -> None:
    def slow(name: str, report: LayerReport, epoch: int) -> LayerReport:
        scale = factor if name == NAMES[0] else 1.0
        return replace(report, update_ratio=scale * report.update_ratio)

    assert with_layers(LEARNING, slow)["layer_imbalance"] is expected
    assert with_layers(Stream(train_loss=decay(2.4, 0.01, 40)), slow)["layer_imbalance"] is False
    by_recipe = replace(LEARNING, recipe=recipe_of(transfer__layer_decay=0.3))
    assert with_layers(by_recipe, slow)["layer_imbalance"] is None


PRIOR = Stream(
    recipe_of(regularization__l2=0.01), train_loss=lambda s: math.log(10), step_noise=0.05
)


def shrinking(name: str, report: LayerReport, epoch: int) -> LayerReport:
    return replace(report, weight_norm=5.0 * 0.7**epoch)


def test_weights_that_shrink_while_nothing_is_learned() -> None:
    assert with_layers(PRIOR, shrinking)["regularization_overwhelms"] is True
    assert outcome(PRIOR, "regularization_overwhelms") == "clear"
    learns = replace(PRIOR, train_loss=decay(2.4, 0.5, 5))
    assert with_layers(learns, shrinking)["regularization_overwhelms"] is False
    free = replace(PRIOR, recipe=recipe_of())
    assert with_layers(free, shrinking)["regularization_overwhelms"] is False


@pytest.mark.parametrize(
    ("optimizer", "parts", "expected"),
    [
        ({"kind": "sgd", "lr": 0.05, "momentum": 0.9}, {"l2": 0.5}, "fired"),
        ({"kind": "sgd", "lr": 0.05, "momentum": 0.9}, {"l2": 1e-4}, "clear"),
        ({"kind": "adamw", "lr": 1e-3}, {"weight_decay": 10.0}, "fired"),
        ({"kind": "adamw", "lr": 1e-3}, {"weight_decay": 0.1}, "clear"),
    ],
)
def test_decay_that_takes_a_percent_a_step(
    optimizer: dict[str, object], parts: dict[str, float], expected: str
) -> None:
    changes = {f"regularization__{name}": value for name, value in parts.items()}
    stream = replace(PRIOR, recipe=recipe_of(optimizer=optimizer, **changes))
    assert outcome(stream, "regularization_overwhelms") == expected


HALF = recipe_of(train__precision="float16", train__epochs=20)


def skipping(event: Event, every: int) -> Event:
    if not isinstance(event, StepsDone):
        return event
    norms = [math.inf if i % every == 3 else norm for i, norm in enumerate(event.grad_norm)]
    return replace(event, grad_norm=norms)


@pytest.mark.parametrize(("every", "expected"), [(60, False), (12, True)])
def test_loss_scaling_that_goes_on_skipping(every: int, expected: bool) -> None:
    events = [skipping(event, every) for event in Stream(HALF).events()]
    assert as_facts(detect(HALF, events))["precision_underflow"] is expected


def test_layers_whose_gradient_is_zero_in_float16() -> None:
    def zero(name: str, report: LayerReport, epoch: int) -> LayerReport:
        return replace(report, grad_norm=0.0) if name == NAMES[0] else report

    stays = Stream(HALF, train_loss=lambda share: 2.3)
    assert with_layers(stays, zero)["precision_underflow"] is True
    assert with_layers(Stream(HALF), zero)["precision_underflow"] is False
    assert outcome(Stream(), "precision_underflow") == "not enough data"
    assert finding(Stream(HALF), "precision_underflow").outcome == "clear"
