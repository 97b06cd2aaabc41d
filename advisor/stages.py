"""The tuning order: first make it train, then raise performance, then suppress overfitting.

The order is one of convenience, not of importance: what has few choices is settled first,
because that makes every later experiment cheaper.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Literal

from advisor.recipe import STAGE_NAMES, OwnStage, Recipe
from advisor.symptoms import ORDER, Finding

DATA_CLASS = 1
"""Of arbitration: the data, and what goes into the model and comes out of it."""

FITTED = 0.02
"""Short of a perfect training score by less, a better fit has nothing to give to validation."""
UNTRAINED = ("not_better_than_chance", "slow_learning", "unnormalized_input")
"""Symptoms that keep the first stage at work though they need not block."""
SETTINGS = (
    "over_regularized",
    "clipping_overload",
    "warmup_needed",
    "warmup_too_long",
    "decay_too_early",
    "stopped_too_early",
    "batch_norm_small_batch",
    "batch_too_small",
    "poor_initialization",
    "missing_nonlinearity",
    "late_variance",
    "class_imbalance",
    "target_outliers",
)
"""Faults of single settings: where one is a cause, it is mended before anything is searched for."""

ODD = "suspicious_values"
"""They go back to what is usual even where they do no harm yet."""

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
    Stage("finish", "finish", "last refinements, confirmation, the sealed test", 1.00, 4, 3),
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


def ordered(recipe: Recipe) -> tuple[Stage, ...]:
    """The stages of this recipe's session: its `tune.stages`, or the usual ones, less those that
    it skips. One that comes after another may spend at least as much."""
    wanted = recipe.tune.stages or STAGE_NAMES
    known = {stage.name: stage for stage in STAGES}
    found = [_own(one) if isinstance(one, OwnStage) else known[one] for one in wanted]
    kept = [stage for stage in found if stage.name not in recipe.tune.skip]
    shares = accumulate((stage.until for stage in kept if stage.name != "sanity"), max)
    return tuple(
        stage if stage.name == "sanity" else replace(stage, until=next(shares)) for stage in kept
    )


def place(name: str) -> int:
    """Where the stage of this name comes in the usual order; a user's own after all."""
    return STAGE_NAMES.index(name) if name in STAGE_NAMES else len(STAGE_NAMES)


def _own(stage: OwnStage) -> Stage:
    return Stage(stage.name, "raise performance", stage.about, stage.until, stage.trials)


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
    blocking = any(f.severity == "block" and f.outcome == "fired" for f in findings)
    if stage.name == "sanity":
        return has_result and not blocking and not to_mend(findings)
    return False


def to_mend(findings: Sequence[Finding]) -> frozenset[str]:
    """What the first stage treats by the rules of whatever stage: the causes of its not training,
    and settings that are wrong by themselves."""
    fired = [one for one in findings if one.outcome == "fired"]
    untrained = {
        name
        for one in fired
        if one.severity == "block" or one.symptom in UNTRAINED
        for name in (one.symptom, one.explained_by)
        if name
    }
    settings = {
        one.symptom
        for one in fired
        if one.symptom in SETTINGS and one.explained_by in ("", ODD) and one.gravity != "info"
    }
    odd = {one.symptom for one in fired if one.symptom == ODD}
    if any(one.symptom == "underfitting" and one.severity != "info" for one in fired):
        odd.add("over_regularized")  # regularisers go first, before rates and sizes are searched
    return frozenset(untrained | settings | odd)


def in_earnest(findings: Sequence[Finding]) -> bool:
    """Whether it does not train yet, so that all that is left may be spent on that."""
    return any(
        one.outcome == "fired" and (one.severity == "block" or one.symptom in UNTRAINED)
        for one in findings
    )


def only_odd(findings: Sequence[Finding]) -> bool:
    """Whether nothing is to be mended but odd values that did no harm."""
    odd = next((one for one in findings if one.symptom == ODD and one.outcome == "fired"), None)
    return odd is not None and odd.gravity == "info" and to_mend(findings) == {ODD}


def fits_already(findings: Sequence[Finding]) -> bool:
    """Whether validation lags behind and the training set is fitted, or fitting it better makes
    validation worse: then nothing is to be had by a better fit, and regularisation comes first."""
    fired = {one.symptom: one for one in findings if one.outcome == "fired"}
    lags = fired.get("overfitting")
    if lags is None or "underfitting" in fired:
        return False
    short = lags.evidence.get("train_shortfall")
    return "overtraining" in fired or (isinstance(short, float) and short < FITTED)
