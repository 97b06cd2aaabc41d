from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor import metrics
from advisor.recipe import Recipe
from advisor.symptoms import Finding, detect
from tests.symptoms.streams import Curve, Stream, decay, recipe_of, steady

NAME = "loss_not_cross_entropy"
FOREIGN = ("recipe", "preflight")
"""What no recording and no log tells."""
ACCURACY = decay(0.1, 0.95, 8.0)


def of(loss: Curve, accuracy: Curve = ACCURACY, recipe: Recipe | None = None) -> Stream:
    return Stream(
        recipe or recipe_of(),
        validation_loss=loss,
        validation_metric=accuracy,
        metric_noise=False,
        evaluation_noise=0.0,
    )


def found(stream: Stream, *unknown: str) -> Finding:
    findings = detect(stream.recipe, stream.events(), (*FOREIGN, *unknown))
    return next(one for one in findings if one.symptom == NAME)


def squared_error(classes: int, mean: bool = True) -> Curve:
    """Of probabilities that are equal at first and, where right, sure at last."""
    even = 1 - 1 / classes
    return lambda share: (even * (1 - ACCURACY(share))) / (classes if mean else 1)


@pytest.mark.parametrize("classes", [3, 10, 100])
def test_squared_error_of_probabilities(classes: int) -> None:
    seen = found(of(squared_error(classes)))
    assert (seen.outcome, seen.severity) == ("fired", "optimisation")
    assert seen.evidence["loss"] < seen.evidence["least"]  # type: ignore[operator]


def test_a_loss_divided_once_too_often() -> None:
    honest = found(Stream())
    assert honest.outcome == "clear"
    assert found(of(lambda share: 2.5 * (1 - ACCURACY(share)) / 32)).outcome == "fired"


@pytest.mark.parametrize("task", ["classification", "binary"])
@given(data=st.data())
def test_no_cross_entropy_is_ever_so_low(task: str, data: st.DataObject) -> None:
    random = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    recipe, classes = recipe_of(task=task), data.draw(st.integers(2, 12))
    loss, accuracy = evaluated(recipe, random, classes, data.draw(st.floats(0, 30)))
    seen = found(of(steady(loss), steady(accuracy), recipe))
    assert seen.outcome != "fired"


def evaluated(
    recipe: Recipe, random: np.random.Generator, classes: int, scale: float
) -> tuple[float, float]:
    """Loss and accuracy of outputs that lean towards the truth, or away from it."""
    n, binary = 20, recipe.task == "binary"
    outputs = scale * random.standard_normal((n, 1 if binary else classes))
    truth = random.integers(0, 2 if binary else classes, n)
    lean = scale * random.normal()
    if binary:
        outputs[:, 0] += lean * (2 * truth - 1)
    else:
        outputs[np.arange(n), truth] += lean
    loss = float(metrics.example_losses(recipe, outputs, truth).mean())
    return loss, float(metrics.score(recipe.task, "accuracy", outputs, truth, 1.0))


LOW = squared_error(10)


@pytest.mark.parametrize(
    "stream",
    [
        of(LOW, recipe=recipe_of(metric="balanced_accuracy")),
        of(LOW, recipe=recipe_of(task="regression")),
        of(LOW, recipe=recipe_of(task="multilabel", metric="accuracy")),
        of(LOW, steady(1.0)),
        of(LOW, steady(math.nan)),
        of(LOW, lambda share: 100 * ACCURACY(share)),
    ],
    ids=["balanced", "regression", "labels", "nothing wrong", "not measured", "percent"],
)
def test_what_cannot_be_judged(stream: Stream) -> None:
    assert found(stream).outcome == "not enough data"


@pytest.mark.parametrize("signal", ["validation_loss", "validation_metric"])
def test_both_must_be_told(signal: str) -> None:
    assert found(of(LOW), signal).outcome == "not enough data"


def test_a_negative_loss_has_a_name_of_its_own() -> None:
    seen = found(of(lambda share: -share))
    assert seen.outcome == "not enough data"
    assert "wrong_sign" in seen.reads


def once_low(share: float) -> float:
    return 0.001 if share > 0.99 else 2.0


@pytest.mark.parametrize("loss", [once_low, lambda share: 0.5 * math.log(2)])
def test_one_evaluation_or_a_loss_at_the_bound_is_not_enough(loss: Callable[..., float]) -> None:
    assert found(of(loss, steady(0.5))).outcome == "clear"


@pytest.mark.parametrize("loss", [{"loss__kind": "focal"}, {"loss__class_weights": "balanced"}])
def test_a_recipe_that_says_another_loss(loss: dict[str, str]) -> None:
    stream = of(LOW, recipe=recipe_of(**loss))
    findings = detect(stream.recipe, stream.events())
    assert next(f for f in findings if f.symptom == NAME).outcome == "not enough data"
    assert found(replace(stream, recipe=recipe_of())).outcome == "fired"
