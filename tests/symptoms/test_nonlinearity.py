from __future__ import annotations

import pytest

from tests.symptoms.checked import checks, found, outcome
from tests.symptoms.streams import recipe_of

NAME = "missing_nonlinearity"
LOW = recipe_of(train__precision="bfloat16")


@pytest.mark.parametrize(
    ("departure", "expected"),
    [(1e-6, "fired"), (5e-4, "fired"), (2e-3, "clear"), (3.0, "clear"), (None, "not enough data")],
)
def test_thresholds(departure: float | None, expected: str) -> None:
    assert outcome(NAME, nonlinearity=departure) == expected


def test_it_is_noted_since_it_may_be_meant() -> None:
    affine = found(NAME, checks(nonlinearity=1e-6))
    assert affine.severity == "info"
    assert "linear model" in affine.reads


@pytest.mark.parametrize(
    ("departure", "expected"), [(1e-6, "not enough data"), (0.02, "not enough data"), (1, "clear")]
)
def test_low_precision_rounds_too_much_to_tell(departure: float, expected: str) -> None:
    assert outcome(NAME, LOW, nonlinearity=departure) == expected


@pytest.mark.parametrize(
    ("fact", "cause"), [("repeat_change", "mode_mismatch"), ("company_change", "batch_mixing")]
)
def test_outputs_that_change_by_themselves_tell_nothing(fact: str, cause: str) -> None:
    seen = found(NAME, checks(**{fact: 0.5}))
    assert seen.outcome == "not enough data"
    assert cause in seen.reads
