from __future__ import annotations

import pytest

from tests.symptoms.looking import finding, outcome
from tests.symptoms.streams import Stream, recipe_of


@pytest.mark.parametrize(
    ("size", "examples", "expected"),
    [
        (8, 2000, "fired"),
        (16, 2000, "clear"),
        (8, 300, "clear"),  # 16 would leave 187 updates
        (4, 300, "fired"),  # which is better than these
        (4, 200, "clear"),
    ],
)
def test_a_tiny_batch_counts_where_a_larger_one_leaves_enough_updates(
    size: int, examples: int, expected: str
) -> None:
    stream = Stream(recipe=recipe_of(train__batch_size=size), train_examples=examples)
    assert outcome(stream, "batch_too_small") == expected


def test_few_updates_count_where_the_training_set_is_not_fitted() -> None:
    large = recipe_of(train__batch_size=512)
    unfitted = Stream(recipe=large, train_metric=lambda share: 0.6)
    assert outcome(unfitted, "batch_too_large") == "fired"
    assert outcome(Stream(recipe=large), "batch_too_large") == "clear"
    small = Stream(recipe=recipe_of(train__batch_size=16), train_metric=lambda share: 0.6)
    assert outcome(small, "batch_too_large") == "clear"


@pytest.mark.parametrize(
    ("size", "expected", "severity"),
    [
        (1, "fired", "block"),
        (4, "fired", "optimisation"),
        (8, "fired", "info"),
        (16, "clear", "info"),
    ],
)
def test_batch_statistics_need_examples(size: int, expected: str, severity: str) -> None:
    recipe = recipe_of(train__batch_size=size, model__normalization="batch")
    found = finding(Stream(recipe=recipe), "batch_norm_small_batch")
    assert (found.outcome, found.severity) == (expected, severity)


def test_without_batch_normalisation_there_is_nothing_to_judge() -> None:
    assert outcome(Stream(), "batch_norm_small_batch") == "not enough data"


def test_a_batch_of_a_few_explains_what_noise_does() -> None:
    few = finding(Stream(recipe=recipe_of(train__batch_size=2)), "batch_too_small")
    assert {"divergence", "dead_units", "no_learning"} <= set(few.leads_to)
    assert finding(Stream(recipe=recipe_of(train__batch_size=8)), "batch_too_small").leads_to == ()


def test_too_few_epochs_are_no_fault_of_the_batch() -> None:
    short = recipe_of(train__batch_size=32, train__epochs=2)
    unfitted = Stream(recipe=short, train_examples=600, train_metric=lambda share: 0.6)
    assert outcome(unfitted, "batch_too_large") == "clear"


def test_noise_of_steps_that_hardly_move_the_weights_explains_nothing() -> None:
    recipe = recipe_of(train__batch_size=2)
    assert finding(Stream(recipe=recipe, update_ratio=1e-3), "batch_too_small").leads_to
    assert finding(Stream(recipe=recipe, update_ratio=2e-5), "batch_too_small").leads_to == ()
