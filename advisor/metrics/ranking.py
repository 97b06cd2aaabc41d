"""The area under the ROC curve: the chance that a positive is ranked above a negative."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from advisor.architecture import Floats
from advisor.recipe import Task

UNDEFINED = 0.5
"""The area where there are no positives or no negatives: as if by chance."""


def area_score(task: Task, outputs: Floats, targets: NDArray[Any]) -> float:
    """The area, or its mean over classes (each against the rest) or labels that have both sides."""
    return float(area_influences(task, outputs, targets).mean())


def area_influences(task: Task, outputs: Floats, targets: NDArray[Any]) -> Floats:
    """(n,) each example's share of the area; their mean is the area.

    The shares are the placements of DeLong et al. 1988, so that their variance / n is the
    area's. O(n log n) for each class or label.
    """
    shares = [
        _influences(values, positive) for values, positive in _rankings(task, outputs, targets)
    ]
    return np.mean(shares, axis=0) if shares else np.full(len(targets), UNDEFINED)


def _rankings(
    task: Task, outputs: Floats, targets: NDArray[Any]
) -> list[tuple[Floats, NDArray[np.bool_]]]:
    """What ranks, and which examples are positive, for each class or label that has both."""
    scores: Floats = np.asarray(outputs, dtype=np.float64)
    truth = targets.reshape(len(targets), -1) > 0
    if task == "classification":
        scores = _log_probabilities(scores)
        truth = targets[:, None] == np.arange(scores.shape[1])
    count = truth.sum(axis=0)
    both = np.flatnonzero((count > 0) & (count < len(truth)))
    return [(scores[:, column], truth[:, column]) for column in both]


def _log_probabilities(outputs: Floats) -> Floats:
    shifted = outputs - outputs.max(axis=1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)))


def _influences(values: Floats, positive: NDArray[np.bool_]) -> Floats:
    if np.isnan(values).any():
        return np.full(len(values), np.nan)
    over = _placements(values[positive], values[~positive])
    under = 1 - _placements(values[~positive], values[positive])
    area, n = float(over.mean()), len(values)
    shares = np.empty(n)
    shares[positive] = area + (over - area) * (n / len(over))
    shares[~positive] = area + (under - area) * (n / len(under))
    return np.asarray(shares - shares.mean() + area)


def _placements(values: Floats, others: Floats) -> Floats:
    """The share of the others below each value, ties counted half."""
    ordered = np.sort(others)
    below = np.searchsorted(ordered, values, "left") + np.searchsorted(ordered, values, "right")
    return np.asarray(below / (2 * len(others)))


def area_variance(area: float, positives: float, negatives: float) -> float:
    """Of an estimated area (Hanley and McNeil 1982), from the numbers of either side alone."""
    one, two = area / (2 - area), 2 * area**2 / (1 + area)
    spread = (
        area * (1 - area) + (positives - 1) * (one - area**2) + (negatives - 1) * (two - area**2)
    )
    return max(spread, 0.0) / (positives * negatives)
