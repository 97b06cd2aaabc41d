"""What the checks say of models of a user's own, sound and faulty."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from advisor.backend import load_backend
from advisor.events import ProbeFinished
from advisor.preflight import run
from advisor.recipe import Recipe
from advisor.symptoms import detect
from tests.preflight.making import dataset_of
from tests.preflight.own_models import own_recipe

CONTRACT = {
    "output_contract",
    "batch_mixing",
    "mode_mismatch",
    "input_ignored",
    "nondeterminism",
    "one_batch_not_fitted",
}


def checked(recipe: Recipe, backend_name: str) -> ProbeFinished:
    return run(recipe, dataset_of(recipe.task), load_backend(backend_name), "cpu")


def fired(recipe: Recipe, probed: ProbeFinished) -> set[str]:
    return {f.symptom for f in detect(recipe, [probed]) if f.outcome == "fired"}


@pytest.mark.parametrize("name", ["Sound", "Normed", "ZeroHead", "LogSoftmax"])
def test_sound_models_raise_no_alarm(name: str, backend_name: str, tmp_path: Path) -> None:
    recipe = own_recipe(tmp_path, name)
    probed = checked(recipe, backend_name)
    assert fired(recipe, probed) == set()
    found = {f.symptom: f.outcome for f in detect(recipe, [probed])}
    known = (
        CONTRACT - {"one_batch_not_fitted"} - ({"output_contract"} if name == "ZeroHead" else set())
    )
    assert {found[symptom] for symptom in known} == {"clear"}
    assert probed.facts["repeatable"] is True


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("Softmax", "probabilities"),
        ("Sigmoid", "zero_to_one"),
        ("Tanh", "minus_one_to_one"),
        ("Relu", "never_negative"),
    ],
)
def test_outputs_that_are_not_raw(name: str, form: str, backend_name: str, tmp_path: Path) -> None:
    recipe = own_recipe(tmp_path, name)
    probed = checked(recipe, backend_name)
    assert probed.facts["output_form"] == form
    assert fired(recipe, probed) == {"output_contract"}


def test_a_softmax_along_the_wrong_axis(backend_name: str, tmp_path: Path) -> None:
    recipe = own_recipe(tmp_path, "WrongAxis")
    probed = checked(recipe, backend_name)
    assert fired(recipe, probed) >= {"output_contract", "batch_mixing"}
    assert probed.facts["output_form"] == "probabilities_over_batch"


def test_examples_that_mix(backend_name: str, tmp_path: Path) -> None:
    recipe = own_recipe(tmp_path, "Mixing")
    assert fired(recipe, checked(recipe, backend_name)) == {"batch_mixing"}


def test_a_model_that_does_not_look_at_its_input(backend_name: str, tmp_path: Path) -> None:
    recipe = own_recipe(tmp_path, "Deaf")
    assert fired(recipe, checked(recipe, backend_name)) == {"input_ignored"}


def test_dropout_that_stays_on(backend_name: str, tmp_path: Path) -> None:
    recipe = own_recipe(tmp_path, "Dropping")
    assert fired(recipe, checked(recipe, backend_name)) == {"mode_mismatch"}


@pytest.mark.parametrize(
    ("name", "expected"),
    [("Sound", set()), ("Relu", {"output_contract"}), ("Sigmoid", {"output_contract"})],
)
def test_targets_of_a_regression_that_outputs_cannot_reach(
    name: str, expected: set[str], backend_name: str, tmp_path: Path
) -> None:
    recipe = own_recipe(tmp_path, name, "regression")
    probed = checked(recipe, backend_name)
    assert fired(recipe, probed) == expected
    if expected:
        assert probed.facts["unreachable_share"] == pytest.approx(0.5, abs=0.2)


def test_a_softmax_over_one_output(backend_name: str, tmp_path: Path) -> None:
    recipe = own_recipe(tmp_path, "Softmax", "binary")
    assert fired(recipe, checked(recipe, backend_name)) == {"output_contract"}


def test_a_start_that_no_seed_governs(tmp_path: Path) -> None:
    """JAX models draw from their seed alone."""
    pytest.importorskip("torch")
    recipe = own_recipe(tmp_path, "Unseeded")
    state = np.random.get_state()[1].tolist()  # type: ignore[union-attr]
    assert "nondeterminism" in fired(recipe, checked(recipe, "torch"))
    assert np.random.get_state()[1].tolist() == state  # type: ignore[union-attr]
