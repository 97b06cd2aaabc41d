from __future__ import annotations

from dataclasses import replace

import pytest

from advisor.symptoms import detect
from tests.symptoms.checked import checks
from tests.symptoms.looking import finding, outcome
from tests.symptoms.streams import Stream, decay, recipe_of

UNFITTED = Stream(train_loss=lambda share: 2.2, gradient=lambda share: 1.0, gradient_noise=0.1)
"""Still far from fitted, so that gradients mean something."""


@pytest.mark.parametrize(
    ("profile", "expected"),
    [
        ((1e-6, 1e-4, 1e-2, 1.0), "fired"),  # AutoTrainer's ratio and size
        ((0.01, 0.05, 0.2, 1.0), "fired"),  # two decades over three layers
        ((0.1, 0.3, 0.6, 1.0), "clear"),
        ((1.0, 1.0, 1.0, 1.0), "clear"),
    ],
)
def test_gradients_that_shrink_towards_the_input(profile: tuple[float, ...], expected: str) -> None:
    assert outcome(replace(UNFITTED, layer_gradients=profile), "vanishing_gradients") == expected


def test_small_gradients_of_a_fitted_model_are_fine() -> None:
    fitted = Stream(layer_gradients=(1e-6, 1e-4, 1e-2, 1.0))
    assert outcome(fitted, "vanishing_gradients") == "clear"


def test_layers_count_from_the_input_whatever_order_they_come_in() -> None:
    turned = replace(
        UNFITTED,
        layers=("output.kernel", "dense1.kernel", "conv2.kernel", "conv10.kernel"),
        layer_gradients=(1.0, 0.5, 1e-3, 0.1),
    )
    assert finding(turned, "vanishing_gradients").evidence["first"] == pytest.approx(1e-3, rel=0.2)


def test_a_heavy_tail_of_gradients_explodes_only_while_there_is_much_to_learn() -> None:
    assert outcome(replace(UNFITTED, gradient_noise=2.5), "exploding_gradients") == "fired"
    assert outcome(replace(UNFITTED, gradient_noise=0.7), "exploding_gradients") == "clear"
    fitted = Stream(train_loss=decay(2.3, 0.001, 40), gradient_noise=2.5)
    assert outcome(fitted, "exploding_gradients") != "fired"


@pytest.mark.parametrize("symptom", ["dead_units", "saturated_units"])
def test_units_must_be_off_at_two_inspections(symptom: str) -> None:
    name = symptom.partition("_")[0]
    stays = Stream(**{name: lambda share: 0.8})
    assert outcome(stays, symptom) == "fired"
    comes_back = Stream(**{name: lambda share: 0.8 if share < 0.9 else 0.1})
    assert outcome(comes_back, symptom) == "clear"
    once = Stream(**{name: lambda share: 0.8}, until=0.2)
    assert outcome(once, symptom) == "not enough data"


@pytest.mark.parametrize(
    ("task", "initial", "expected"),
    [
        ("classification", 2.4, "clear"),
        ("classification", 6.6, "clear"),  # what a sound Kaiming start gives on images
        ("classification", 30.0, "fired"),
        ("regression", 3.0, "clear"),
        ("regression", 40.0, "fired"),
    ],
)
def test_loss_before_the_first_step(task: str, initial: float, expected: str) -> None:
    chance = 1.0 if task == "regression" else Stream().chance_loss
    stream = Stream(recipe=recipe_of(task=task), initial_loss=initial, chance_loss=chance)
    assert outcome(stream, "initial_loss_off") == expected


def test_even_odds_are_no_bad_start_for_imbalanced_classes() -> None:
    stream = Stream(outputs=2, class_shares=(0.99, 0.01), chance_loss=0.056, initial_loss=0.69)
    assert outcome(stream, "initial_loss_off") == "clear"


@pytest.mark.parametrize(("initial", "expected"), [(9.0, "clear"), (11.0, "fired")])
def test_targets_that_were_standardised_cost_1_however_little_validation_scatters(
    initial: float, expected: str
) -> None:
    stream = Stream(recipe_of(task="regression"), initial_loss=initial, chance_loss=0.1)
    assert outcome(stream, "initial_loss_off") == expected
    found = detect(stream.recipe, stream.events(), {"recipe"})  # nor what was done to the targets
    assert next(one for one in found if one.symptom == "initial_loss_off").outcome == "fired"


def test_zeros_are_symmetric_only_with_a_hidden_layer() -> None:
    zeros = recipe_of(initialization__kind="zeros")
    assert outcome(Stream(recipe=zeros), "symmetric_initialization") == "fired"
    linear = zeros.changed({"model.hidden": ()})
    assert outcome(Stream(recipe=linear), "symmetric_initialization") == "clear"
    assert outcome(Stream(), "symmetric_initialization") == "clear"


def test_dead_units_of_a_fitted_model_are_only_noted() -> None:
    dead = Stream(dead=lambda share: 0.8, train_loss=decay(2.3, 0.8, 8))
    assert finding(dead, "dead_units").severity == "optimisation"
    assert finding(replace(dead, train_loss=decay(2.3, 0.01, 8)), "dead_units").severity == "info"


@pytest.mark.parametrize(("share", "explains"), [(0.8, False), (0.95, True)])
def test_only_a_layer_that_is_shut_explains_that_nothing_is_learned(
    share: float, explains: bool
) -> None:
    found = finding(Stream(dead=lambda _: share, train_loss=decay(2.3, 0.8, 8)), "dead_units")
    assert ("no_learning" in found.leads_to) is explains


def test_rare_classes_make_heavy_tails_by_themselves() -> None:
    heavy = Stream(train_loss=decay(2.3, 1.5, 1), gradient_noise=2.5)
    assert outcome(heavy, "exploding_gradients") == "fired"
    rare = replace(heavy, class_shares=(0.95, 0.05))
    assert outcome(rare, "exploding_gradients") == "clear"
    assert outcome(replace(rare, gradient=lambda share: 1e7), "exploding_gradients") == "fired"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "fired"),
        ({"model__normalization": "batch"}, "clear"),
        ({"model__residual": True}, "clear"),
        ({"model__hidden": (64, 64)}, "clear"),
        ({"initialization__gain": 10.0}, "clear"),  # then the start is to blame
        ({"model": {"kind": "transformer", "layers": 4}}, "clear"),
    ],
)
def test_many_plain_layers_lose_the_signal(changes: dict[str, object], expected: str) -> None:
    recipe = recipe_of(**{"model__hidden": (64,) * 10, **changes})
    stream = Stream(recipe, train_loss=decay(2.3, 2.0, 1))
    found = detect(recipe, [checks(signal_ratio=30.0), *stream.events()])
    outcomes = {one.symptom: one.outcome for one in found}
    assert outcomes["vanishing_gradients"] == expected
