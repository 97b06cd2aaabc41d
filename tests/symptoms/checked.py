"""Findings from the facts of the checks before training."""

from __future__ import annotations

from typing import Any

from advisor.events import Event, ProbeFinished
from advisor.recipe import Recipe
from advisor.symptoms import Finding, detect
from tests.symptoms.streams import recipe_of

SOUND: dict[str, Any] = {
    "not_finite_share": 0.0,
    "out_of_range_share": 0.0,
    "constant_share": 0.05,
    "duplicate_feature_share": 0.0,
    "duplicate_share": 0.0,
    "conflicting_share": 0.0,
    "conflicting_examples": 0,
    "leaked_share": 0.0,
    "leaked_examples": 0,
    "leaked_group_share": None,
    "label_shift": 0.02,
    "label_shift_limit": 0.1,
    "missing_classes": 0,
    "rarest_in_validation": 40,
    "target_outlier_share": None,
    "copied_target_share": None,
    "copied_columns": 0,
    "linear_metric": 0.9,
    "linear_loss": None,
    "output_shape_fits": True,
    "outputs_finite": True,
    "output_form": "raw",
    "unreachable_share": 0.0,
    "untrained_over_prior": 1.2,
    "untrained_over_even_odds": 1.2,
    "output_spread": 0.3,
    "random_change": 0.0,
    "repeat_change": 1e-6,
    "company_change": 0.0,
    "future_change": None,
    "signal_ratio": 2.0,
    "nonlinearity": 2.5,
    "repeatable": True,
    "repeat_difference": 0.0,
    "one_batch_fitted": True,
    "one_batch_examples": 8,
    "one_batch_steps": 40,
    "one_batch_loss": 0.1,
    "one_batch_lr": 1e-3,
}
"""What the checks find where nothing is wrong."""


def checks(**facts: Any) -> ProbeFinished:
    """The event of the checks, with these facts in the place of sound ones."""
    return ProbeFinished("preflight", {**SOUND, **facts}, 0.1, 8, 0.1)


def found(symptom: str, *events: Event, recipe: Recipe | None = None) -> Finding:
    findings = detect(recipe or recipe_of(), events)
    return next(one for one in findings if one.symptom == symptom)


def outcome(symptom: str, recipe: Recipe | None = None, **facts: Any) -> str:
    return found(symptom, checks(**facts), recipe=recipe).outcome
