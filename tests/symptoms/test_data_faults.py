from __future__ import annotations

from typing import Any

import pytest

from advisor.probe_facts import PREFLIGHT_NAMES
from advisor.symptoms import DETECTORS, detect
from advisor.symptoms.capability import DETECTORS as CAPABILITY
from advisor.symptoms.contract import DETECTORS as CONTRACT
from advisor.symptoms.data_faults import DETECTORS as DATA
from tests.symptoms.checked import SOUND, checks, found, outcome
from tests.symptoms.streams import recipe_of

OURS = {detector.name for detector in (*DATA, *CONTRACT, *CAPABILITY)}


def test_every_fact_of_the_checks_has_a_sound_value() -> None:
    assert set(SOUND) == set(PREFLIGHT_NAMES)


def test_sound_facts_fire_nothing() -> None:
    assert {f.symptom for f in detect(recipe_of(), [checks()]) if f.outcome == "fired"} == set()


@pytest.mark.parametrize("symptom", sorted(OURS))
def test_without_the_checks_nothing_is_said(symptom: str) -> None:
    nothing = found(symptom)
    assert nothing.outcome == "not enough data"
    assert "checks before training" in nothing.reads
    none = found(symptom, checks(**dict.fromkeys(SOUND)))
    assert none.outcome == "not enough data"
    assert "could not measure" in none.reads
    untold = next(f for f in detect(recipe_of(), [], ["preflight"]) if f.symptom == symptom)
    assert untold.reads.startswith("nobody told")


@pytest.mark.parametrize(
    ("symptom", "facts", "expected"),
    [
        ("invalid_data", {"not_finite_share": 1e-9}, "fired"),
        ("invalid_data", {"out_of_range_share": 1e-9}, "fired"),
        ("dead_features", {"constant_share": 0.5}, "clear"),
        ("dead_features", {"constant_share": 0.51}, "fired"),
        ("dead_features", {"duplicate_feature_share": 0.51}, "fired"),
        ("conflicting_labels", {"conflicting_share": 0.02, "conflicting_examples": 2}, "clear"),
        ("conflicting_labels", {"conflicting_share": 0.004, "conflicting_examples": 9}, "clear"),
        ("conflicting_labels", {"conflicting_share": 0.006, "conflicting_examples": 9}, "fired"),
        ("leakage", {"leaked_share": 0.05, "leaked_examples": 2}, "clear"),
        ("leakage", {"leaked_share": 0.009, "leaked_examples": 9}, "clear"),
        ("leakage", {"leaked_share": 0.011, "leaked_examples": 9}, "fired"),
        ("leakage", {"leaked_group_share": 0.0}, "clear"),
        ("leakage", {"leaked_group_share": 0.01}, "fired"),
        ("leakage", {"leaked_share": None, "leaked_group_share": 0.2}, "fired"),
        ("split_mismatch", {"label_shift": 0.11}, "fired"),
        ("split_mismatch", {"label_shift": 0.11, "label_shift_limit": 0.2}, "clear"),
        ("split_mismatch", {"label_shift": 0.09, "label_shift_limit": 0.01}, "clear"),
        ("split_mismatch", {"missing_classes": 1}, "fired"),
        ("split_mismatch", {"missing_classes": None}, "clear"),
    ],
)
def test_thresholds(symptom: str, facts: dict[str, Any], expected: str) -> None:
    assert outcome(symptom, **facts) == expected


def test_all_features_constant_blocks() -> None:
    assert found("dead_features", checks(constant_share=0.9)).severity == "info"
    assert found("dead_features", checks(constant_share=1.0)).severity == "block"


def test_data_and_contract_come_first() -> None:
    assert all(DETECTORS[detector.name].order == 1 for detector in DATA)
    names = list(DETECTORS)
    assert names.index("leakage") < names.index("output_contract") < names.index("non_finite")
