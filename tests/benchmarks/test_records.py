"""What a visit of a case counts as naming its fault."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import pytest

from advisor.symptoms import Finding

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture(autouse=True)
def benchmarks_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARKS))


def finding(symptom: str, *fields: str, outcome: str = "fired", severity: str = "info") -> Finding:
    evidence = dict.fromkeys(fields, 1.0)
    return Finding(symptom, outcome, severity, evidence, "", "", "")  # type: ignore[arg-type]


def visit(changes: dict[str, Any], *found: Finding, lags: tuple[str, ...] = ()) -> Any:
    """A visit of a case with these changes, whose cause is an odd value, after its diagnosis."""
    case = importlib.import_module("wards.case")
    records = importlib.import_module("wards.records")
    made = records.Visit("x", "torch", 0, twin_lags=list(lags))
    sick = case.Case("x", "Odd", "twin", changes, causes=("suspicious_values", "divergence"))
    records.diagnosed(made, sick, found)
    return made


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"optimizer.lr": 3.0}, "optimizer.lr"),
        ({"optimizer": {"kind": "sgd", "lr": 3.0}}, "optimizer.lr"),
        (
            {"regularization": {"augmentation": {"rotation": 180.0}}},
            "regularization.augmentation.rotation",
        ),
        ({"model.hidden": [2], "model.activation": "tanh"}, "model.hidden"),
        ({"schedule.kind": "polynomial", "schedule.power": 10.0}, "schedule"),
        ({"schedule": {"kind": "polynomial", "power": 10.0}}, "schedule"),
    ],
)
def test_an_odd_value_is_named_by_its_own_field(changes: dict[str, Any], named: str) -> None:
    assert visit(changes, finding("suspicious_values", named)).place == 1
    assert visit(changes, finding("suspicious_values", "train.batch_size", named)).place == 1
    assert visit(changes, finding("suspicious_values", "train.batch_size")).place is None
    assert visit(changes, finding("suspicious_values")).place is None


def test_a_section_is_not_taken_for_its_fields() -> None:
    changes = {"regularization.l2": 0.5}
    assert visit(changes, finding("suspicious_values", "regularization")).place is None
    assert visit(changes, finding("suspicious_values", "regularization.l1")).place is None


def test_other_causes_are_named_whatever_their_evidence() -> None:
    other = finding("suspicious_values", "model.hidden")
    assert visit({"optimizer.lr": 3.0}, other, finding("divergence")).place == 2


def test_what_the_healthy_twin_shows_as_well_is_not_wrong() -> None:
    lagging = finding("overfitting", severity="generalisation")
    assert visit({}, lagging).wrong == ["overfitting"]
    assert visit({}, lagging, lags=("overfitting",)).wrong == []


def test_lags_are_fired_symptoms_of_generalisation() -> None:
    found = [
        finding("overfitting", severity="generalisation"),
        finding("overtraining", severity="generalisation", outcome="clear"),
        finding("overconfidence", severity="generalisation", outcome="not enough data"),
        finding("divergence", severity="block"),
        finding("late_variance", severity="info"),
    ]
    assert importlib.import_module("wards.records").lags(found) == ["overfitting"]
