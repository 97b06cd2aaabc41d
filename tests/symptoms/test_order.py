from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from advisor.events import Event, StepsDone
from advisor.recipe import Recipe
from advisor.symptoms import Finding, detect
from tests.symptoms.streams import Stream, decay, healthy, recipe_of

LONG = recipe_of(train__epochs=8)
STREAM = Stream(LONG, train_examples=6400, train_loss=decay(2.4, 0.4, 5))  # 200 steps an epoch
Course = Callable[[int, np.ndarray], np.ndarray]


def judged(stream: Stream, course: Course, recipe: Recipe | None = None) -> Finding:
    """The finding where each epoch's losses are multiplied by what its number and places give."""
    events: list[Event] = []
    for event in stream.events():
        if isinstance(event, StepsDone):
            places = np.arange(len(event.loss)) / len(event.loss)
            factor = course(round(event.epoch), places)
            event = replace(event, loss=(np.array(event.loss) * factor).tolist())
        events.append(event)
    found = detect(recipe or stream.recipe, events)
    return next(each for each in found if each.symptom == "unshuffled_batches")


def by_class(classes: int) -> Course:
    """Up at each new class, down while it lasts."""
    return lambda epoch, places: 0.5 + 1.5 * np.exp(-4 * (classes * places % 1))


@pytest.mark.parametrize("classes", [2, 5, 10])
@pytest.mark.parametrize("noise", [0.05, 0.3])
def test_examples_sorted_by_class(classes: int, noise: float) -> None:
    found = judged(replace(STREAM, step_noise=noise), by_class(classes))
    assert (found.outcome, found.severity) == ("fired", "block")


def test_a_fixed_order_without_a_pattern_is_only_noted() -> None:
    order = np.exp(0.4 * np.random.default_rng(0).standard_normal(200))
    found = judged(replace(STREAM, step_noise=0.1), lambda epoch, places: order)
    assert (found.outcome, found.severity) == ("fired", "info")


@pytest.mark.parametrize(
    "course",
    [
        lambda epoch, places: np.ones(len(places)),
        lambda epoch, places: 1.3 - 0.6 * places,  # falls within each epoch
        lambda epoch, places: 1 + 0.4 * places**2,
        lambda epoch, places: np.full(len(places), 0.8**epoch),  # a drop at each new epoch
        lambda epoch, places: np.exp(-3 * places / epoch),
    ],
)
@pytest.mark.parametrize("noise", [0.0, 0.02, 0.4])
def test_smooth_courses_of_shuffled_epochs(course: Course, noise: float) -> None:
    assert judged(replace(STREAM, step_noise=noise), course).outcome == "clear"


def test_shuffled_batches_are_hardly_ever_taken_for_sorted() -> None:
    for seed in range(60):
        stream = healthy(seed)
        found = judged(stream, lambda epoch, places: np.ones(len(places)))
        assert found.outcome != "fired"


def test_a_rate_that_goes_in_cycles_explains_the_losses() -> None:
    recipe = recipe_of(train__epochs=8, schedule={"kind": "cosine", "restarts": 7})
    found = judged(replace(STREAM, recipe=recipe), by_class(2))
    assert found.outcome == "not enough data"


def test_four_epochs_of_twenty_steps_are_needed() -> None:
    assert judged(replace(STREAM, until=0.3), by_class(5)).outcome == "not enough data"
    short = replace(STREAM, train_examples=320)
    assert judged(short, by_class(5)).outcome == "not enough data"
    assert math.isfinite(short.chance_loss)
