from __future__ import annotations

from dataclasses import replace

import pytest

from advisor.symptoms import detect
from tests.symptoms.looking import finding, outcome
from tests.symptoms.streams import Stream, decay, recipe_of

LONG = recipe_of(train__epochs=20)


@pytest.mark.parametrize(("end", "expected"), [(-3.0, "fired"), (0.0, "clear"), (-1e-8, "clear")])
def test_losses_below_zero(end: float, expected: str) -> None:
    stream = Stream(LONG, train_loss=lambda share: 2.4 + (end - 2.4) * min(1.0, 2 * share))
    assert outcome(stream, "wrong_sign") == expected


def test_somebodys_own_loss_may_have_its_reasons() -> None:
    events = Stream(LONG, train_loss=lambda share: 1 - 3 * share).events()
    found = next(f for f in detect(LONG, events, {"recipe"}) if f.symptom == "wrong_sign")
    assert (found.outcome, found.severity) == ("fired", "optimisation")


def test_a_metric_that_falls_with_the_loss_to_below_chance() -> None:
    shares = (0.5, 0.5)
    inverted = Stream(
        LONG,
        class_shares=shares,
        outputs=2,
        chance_metric=0.5,
        train_metric=lambda s: 0.5 - 0.4 * s,
        validation_metric=lambda s: 0.5 - 0.4 * s,
        train_loss=decay(2.4, 0.5, 4),
    )
    assert finding(inverted, "wrong_sign").severity == "block"
    assert outcome(inverted, "wrong_sign") == "fired"
    above = replace(inverted, train_metric=lambda s: 0.9 - 0.3 * s)
    assert outcome(above, "wrong_sign") == "clear"
    rises = replace(inverted, train_loss=lambda s: 2.4 + s)
    assert outcome(rises, "wrong_sign") == "clear"


def test_without_a_step_there_is_nothing_to_see() -> None:
    found = next(f for f in detect(LONG, []) if f.symptom == "wrong_sign")
    assert found.outcome == "not enough data"
