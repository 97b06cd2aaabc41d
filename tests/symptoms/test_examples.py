from __future__ import annotations

import pytest

from tests.symptoms.looking import outcome
from tests.symptoms.streams import Stream, recipe_of


@pytest.mark.parametrize(
    ("largest", "mean", "ratio", "expected"),
    [
        (255.0, 120.0, 1.5, "fired"),  # raw pixels
        (4000.0, 900.0, 1e5, "fired"),  # a table as it comes
        (30.0, 0.1, 500.0, "fired"),  # one column on another scale
        (1.0, 0.5, 1.3, "clear"),  # [0, 1]
        (40.0, 0.0, 1.0, "clear"),  # z-scores with an outlier
        (6.0, 0.15, 2.0, "clear"),
    ],
)
def test_scale_of_the_inputs(largest: float, mean: float, ratio: float, expected: str) -> None:
    stream = Stream(input_max_abs=largest, input_mean_off=mean, input_std_ratio=ratio)
    assert outcome(stream, "unnormalized_input") == expected


def test_imbalance_is_a_ratio_above_ten() -> None:
    assert outcome(Stream(class_shares=(0.95, 0.05)), "class_imbalance") == "fired"
    assert outcome(Stream(class_shares=(0.9, 0.1)), "class_imbalance") == "clear"
    regression = Stream(recipe=recipe_of(task="regression"), class_shares=None)
    assert outcome(regression, "class_imbalance") == "not enough data"


@pytest.mark.parametrize(("examples", "expected"), [(200, "fired"), (20_000, "clear")])
def test_a_small_validation_set_cannot_tell_two_points(examples: int, expected: str) -> None:
    assert outcome(Stream(validation_examples=examples), "validation_too_small") == expected
