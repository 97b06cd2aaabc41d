from __future__ import annotations

import pytest

from tests.symptoms.looking import finding, outcome
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


@pytest.mark.parametrize(
    ("changes", "metric", "severity"),
    [
        ({"metric": "balanced_accuracy"}, 0.6, "optimisation"),  # rare ones are missed
        ({"metric": "balanced_accuracy"}, 0.99, "info"),
        ({"metric": "accuracy"}, 0.6, "info"),
        ({"metric": "f1", "train__sampling": "balanced"}, 0.6, "info"),  # made up for
        (
            {"train__sampling": "balanced", "loss__class_weights": "balanced"},
            0.99,
            "optimisation",  # twice
        ),
    ],
)
def test_imbalance_is_grave_where_it_costs_and_nothing_makes_up_for_it(
    changes: dict[str, object], metric: float, severity: str
) -> None:
    stream = Stream(
        recipe_of(**changes),
        class_shares=(0.95, 0.05),
        outputs=2,
        validation_metric=lambda share: metric,
        validation_examples=5000,
        metric_noise=False,
    )
    assert finding(stream, "class_imbalance").severity == severity
