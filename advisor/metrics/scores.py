"""Each metric as one number."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from advisor.architecture import Floats
from advisor.metrics.losses import Targets, pieces, token_losses
from advisor.metrics.ranking import area_score
from advisor.recipe import LOWER_IS_BETTER, Metric, Task


def predicted_classes(task: Task, outputs: Floats) -> NDArray[np.int64]:
    """(n,) class of each example; (n, labels) 0 or 1 for multilabel; (n, time) tokens."""
    if task == "binary":
        return (outputs[:, 0] > 0).astype(np.int64)
    if task == "multilabel":
        return (outputs > 0).astype(np.int64)
    found = np.empty(outputs.shape[:-1], dtype=np.int64)
    for part in pieces(outputs):
        found[part] = outputs[part].argmax(axis=-1)
    return found


def score(
    task: Task, metric: Metric, outputs: Floats, targets: Targets, scale: float = 1.0
) -> float:
    """The metric, in its own orientation (`oriented` turns it so that larger is better).

    accuracy (multilabel: mean over labels; language_model: share of tokens), balanced_accuracy
    (mean recall of the classes present), f1 (macro over the classes, or labels, present),
    roc_auc (multi-class: each class against the rest, macro; multilabel: macro over labels with
    both values), r2, rmse and mae (units of the data), perplexity (exp of the mean token loss).
    """
    if task == "regression":
        error = np.asarray(outputs[:, 0], np.float64) - targets
        return float(_REGRESSION[metric](error, targets, scale))
    if metric == "roc_auc":
        return area_score(task, outputs, targets)
    if metric == "perplexity":
        return perplexity(token_losses(outputs, targets))
    predicted = predicted_classes(task, outputs)
    if metric == "f1":
        return f1(*memberships(task, predicted, targets))
    return float(_SHARES[metric](predicted, targets.astype(np.int64)))


def oriented(metric: Metric, value: float) -> float:
    """The value turned so that larger is better."""
    return -value if metric in LOWER_IS_BETTER else value


def perplexity(losses: Floats) -> float:
    with np.errstate(over="ignore"):  # of a model that knows nothing and is sure of it
        return float(np.exp(np.mean(losses)))


def memberships(
    task: Task, predicted: Targets, targets: Targets
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """(n, present) what each example is, and what it is taken to be, for classes that occur."""
    if task == "multilabel":
        present = targets.any(axis=0)
        return targets[:, present] > 0, predicted[:, present] > 0
    classes = np.unique(targets)
    return targets[:, None] == classes, predicted[:, None] == classes


def f1(truth: NDArray[np.bool_], predicted: NDArray[np.bool_]) -> float:
    """Macro over the columns; 0 where nothing is positive."""
    hits = np.sum(truth & predicted, axis=0)
    totals = np.sum(truth, axis=0) + np.sum(predicted, axis=0)
    return float(np.mean(2 * hits / np.maximum(1, totals))) if len(hits) else 0.0


def _accuracy(predicted: Targets, targets: Targets) -> float:
    return float(np.mean(predicted == targets))


def _balanced_accuracy(predicted: Targets, targets: Targets) -> float:
    return float(np.mean([np.mean(predicted[targets == c] == c) for c in np.unique(targets)]))


_SHARES: Mapping[str, Callable[[Targets, Targets], float]] = {
    "accuracy": _accuracy,
    "balanced_accuracy": _balanced_accuracy,
}
_REGRESSION: Mapping[str, Callable[[Floats, Floats, float], Any]] = {
    "r2": lambda error, targets, scale: 1 - np.mean(error**2) / np.maximum(np.var(targets), 1e-12),
    "rmse": lambda error, targets, scale: scale * np.sqrt(np.mean(error**2)),
    "mae": lambda error, targets, scale: scale * np.mean(np.abs(error)),
}
