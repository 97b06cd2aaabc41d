from __future__ import annotations

import pytest

from advisor.symptoms import DETECTORS
from advisor.symptoms.remedies import REMEDIES

OF_LOGS = {"hidden_non_finite"}
"""A symptom that only the log of a foreign training can show."""


def test_remedies_are_for_symptoms_that_there_are() -> None:
    assert set(REMEDIES) - set(DETECTORS) <= OF_LOGS


@pytest.mark.parametrize("symptom", REMEDIES)
def test_a_remedy_says_what_to_do_and_what_to_expect(symptom: str) -> None:
    remedy = REMEDIES[symptom]
    assert remedy.first.endswith((".", "?"))
    assert remedy.expect.endswith(".")
    assert not remedy.unless.endswith(".")
    assert remedy.rate in (-1, 0, 1)
