"""The tuning order: first make it train, then raise performance, then suppress overfitting.

The order is one of convenience, not of importance: what has few choices is settled first,
because that makes every later experiment cheaper.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from advisor.symptoms import ORDER, Finding

DATA_CLASS = 1
"""Of arbitration: the data, and what goes into the model and comes out of it."""

Phase = Literal["make it train", "raise performance", "suppress overfitting", "finish"]


@dataclass(frozen=True)
class Stage:
    """One step of the order."""

    name: str
    """also the folder of its rules"""
    phase: Phase
    about: str
    until: float
    """share of the budget that may be spent by the end of this stage; the first may spend it all,
    since nothing later is of use before it trains"""
    most_trials: int
    most_failures: int = 2
    """leave after this many proposals in a row that were not accepted"""


STAGES: tuple[Stage, ...] = (
    Stage(
        "sanity",
        "make it train",
        "loss finite and falling at a useful pace, better than chance",
        1.00,
        6,
    ),
    Stage("initialization", "raise performance", "weights start at the right scale", 0.55, 2),
    Stage("batch_size", "raise performance", "as large as pays, enough steps", 0.60, 2),
    Stage("epochs", "raise performance", "long enough, not longer", 0.62, 2),
    Stage("learning_rate", "raise performance", "rate, schedule, optimizer", 0.75, 8, 3),
    Stage("architecture", "raise performance", "can it fit the training set?", 0.82, 3),
    Stage("loss", "raise performance", "the loss that serves the metric", 0.85, 2),
    Stage("activation", "raise performance", "what sits between the layers", 0.90, 2),
    Stage("regularization", "suppress overfitting", "only what fits can overfit", 0.95, 6),
    Stage("finish", "finish", "last refinements, confirmation, the sealed test", 1.00, 4),
)

INVALIDATES: Mapping[str, tuple[str, ...]] = {
    "train.batch_size": ("learning_rate", "regularization"),
    "optimizer.kind": ("learning_rate", "regularization"),
    "model.activation": ("initialization", "learning_rate"),
    "model.normalization": ("learning_rate",),
    "model.": ("learning_rate", "regularization"),
    "initialization.": ("learning_rate",),
    "train.epochs": ("learning_rate",),
    "data.normalization": ("learning_rate",),
}
"""An accepted change of a field (or of any field under a prefix) reopens these stages."""


def reopened_by(paths: Sequence[str]) -> tuple[str, ...]:
    """The stages that a change of these fields reopens, in the tuning order."""
    named = {
        stage
        for path in paths
        for field, stages in INVALIDATES.items()
        if path == field or (field.endswith(".") and path.startswith(field))
        for stage in stages
    }
    return tuple(stage.name for stage in STAGES if stage.name in named)


def reason_to_skip(
    stage: Stage, findings: Sequence[Finding], has_result: bool = True
) -> str | None:
    """Why the stage's entry gate is shut; None when it is open.

    `has_result`: whether the incumbent gave any finite validation result.
    """
    fired = {finding.symptom: finding for finding in findings if finding.outcome == "fired"}
    blocking = [name for name, finding in fired.items() if finding.severity == "block"]
    faults = faults_of_data(findings)
    if stage.name in ("sanity", "finish"):
        return None
    if faults:
        return f"a fault of the data is open: {', '.join(faults)}"
    if not has_result:
        return "nothing could be trained yet"
    if blocking:
        return f"it does not train yet: {', '.join(blocking)}"
    if stage.phase == "suppress overfitting":
        if "underfitting" in fired and "over_regularized" not in fired:
            return "it still underfits; a regulariser would only hide that"
        if not {"overfitting", "overtraining", "over_regularized"} & set(fired):
            return "no overfitting was found"
    return None


def faults_of_data(findings: Sequence[Finding]) -> tuple[str, ...]:
    """Blocking faults of the data, or of what goes into the model and comes out of it: while one
    is open, nothing but its cure is worth trying, and no score means anything."""
    return tuple(
        finding.symptom
        for finding in findings
        if finding.outcome == "fired"
        and finding.severity == "block"
        and ORDER[finding.symptom] == DATA_CLASS
    )


def passed(stage: Stage, findings: Sequence[Finding], has_result: bool = True) -> bool:
    """Whether the stage's exit gate is open, so that it can be left with nothing more to do."""
    fired = {finding.symptom for finding in findings if finding.outcome == "fired"}
    blocking = any(f.severity == "block" and f.outcome == "fired" for f in findings)
    if stage.name == "sanity":
        faults = {"not_better_than_chance", "slow_learning", "unnormalized_input"}
        return has_result and not blocking and not faults & fired
    return False
