"""Losses and metrics from raw outputs, in NumPy, one definition for every backend.

`outputs` are (n, outputs) raw model outputs and `targets` (n,); for regression both are
standardised, and `scale` (the training targets' deviation) turns errors into the data's units.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from advisor.architecture import Floats
from advisor.recipe import LOWER_IS_BETTER, Huber, Metric, Recipe, Task

Targets: TypeAlias = NDArray[Any]


def example_losses(recipe: Recipe, outputs: Floats, targets: Targets) -> Floats:
    """(n,) data term of the recipe's loss for each example: no smoothing, no penalties."""
    outputs = np.asarray(outputs, dtype=np.float64)
    match recipe.loss.kind:
        case "cross_entropy":
            shifted = outputs - outputs.max(axis=1, keepdims=True)
            chosen = shifted[np.arange(len(targets)), targets]
            return np.asarray(np.log(np.exp(shifted).sum(axis=1)) - chosen)
        case "binary_cross_entropy":
            logits = outputs[:, 0]
            return np.logaddexp(0.0, logits) - targets * logits
        case "mse":
            return np.asarray((outputs[:, 0] - targets) ** 2)
        case "mae":
            return np.abs(outputs[:, 0] - targets)
        case "huber":
            return _huber(recipe.loss, outputs[:, 0] - targets)


def _huber(loss: Huber, residual: Floats) -> Floats:
    size = np.abs(residual)
    outside = loss.delta * (size - 0.5 * loss.delta)
    return np.where(size <= loss.delta, 0.5 * residual**2, outside)


def predicted_classes(task: Task, outputs: Floats) -> NDArray[np.int64]:
    """(n,) class of each example."""
    if task == "binary":
        return (outputs[:, 0] > 0).astype(np.int64)
    return np.asarray(outputs.argmax(axis=1), dtype=np.int64)


def score(
    task: Task, metric: Metric, outputs: Floats, targets: Targets, scale: float = 1.0
) -> float:
    """The metric, in its own orientation (`improvement` turns it so that larger is better).

    accuracy, balanced_accuracy (mean recall of the classes present), f1 (macro, classes present),
    r2, rmse and mae (units of the data).
    """
    if task == "regression":
        return float(
            _REGRESSION[metric](np.asarray(outputs[:, 0], np.float64) - targets, targets, scale)
        )
    return float(
        _CLASSIFICATION[metric](predicted_classes(task, outputs), targets.astype(np.int64))
    )


def oriented(metric: Metric, value: float) -> float:
    """The value turned so that larger is better."""
    return -value if metric in LOWER_IS_BETTER else value


def _accuracy(predicted: Targets, targets: Targets) -> float:
    return float(np.mean(predicted == targets))


def _balanced_accuracy(predicted: Targets, targets: Targets) -> float:
    return float(np.mean([np.mean(predicted[targets == c] == c) for c in np.unique(targets)]))


def _f1(predicted: Targets, targets: Targets) -> float:
    scores = []
    for c in np.unique(targets):
        hits = np.sum((predicted == c) & (targets == c))
        scores.append(2 * hits / max(1, np.sum(predicted == c) + np.sum(targets == c)))
    return float(np.mean(scores))


_CLASSIFICATION: Mapping[str, Callable[[Targets, Targets], float]] = {
    "accuracy": _accuracy,
    "balanced_accuracy": _balanced_accuracy,
    "f1": _f1,
}
_REGRESSION: Mapping[str, Callable[[Floats, Floats, float], Any]] = {
    "r2": lambda error, targets, scale: 1 - np.mean(error**2) / np.maximum(np.var(targets), 1e-12),
    "rmse": lambda error, targets, scale: scale * np.sqrt(np.mean(error**2)),
    "mae": lambda error, targets, scale: scale * np.mean(np.abs(error)),
}


def chance_outputs(task: Task, train_targets: Targets, outputs: int, examples: int) -> Floats:
    """(examples, outputs) the best prediction that ignores the input.

    Classification: logs of the class shares (the loss is then the prior's entropy); regression:
    the training mean, which is 0 after standardisation.
    """
    if task == "regression":
        return np.zeros((examples, 1))
    if task == "binary":
        share = float(np.clip(np.mean(train_targets), 1e-6, 1 - 1e-6))
        return np.full((examples, 1), np.log(share / (1 - share)))
    shares = np.bincount(train_targets, minlength=outputs) / len(train_targets)
    return np.tile(np.log(np.maximum(shares, 1e-6)), (examples, 1))


def gains(
    task: Task,
    metric: Metric,
    candidate: Floats,
    incumbent: Floats,
    targets: Targets,
    scale: float = 1.0,
) -> Floats:
    """(n,) each example's share of (candidate's metric - incumbent's), larger is better.

    The mean is exactly the difference of the two metrics (turned so that larger is better);
    for f1 the shares are leave-one-out influences, whose mean is shifted to the exact difference.
    """
    if task == "regression":
        return _regression_gains(metric, candidate[:, 0], incumbent[:, 0], targets, scale)
    classes = targets.astype(np.int64)
    ours, theirs = predicted_classes(task, candidate), predicted_classes(task, incumbent)
    if metric == "f1":
        return _f1_influence(ours, classes) - _f1_influence(theirs, classes)
    difference = (ours == classes).astype(float) - (theirs == classes)
    if metric == "balanced_accuracy":
        present, counts = np.unique(classes, return_counts=True)
        weight = dict(zip(present.tolist(), len(classes) / (len(present) * counts), strict=True))
        difference = difference * np.array([weight[c] for c in classes.tolist()])
    return np.asarray(difference)


def _regression_gains(
    metric: Metric, ours: Floats, theirs: Floats, targets: Floats, scale: float
) -> Floats:
    a, b = np.asarray(ours, np.float64) - targets, np.asarray(theirs, np.float64) - targets
    if metric == "mae":
        return scale * (np.abs(b) - np.abs(a))
    squares = b**2 - a**2
    if metric == "r2":
        return np.asarray(squares / max(float(np.var(targets)), 1e-12))
    roots = np.sqrt(np.mean(a**2)) + np.sqrt(np.mean(b**2))
    return np.asarray(scale * squares / max(float(roots), 1e-12))


def _f1_influence(predicted: Targets, targets: Targets) -> Floats:
    """Leave-one-out pseudo-values of macro F1: F + (n - 1) (F - F without the example)."""
    whole, n = _f1(predicted, targets), len(targets)
    present = np.unique(targets)
    hits = np.array([np.sum((predicted == c) & (targets == c)) for c in present])
    totals = np.array([np.sum(predicted == c) + np.sum(targets == c) for c in present])
    base = 2 * hits / np.maximum(1, totals)
    is_target, is_predicted = targets[:, None] == present, predicted[:, None] == present
    left_hits = hits - (is_target & is_predicted)
    left = 2 * left_hits / np.maximum(1, totals - is_target - is_predicted)
    values = whole + (n - 1) * (base - left).mean(axis=1)
    return np.asarray(values - values.mean() + whole)
