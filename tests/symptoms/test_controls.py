"""What healthy trainings look like, though it resembles a fault: no alarm but a note."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from advisor.symptoms import detect
from tests.symptoms.streams import Stream, decay, recipe_of

LONG = recipe_of(train__epochs=30)


def plateau(share: float) -> float:
    """A quarter of the run at chance's loss, then success, as in parity."""
    return math.log(10) if share < 0.25 else decay(math.log(10), 0.02, 12)(share - 0.25)


CONTROLS = {
    "losses to zero with a small gap": Stream(
        recipe_of(train__epochs=30, optimizer={"kind": "sgd", "lr": 0.05, "momentum": 0.9}),
        train_loss=decay(2.4, 1e-4, 14),
        validation_loss=decay(2.4, 0.04, 12),
        validation_metric=decay(0.1, 0.985, 12),
    ),
    "a cosine to its end": Stream(recipe_of(train__epochs=30, schedule__kind="cosine")),
    "one cycle": Stream(recipe_of(train__epochs=30, schedule__kind="one_cycle")),
    "noise at convergence": Stream(LONG, step_noise=0.8, train_loss=decay(2.4, 0.1, 25)),
    "the edge of stability": Stream(
        LONG,
        step_noise=0.0,
        train_loss=lambda s: decay(2.4, 0.05, 5)(s) * (1 + 0.25 * math.cos(math.pi * 1860 * s)),
    ),
    "a plateau, then success": Stream(
        LONG,
        train_loss=plateau,
        validation_loss=plateau,
        train_metric=lambda s: 0.1 if s < 0.25 else decay(0.1, 0.998, 12)(s - 0.25),
        validation_metric=lambda s: 0.1 if s < 0.25 else decay(0.1, 0.98, 12)(s - 0.25),
    ),
    "one spike that recovers": Stream(
        LONG, train_loss=lambda s: decay(2.4, 0.05, 10)(s) + (5 if 0.5 < s < 0.502 else 0)
    ),
    "an easy task": Stream(
        LONG,
        train_loss=decay(2.4, 0.003, 60),
        validation_loss=decay(2.4, 0.01, 60),
        train_metric=decay(0.1, 0.999, 60),
        validation_metric=decay(0.1, 0.992, 60),
    ),
    "label smoothing": Stream(
        recipe_of(train__epochs=30, regularization__label_smoothing=0.1),
    ),
    "a fine-tuned model": Stream(
        LONG,
        initial_loss=0.4,
        train_loss=decay(0.4, 0.05, 8),
        validation_loss=decay(0.45, 0.12, 8),
        train_metric=decay(0.9, 0.995, 8),
        validation_metric=decay(0.88, 0.97, 8),
        update_ratio=2e-4,
    ),
    "dropout: training no better than validation": Stream(
        recipe_of(train__epochs=30, regularization__dropout=0.3),
        train_metric=decay(0.1, 0.992, 8),
        validation_metric=decay(0.1, 0.99, 8),
        validation_loss=decay(2.5, 0.03, 8),
    ),
    "a small validation set": Stream(LONG, validation_examples=60),
    "steps of a well chosen decay": Stream(
        recipe_of(train__epochs=30, schedule={"kind": "step", "milestones": [0.5, 0.75]}),
        train_loss=lambda s: decay(2.4, 0.3, 12)(s) * (1.0 if s < 0.5 else 0.3),
    ),
}


@pytest.mark.parametrize("name", CONTROLS)
@pytest.mark.parametrize("seed", range(3))
def test_no_alarm(name: str, seed: int) -> None:
    stream = replace(CONTROLS[name], seed=seed)
    fired = [f for f in detect(stream.recipe, stream.events()) if f.outcome == "fired"]
    assert [f.symptom for f in fired if f.severity in ("block", "optimisation")] == []


@pytest.mark.parametrize("name", CONTROLS)
def test_no_block_while_it_goes_on(name: str) -> None:
    stream = CONTROLS[name]
    events = stream.events()
    for end in range(3, len(events) - 1, 4):
        fired = [f for f in detect(stream.recipe, events[:end]) if f.outcome == "fired"]
        assert [f.symptom for f in fired if f.severity == "block"] == []
