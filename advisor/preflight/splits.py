"""Whether training and validation are apart, and yet alike."""

from __future__ import annotations

import math

import numpy as np

from advisor.architecture import Floats
from advisor.data.values import Array, Dataset
from advisor.preflight.examples import COMMON, few_inputs
from advisor.preflight.looking import Looked
from advisor.preflight.part import Part

RARE, KS_RARE = 3.29, 1.95
"""Deviations of a normal variable, and scaled Kolmogorov-Smirnov distance, that one draw in a
thousand exceeds."""


def check_overlap(dataset: Dataset, train: Looked, validation: Looked) -> Part:
    """Validation inputs that are training inputs too, bit by bit, and groups on both sides."""
    groups, notes = _shared_groups(dataset), []
    if groups is None:
        notes.append("the source has no groups")
    facts: dict[str, float | None] = {"leaked_group_share": groups}
    known = validation.rows.among(train.rows)
    if known.any() and few_inputs(dataset, train):
        return Part(facts, (*notes, COMMON))
    if train.sampled_of is not None:
        notes.append("more validation inputs may be among the training inputs not read")
    facts["leaked_share"] = float(known.mean())
    facts["leaked_examples"] = int(known.sum())
    return Part(facts, tuple(notes))


def _shared_groups(dataset: Dataset) -> float | None:
    """The share of the validation split's groups that train as well."""
    ours, theirs = dataset.train.groups, dataset.validation.groups
    if ours is None or theirs is None or not len(theirs):
        return None
    names = np.unique(theirs)
    return float(np.isin(names, ours).mean())


def check_targets(dataset: Dataset) -> Part:
    """How far the targets of validation are from those of training, and what one random split in
    a thousand exceeds, about."""
    train, validation = dataset.train.targets, dataset.validation.targets
    match dataset.task:
        case "language_model":
            return Part(notes=("the tokens of the two splits are not compared",))
        case "regression":
            return Part(_of_values(train, validation))
        case "multilabel":
            return Part(_of_labels(train, validation))
        case _:
            return Part(_of_classes(dataset, train, validation))


def _of_classes(dataset: Dataset, train: Array, validation: Array) -> dict[str, float | None]:
    size = 2 if dataset.task == "binary" else dataset.outputs
    ours, theirs = (
        np.bincount(each.astype(np.int64), minlength=size) for each in (train, validation)
    )
    n, m = len(train), len(validation)
    shares = (ours + theirs) / (n + m)
    errors = np.sqrt(shares * (1 - shares) * (1 / n + 1 / m))
    usual = 0.5 * math.sqrt(2 / math.pi) * float(errors.sum())
    return {
        "label_shift": float(0.5 * np.abs(ours / n - theirs / m).sum()),
        "label_shift_limit": usual + 0.5 * RARE * float(np.linalg.norm(errors)),
        "missing_classes": int(np.sum((ours > 0) != (theirs > 0))),
        "rarest_in_validation": int(theirs[ours > 0].min()),
    }


def _of_labels(train: Array, validation: Array) -> dict[str, float | None]:
    """Of the label whose share differs most."""
    n, m = len(train), len(validation)
    ours, theirs = train.sum(axis=0), validation.sum(axis=0)
    apart: Floats = np.abs(ours / n - theirs / m)
    shares = (ours + theirs) / (n + m)
    worst = int(apart.argmax())
    error = math.sqrt(shares[worst] * (1 - shares[worst]) * (1 / n + 1 / m))
    return {
        "label_shift": float(apart[worst]),
        "label_shift_limit": error * (RARE + math.sqrt(2 * math.log(len(apart)))),
        "missing_classes": int(np.sum((ours > 0) != (theirs > 0))),
        "rarest_in_validation": int(np.minimum(theirs, m - theirs).min()),
    }


def _of_values(train: Array, validation: Array) -> dict[str, float | None]:
    """The statistic of Kolmogorov and Smirnov."""
    values = np.sort(np.concatenate([train, validation]))
    ours, theirs = (
        np.searchsorted(np.sort(each), values, "right") / len(each) for each in (train, validation)
    )
    scale = math.sqrt(1 / len(train) + 1 / len(validation))
    return {
        "label_shift": float(np.abs(ours - theirs).max()),
        "label_shift_limit": KS_RARE * scale,
    }
