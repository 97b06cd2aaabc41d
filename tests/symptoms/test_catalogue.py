from __future__ import annotations

import math

import pytest

from advisor.symptoms import DETECTORS, ORDER, as_facts, detect
from tests.symptoms.streams import Stream, recipe_of

BLOCKING_CLASSES = {1, 2, 3, 6}


def test_every_symptom_has_a_class_and_explains_itself() -> None:
    assert set(ORDER) == set(DETECTORS)
    for name, detector in DETECTORS.items():
        assert 1 <= ORDER[name] <= 9
        assert all((detector.about, detector.threshold, detector.source))
        if detector.severity == "block":
            assert ORDER[name] in BLOCKING_CLASSES


def test_nothing_to_look_at_is_never_read_as_clear_of_what_a_run_would_show() -> None:
    facts = as_facts(detect(recipe_of(), []))
    about_runs = set(facts) - {"symmetric_initialization", "suspicious_values"}
    assert {name for name in about_runs if facts[name] is not None} == set()


def test_findings_come_in_order_of_treatment_with_a_sentence_and_numbers() -> None:
    found = detect(recipe_of(), Stream().events())
    assert [ORDER[f.symptom] for f in found] == sorted(ORDER.values())
    for finding in found:
        assert all((finding.reads, finding.threshold))
        if finding.outcome != "not enough data":
            assert finding.window
            numbers = [v for v in finding.evidence.values() if isinstance(v, float | int)]
            assert all(math.isfinite(value) for value in numbers)


@pytest.mark.parametrize("outcome", ["fired", "clear", "not enough data"])
def test_outcomes_become_three_values(outcome: str) -> None:
    found = [f for f in detect(recipe_of(), Stream().events()) if f.outcome == outcome]
    expected = {"fired": True, "clear": False, "not enough data": None}[outcome]
    assert set(as_facts(found).values()) <= {expected}
