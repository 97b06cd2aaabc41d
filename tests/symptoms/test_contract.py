from __future__ import annotations

from typing import Any

import pytest

from tests.symptoms.checked import checks, found, outcome
from tests.symptoms.streams import recipe_of

ZEROS = recipe_of(initialization__kind="zeros")
LOW = recipe_of(train__precision="bfloat16")


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("raw", "clear"),
        ("log_probabilities", "clear"),
        ("probabilities", "fired"),
        ("probabilities_over_batch", "fired"),
        ("zero_to_one", "fired"),
        ("minus_one_to_one", "fired"),
        ("never_negative", "fired"),
        ("never_positive", "fired"),
    ],
)
@pytest.mark.parametrize("task", ["classification", "binary", "multilabel"])
def test_classes_need_raw_outputs(form: str, expected: str, task: str) -> None:
    assert outcome("output_contract", recipe_of(task=task), output_form=form) == expected


@pytest.mark.parametrize(("share", "expected"), [(0.04, "clear"), (0.06, "fired")])
def test_a_regression_needs_outputs_that_reach_its_targets(share: float, expected: str) -> None:
    recipe = recipe_of(task="regression")
    facts: dict[str, Any] = {"output_form": "never_negative", "unreachable_share": share}
    assert outcome("output_contract", recipe, **facts) == expected


@pytest.mark.parametrize("fact", ["output_shape_fits", "outputs_finite"])
def test_outputs_must_fit_and_be_numbers(fact: str) -> None:
    assert outcome("output_contract", **{fact: False, "output_form": None}) == "fired"


@pytest.mark.parametrize(
    ("symptom", "facts", "expected"),
    [
        ("batch_mixing", {"company_change": 2e-3}, "fired"),
        ("batch_mixing", {"company_change": 5e-4}, "clear"),
        ("batch_mixing", {"future_change": 0.1}, "fired"),
        ("batch_mixing", {"company_change": 1.0, "random_change": 1.0}, "not enough data"),
        ("mode_mismatch", {"repeat_change": 2e-3}, "fired"),
        ("mode_mismatch", {"repeat_change": 5e-4}, "clear"),
        ("input_ignored", {"output_spread": 0.0}, "fired"),
        ("input_ignored", {"output_spread": 1e-5}, "clear"),
        ("nondeterminism", {"repeatable": False, "repeat_difference": 1e-7}, "fired"),
    ],
)
def test_thresholds(symptom: str, facts: dict[str, Any], expected: str) -> None:
    assert outcome(symptom, **facts) == expected


@pytest.mark.parametrize("symptom", ["batch_mixing", "mode_mismatch"])
def test_low_precision_rounds(symptom: str) -> None:
    fact = {"batch_mixing": "company_change", "mode_mismatch": "repeat_change"}[symptom]
    assert outcome(symptom, LOW, **{fact: 0.02}) == "clear"
    assert outcome(symptom, LOW, **{fact: 0.1}) == "fired"


def test_what_another_fault_explains_is_not_told_twice() -> None:
    alike = found("input_ignored", checks(output_spread=0.0), recipe=ZEROS)
    assert alike.outcome == "not enough data"
    assert "symmetric_initialization" in alike.reads
    forced = checks(output_spread=0.0, output_form="probabilities")
    assert found("input_ignored", forced).outcome == "not enough data"
