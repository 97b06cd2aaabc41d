"""What each example contributes to a metric, and to the difference between two models."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from advisor.architecture import Floats
from advisor.metrics.losses import Targets, token_losses
from advisor.metrics.ranking import area_influences
from advisor.metrics.scores import f1, memberships, predicted_classes
from advisor.recipe import Metric, Task


def gains(
    task: Task,
    metric: Metric,
    candidate: Floats,
    incumbent: Floats,
    targets: Targets,
    scale: float = 1.0,
) -> Floats:
    """(n,) each example's share of (candidate's metric - incumbent's), larger is better.

    The mean is exactly the difference of the two metrics (turned so that larger is better). For
    f1 the shares are leave-one-out influences, for roc_auc DeLong's placements; those of
    perplexity are differences of mean token losses, scaled to the exact difference.
    """
    if task == "regression":
        return _regression_gains(metric, candidate[:, 0], incumbent[:, 0], targets, scale)
    if metric == "perplexity":
        return _perplexity_gains(token_losses(candidate, targets), token_losses(incumbent, targets))
    ours = influences(task, metric, candidate, targets)
    return np.asarray(ours - influences(task, metric, incumbent, targets))


def influences(task: Task, metric: Metric, outputs: Floats, targets: Targets) -> Floats:
    """(n,) each example's share of a metric that is better when larger; their mean is the metric.

    For every metric of shares of right answers or rankings; not for regression and perplexity.
    """
    if metric == "roc_auc":
        return area_influences(task, outputs, targets)
    predicted = predicted_classes(task, outputs)
    if metric == "f1":
        return _f1_influences(*memberships(task, predicted, targets))
    same = predicted == targets.reshape(predicted.shape)
    right: Floats = same.reshape(len(targets), -1).mean(axis=1)
    return right * _class_balance(targets) if metric == "balanced_accuracy" else right


def _class_balance(classes: Targets) -> Floats:
    """(n,) weights with which every class present counts alike; their mean is 1."""
    _, place, counts = np.unique(classes, return_inverse=True, return_counts=True)
    return np.asarray(len(classes) / (len(counts) * counts))[place]


def _perplexity_gains(ours: Floats, theirs: Floats) -> Floats:
    """exp(b) - exp(a) is (b - a) times the slope of the chord, exp(a) expm1(b - a) / (b - a)."""
    a, ahead = float(ours.mean()), float((theirs - ours).mean())
    with np.errstate(over="ignore", invalid="ignore"):
        slope = np.exp(a) * (np.expm1(ahead) / ahead if ahead else 1.0)
        return np.asarray((theirs - ours) * slope)


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


def _f1_influences(truth: NDArray[np.bool_], predicted: NDArray[np.bool_]) -> Floats:
    """Leave-one-out pseudo-values of macro F1: F + (n - 1) (F - F without the example).

    Shifted so that their mean is F.
    """
    whole, n = f1(truth, predicted), len(truth)
    if not truth.shape[1]:
        return np.zeros(n)
    hits = np.sum(truth & predicted, axis=0)
    totals = np.sum(truth, axis=0) + np.sum(predicted, axis=0)
    base = 2 * hits / np.maximum(1, totals)
    left_totals = np.maximum(1, totals - truth - predicted.astype(np.int64))
    left = 2 * (hits - (truth & predicted)) / left_totals
    values = whole + (n - 1) * (base - left).mean(axis=1)
    return np.asarray(values - values.mean() + whole)
