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
        ({"regularization__l2": 0.05}, "regularization.l2", "info"),
        ({"regularization__l2": 0.5}, "regularization.l2", "optimisation"),
        (
            {"regularization__augmentation": {"rotation": 180.0}, "model": {"kind": "cnn"}},
            "regularization.augmentation.rotation",
            "info",
        ),
        ({"model__hidden": (64, 4)}, "model.hidden", "info"),
        ({"model": {"kind": "cnn", "channels": (2, 16)}}, "model.channels", "info"),
        ({"model": {"kind": "cnn", "stride": 2}}, "model.stride", "info"),
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
        {"regularization__l2": 1e-3},
        {"model__hidden": (8,)},  # fewer than the classes, but not few
        {"model": {"kind": "cnn", "stride": 2, "pooling": "none"}},
    ],
)
def test_usual_values_are_fine(changes: dict[str, Any]) -> None:
    assert judged(**changes) == ("clear", "info", set())


def test_two_classes_pass_through_any_layer() -> None:
    narrow = Stream(recipe_of(model__hidden=(4,)), outputs=2, class_shares=(0.5, 0.5))
    assert finding(narrow, "suspicious_values").outcome == "clear"


def test_an_odd_value_explains_what_it_can_do_and_nothing_else() -> None:
    high = finding(Stream(recipe_of(optimizer__lr=0.1)), "suspicious_values")
    low = finding(Stream(recipe_of(optimizer__lr=1e-7)), "suspicious_values")
    assert "divergence" in high.leads_to
    assert "divergence" not in low.leads_to
    assert "update_ratio_low" in low.leads_to
    held = finding(Stream(recipe_of(regularization__dropout=0.9)), "suspicious_values")
    assert {"over_regularized", "underfitting"} <= set(held.leads_to)
