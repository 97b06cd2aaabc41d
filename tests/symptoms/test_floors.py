from __future__ import annotations

import math
from dataclasses import replace

import pytest

from advisor.symptoms import detect
from tests.symptoms.looking import finding, outcome
from tests.symptoms.streams import Stream, decay, recipe_of

LONG = recipe_of(train__epochs=20)
TWICE = Stream(LONG, train_loss=decay(2.3, 1.4615, 12), evaluation_noise=0.0005)
"""Cross-entropy over 10 classes of outputs that went through a softmax already."""


@pytest.mark.parametrize("classes", [2, 5, 10, 100])
def test_the_floor_of_a_second_softmax(classes: int) -> None:
    floor = math.log(1 + (classes - 1) / math.e)
    shares = (1 / classes,) * classes
    stream = replace(
        TWICE,
        outputs=classes,
        class_shares=shares,
        chance_loss=math.log(classes),
        train_loss=decay(math.log(classes), 1.005 * floor, 14),
        train_metric=decay(1 / classes, 0.995, 12),
    )
    found = finding(stream, "loss_floor")
    assert (found.outcome, found.severity) == ("fired", "block")
    assert found.evidence["value"] == pytest.approx(floor)


@pytest.mark.parametrize(("task", "share"), [("binary", 0.5), ("binary", 0.2), ("multilabel", 0.3)])
def test_the_floor_of_a_second_sigmoid(task: str, share: float) -> None:
    floor = share * math.log(1 + math.exp(-1)) + (1 - share) * math.log(2)
    stream = replace(
        TWICE,
        recipe=recipe_of(task=task, train__epochs=20, metric="accuracy"),
        outputs=1,
        class_shares=(1 - share, share) if task == "binary" else (share,) * 4,
        train_loss=decay(0.8, 1.004 * floor, 14),
    )
    assert outcome(stream, "loss_floor") == "fired"


def test_such_a_loss_with_the_accuracy_that_it_costs_is_a_hard_task() -> None:
    hard = replace(TWICE, train_metric=decay(0.1, 0.5, 12))
    assert outcome(hard, "loss_floor") == "clear"
    lower = replace(TWICE, train_loss=decay(2.3, 1.35, 12))
    assert outcome(lower, "loss_floor") == "clear"


@pytest.mark.parametrize("accuracy", [0.8, 0.85, 0.9, 0.95, 0.99])
def test_an_honest_model_of_two_classes_is_never_at_the_floor(accuracy: float) -> None:
    wrong = 1 - accuracy
    honest = -accuracy * math.log(accuracy) - wrong * math.log(wrong)
    stream = replace(
        TWICE,
        recipe=recipe_of(task="classification", train__epochs=20),
        outputs=2,
        class_shares=(0.5, 0.5),
        chance_loss=math.log(2),
        train_loss=decay(0.7, honest, 12),
        train_metric=decay(0.5, accuracy, 12),
    )
    assert outcome(stream, "loss_floor") == "clear"


PINNED = replace(
    TWICE,
    initial_loss=2.35,
    train_loss=lambda share: math.log(10),
    train_metric=lambda share: 0.1,
)


def test_equal_odds_are_noted() -> None:
    found = finding(PINNED, "loss_floor")
    assert (found.outcome, found.severity) == ("fired", "info")
    assert "ln 10" in found.reads
    moving = replace(PINNED, train_loss=lambda share: math.log(10) * (1.1 - 0.2 * share))
    assert outcome(moving, "loss_floor") == "clear"


def test_a_number_of_classes_that_nobody_told_is_guessed_where_the_loss_began() -> None:
    guessed = replace(
        PINNED, outputs=0, train_loss=lambda share: math.log(7), initial_loss=math.log(7)
    )
    found = finding(guessed, "loss_floor")
    assert (found.outcome, found.severity) == ("fired", "info")
    assert "ln 7" in found.reads
    fell = replace(guessed, initial_loss=4.0)
    assert outcome(fell, "loss_floor") == "clear"


def test_label_smoothing_has_its_floor_in_the_batches_only() -> None:
    smoothed = Stream(recipe_of(regularization__label_smoothing=0.1, train__epochs=20))
    assert outcome(smoothed, "loss_floor") == "clear"
    assert outcome(smoothed, "no_learning") == "clear"


def test_other_losses_have_no_such_values() -> None:
    focal = replace(TWICE, recipe=recipe_of(loss__kind="focal", train__epochs=20))
    assert outcome(focal, "loss_floor") == "clear"
    numbers = Stream(recipe_of(task="regression"), class_shares=None, outputs=1)
    assert outcome(numbers, "loss_floor") == "not enough data"
    events = TWICE.events()[:4]
    found = next(f for f in detect(LONG, events) if f.symptom == "loss_floor")
    assert found.outcome == "not enough data"
