"""Whatever the recipe: facts and symptoms are found or said to be unknown, never an error."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.events import TrialFinished
from advisor.facts import VOCABULARY, measure
from advisor.recipe import Recipe, sections_with_kinds
from advisor.symptoms import DETECTORS, as_facts, detect
from tests.recipe_strategies import recipes
from tests.symptoms.looking import finding, outcome
from tests.symptoms.streams import Stream, decay, recipe_of

TYPES = {"number": (int, float), "flag": (bool,), "text": (str,)}


def language_model(**changes: Any) -> Recipe:
    return Recipe.model_validate(
        {
            "task": "language_model",
            "data": {"source": "text:a.txt"},
            "model": {"kind": "transformer"},
        }
    ).changed(changes)


@given(recipes(), st.floats(0.05, 1.0), st.sampled_from([None, (0.9, 0.1), (0.2, 0.3, 0.5)]))
@settings(max_examples=60, deadline=None)
def test_every_recipe_can_be_judged(recipe: Recipe, until: float, shares: Any) -> None:
    small = recipe.changed({"train.batch_size": 64, "train.accumulation": 1, "train.epochs": 12})
    perplexity = recipe.metric == "perplexity"
    stream = Stream(
        recipe=small,
        until=until,
        class_shares=shares,
        chance_metric=20.0 if perplexity else 0.1,
        metric_noise=not perplexity and recipe.task != "regression",
        train_metric=decay(20.0, 2.0, 4.0) if perplexity else decay(0.1, 0.998, 8.0),
        validation_metric=decay(20.0, 3.0, 4.0) if perplexity else decay(0.1, 0.9, 8.0),
    )
    events = stream.events()
    for number in (0, 1, 3, len(events)):
        found = detect(small, events[:number])
        assert len(found) == len(DETECTORS)
        assert all(each.reads for each in found)
        facts = measure(small, events[:number]) | as_facts(found)
        for name, value in facts.items():
            kind = VOCABULARY[name].type
            assert value is None or isinstance(value, TYPES[kind]), name
            assert kind == "flag" or not isinstance(value, bool), name


@pytest.mark.parametrize("kind", sections_with_kinds()["model"])
def test_units_that_start_alike(kind: str) -> None:
    model = {"kind": kind, **({"torch": "/nets.py:Net"} if kind == "own" else {})}
    expected = "not enough data" if kind == "own" else "fired"
    for start in ("zeros", "constant"):
        stream = Stream(recipe=recipe_of(model=model, initialization__kind=start))
        assert outcome(stream, "symmetric_initialization") == expected
    assert outcome(Stream(recipe=recipe_of(model=model)), "symmetric_initialization") != "fired"


def test_batch_statistics_are_those_of_a_portion() -> None:
    recipe = recipe_of(model__normalization="batch", train__batch_size=32, train__accumulation=8)
    found = finding(Stream(recipe=recipe), "batch_norm_small_batch")
    assert (found.outcome, found.evidence["batch_size"]) == ("fired", 4)
    own = recipe_of(model={"kind": "own", "jax": "/nets.py:Net"})
    assert outcome(Stream(recipe=own), "batch_norm_small_batch") == "not enough data"
    rnn = recipe_of(model={"kind": "transformer"})
    assert outcome(Stream(recipe=rnn), "batch_norm_small_batch") == "not enough data"


def test_labels_are_out_of_balance_each_for_itself() -> None:
    balanced = Stream(recipe=recipe_of(task="multilabel"), class_shares=(0.5, 0.2, 0.8))
    assert outcome(balanced, "class_imbalance") == "clear"
    assert outcome(replace(balanced, class_shares=(0.5, 0.97)), "class_imbalance") == "fired"
    assert outcome(balanced, "prediction_collapse") == "not enough data"


def test_the_start_of_a_multilabel_model_is_held_against_even_odds() -> None:
    stream = Stream(recipe=recipe_of(task="multilabel"), outputs=50, chance_loss=0.3)
    assert outcome(replace(stream, initial_loss=0.9), "initial_loss_off") == "clear"
    assert outcome(replace(stream, initial_loss=3.2), "initial_loss_off") == "fired"


def test_the_start_of_a_focal_loss_is_held_against_its_own_even_odds() -> None:
    recipe = recipe_of(task="binary", loss__kind="focal")
    stream = Stream(recipe=recipe, outputs=1, chance_loss=0.02, class_shares=(0.99, 0.01))
    assert outcome(replace(stream, initial_loss=0.2), "initial_loss_off") == "clear"
    assert outcome(replace(stream, initial_loss=1.0), "initial_loss_off") == "fired"


def test_a_language_model_that_leaves_half_of_chances_loss_does_not_underfit() -> None:
    stream = Stream(
        recipe=language_model(metric="accuracy"),
        class_shares=None,
        outputs=60,
        chance_loss=3.0,
        train_loss=decay(4.0, 1.2, 8.0),
        validation_loss=decay(4.0, 1.3, 8.0),
        train_metric=decay(0.1, 0.6, 8.0),
        validation_metric=decay(0.1, 0.58, 8.0),
    )
    assert outcome(stream, "underfitting") == "clear"
    poor = replace(stream, train_loss=decay(4.0, 2.5, 8.0), validation_loss=decay(4.0, 2.5, 8.0))
    assert outcome(poor, "underfitting") == "fired"
    assert outcome(stream, "class_imbalance") == "not enough data"


def test_perplexity_that_rises_on_validation_is_overfitting() -> None:
    stream = Stream(
        recipe=language_model(**{"train.epochs": 20}),
        class_shares=None,
        outputs=60,
        chance_loss=3.0,
        chance_metric=20.0,
        metric_noise=False,
        train_loss=decay(3.0, 0.5, 8.0),
        validation_loss=lambda share: 1.5 + share,
        train_metric=decay(20.0, 1.6, 8.0),
        validation_metric=lambda share: 4.5 * 2.7**share,
    )
    assert outcome(stream, "overfitting") == "fired"
    assert outcome(stream, "overtraining") == "fired"
    assert outcome(stream, "not_better_than_chance") == "clear"


@pytest.mark.parametrize("name", ["rotation", "mixup", "cutmix", "color", "noise"])
def test_every_augmentation_counts_as_a_regulariser(name: str) -> None:
    recipe = recipe_of(**{f"regularization__augmentation__{name}": 0.3})
    stream = Stream(
        recipe=recipe, train_metric=decay(0.1, 0.7, 8.0), validation_metric=decay(0.1, 0.7, 8.0)
    )
    found = finding(stream, "over_regularized")
    assert (found.outcome, found.evidence[name]) == ("fired", 0.3)


def test_memory_that_ran_out_is_told_by_the_message() -> None:
    *events, last = Stream(status="failed").events()
    assert isinstance(last, TrialFinished)
    for message, expected in (
        ("CUDA out of memory. Tried to allocate 2 GiB", True),
        ("RESOURCE_EXHAUSTED: Out of memory allocating", True),
        ("labels out of range", False),
    ):
        told = [*events, replace(last, message=message)]
        assert as_facts(detect(recipe_of(), told))["out_of_memory"] is expected
    assert as_facts(detect(recipe_of(), events))["out_of_memory"] is None
