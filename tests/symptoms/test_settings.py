from __future__ import annotations

from typing import Any

import pytest

from advisor.symptoms.settings import USUAL_RATES
from tests.symptoms.looking import finding
from tests.symptoms.streams import Stream, recipe_of


def judged(**changes: Any) -> tuple[str, str, set[str]]:
    found = finding(Stream(recipe_of(**changes)), "suspicious_values")
    return found.outcome, found.severity, set(found.evidence)


@pytest.mark.parametrize("kind", USUAL_RATES)
@pytest.mark.parametrize(
    ("factor", "expected", "severity"),
    [(1.0, "clear", "info"), (2.0, "fired", "info"), (200.0, "fired", "optimisation")],
)
def test_rates_outside_of_their_range(
    kind: str, factor: float, expected: str, severity: str
) -> None:
    low, high = USUAL_RATES[kind]
    for rate in (low / factor, high * factor):
        found = judged(optimizer={"kind": kind, "lr": rate})
        assert found[:2] == (expected, severity)
        assert ("optimizer.lr" in found[2]) is (expected == "fired")


@pytest.mark.parametrize(
    ("changes", "path", "severity"),
    [
        ({"optimizer": {"kind": "adam", "eps": 1.0}}, "optimizer.eps", "optimisation"),
        ({"optimizer": {"kind": "adam", "eps": 1e-2}}, "optimizer.eps", "info"),
        (
            {"optimizer": {"kind": "sgd", "lr": 0.1, "momentum": 0.99}},
            "optimizer.momentum",
            "info",
        ),
        ({"optimizer__handover": {"lr": 1e3}}, "optimizer.handover.lr", "optimisation"),
        ({"regularization__dropout": 0.8}, "regularization.dropout", "info"),
        ({"regularization__label_smoothing": 0.6}, "regularization.label_smoothing", "info"),
        (
            {"optimizer": {"kind": "adamw", "lr": 0.01}, "regularization__weight_decay": 10.0},
            "regularization.weight_decay",
            "optimisation",
        ),
        ({"train__early_stopping": {"patience": 1}}, "train.early_stopping.patience", "info"),
        ({"schedule": {"kind": "polynomial", "power": 10.0}}, "schedule", "info"),
    ],
)
def test_values_that_are_out_of_line(changes: dict[str, Any], path: str, severity: str) -> None:
    assert judged(**changes) == ("fired", severity, {path})


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"optimizer": {"kind": "sgd", "lr": 0.1, "momentum": 0.9, "nesterov": True}},
        {"optimizer": {"kind": "adamw", "lr": 3e-4}, "regularization__weight_decay": 0.1},
        {"optimizer__handover": {"lr": 0.01}, "schedule__kind": "cosine"},
        {"regularization__dropout": 0.5, "regularization__label_smoothing": 0.1},
        {"schedule": {"kind": "cosine", "restarts": 5}},
        {"schedule": {"kind": "one_cycle"}},
        {"schedule": {"kind": "step"}},
        {"train__early_stopping": {"patience": 10}},
    ],
)
def test_usual_values_are_fine(changes: dict[str, Any]) -> None:
    assert judged(**changes) == ("clear", "info", set())
