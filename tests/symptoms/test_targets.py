from __future__ import annotations

from typing import Any

import pytest

from tests.symptoms.checked import checks, found, outcome
from tests.symptoms.streams import recipe_of

REGRESSION = {"task": "regression"}


@pytest.mark.parametrize(
    ("loss", "share", "expected", "severity"),
    [
        ("mse", 0.05, "fired", "optimisation"),
        ("huber", 0.05, "fired", "info"),
        ("mse", 0.001, "clear", "optimisation"),
        ("mse", None, "not enough data", "optimisation"),
    ],
)
def test_far_targets_matter_most_to_a_squared_loss(
    loss: str, share: float | None, expected: str, severity: str
) -> None:
    recipe = recipe_of(task="regression", loss={"kind": loss})
    made = found("target_outliers", checks(target_outlier_share=share), recipe=recipe)
    assert (made.outcome, made.severity) == (expected, severity)


def test_classes_have_no_outliers() -> None:
    assert outcome("target_outliers", target_outlier_share=0.05) == "not enough data"


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"copied_columns": 1}, "fired"),
        ({"copied_columns": 0}, "clear"),
        ({"copied_columns": None, "copied_target_share": 0.97}, "fired"),
        ({"copied_columns": None, "copied_target_share": 0.06}, "clear"),
        ({"copied_columns": None, "copied_target_share": None}, "not enough data"),
    ],
)
def test_answers_among_the_inputs(facts: dict[str, Any], expected: str) -> None:
    assert outcome("target_leakage", **facts) == expected
