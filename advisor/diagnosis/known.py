"""The facts of a case that somebody told or measured; the others must not decide anything."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from advisor.diagnosis.case import Case
from advisor.diagnosis.inputs import OF_IMAGES, are_images
from advisor.facts import VOCABULARY, FactValue, measure
from advisor.symptoms import Finding, as_facts

RESTS_ON: Mapping[str, tuple[str, ...]] = {
    "train_metric": ("train_metric",),
    "validation_metric": ("validation_metric",),
    "train_loss": ("train_loss",),
    "validation_loss": ("validation_loss",),
    "last_train_metric": ("train_metric",),
    "last_validation_metric": ("validation_metric",),
    "last_train_loss": ("train_loss",),
    "last_validation_loss": ("validation_loss",),
    "train_val_gap": ("train_metric", "validation_metric"),
    "last_train_val_gap": ("train_metric", "validation_metric"),
    "best_position": ("total_steps",),
    "completed_share": ("total_steps",),
    "lift_over_chance": ("chance_metric", "validation_examples", "validation_metric"),
    "metric_error": ("validation_examples", "validation_metric"),
    "loss_slope": ("steps",),
    "initial_loss": ("initial_loss",),
    "chance_loss": ("chance_loss",),
    "chance_metric": ("chance_metric",),
    "initial_loss_ratio": ("initial_loss", "chance_loss"),
    "steps_per_epoch": ("steps_per_epoch",),
    "total_steps": ("steps_per_epoch",),
    "update_ratio": ("layers",),
    "gradient_profile": ("layers",),
    "grad_norm": ("grad_norm",),
    "grad_norm_p90": ("grad_norm",),
    "dead_share": ("activations",),
    "saturated_share": ("activations",),
    "train_examples": ("train_examples",),
    "validation_examples": ("validation_examples",),
    "minority_share": ("class_shares",),
    "input_max_abs": ("inputs",),
    "input_mean_off": ("inputs",),
    "input_std_ratio": ("inputs",),
    "image": ("inputs",),
    "image_size": ("inputs",),
    "image_channels": ("inputs",),
    "clipped_share": ("recipe", "grad_norm"),
}
"""Fact -> the signals without which it means nothing. What is not here rests on the recipe."""
TASK = ("task", "metric")
"""The names in a log tell them, or else they are guessed."""


def known_facts(case: Case, findings: Sequence[Finding]) -> tuple[dict[str, FactValue], set[str]]:
    """Facts and symptoms, with None where nothing is known; and the names that nobody told.

    What is not among the names is None because it does not apply.
    """
    facts: dict[str, FactValue] = dict(measure(case.given or case.recipe, case.timeline))
    hidden = {name for name in facts if _untold(name, case)}
    facts |= dict.fromkeys(hidden)
    facts |= {name: value for name, value in as_facts(findings).items() if name in VOCABULARY}
    hidden |= {name for name in VOCABULARY if name not in facts}
    hidden |= {name for name, value in as_facts(findings).items() if value is None}
    known = _of_inputs(case, hidden)
    return facts | known, hidden - known.keys()


def _of_inputs(case: Case, hidden: Collection[str]) -> dict[str, FactValue]:
    """What need not be measured: texts have no pixels, and a language model reads texts."""
    found: dict[str, FactValue] = {}
    images = are_images(case)
    if images is not None and "image" in hidden:
        found["image"] = images
        found |= {} if images else dict.fromkeys(OF_IMAGES[1:])
    if case.recipe.task == "language_model":
        found["tokens"] = True
    return found


def _untold(name: str, case: Case) -> bool:
    if name in TASK:
        return False
    if name == "lr":
        return "recipe" in case.unknown and "lr" in case.unknown
    if name == "batch_size":
        return name in case.unknown
    if name == "outputs":
        return not any(getattr(e, "data", None) and e.data.outputs for e in case.events)  # type: ignore[union-attr]
    return any(signal in case.unknown for signal in RESTS_ON.get(name, ("recipe",)))
