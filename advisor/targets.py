"""What the training targets say: weights against imbalance, and where outputs should start."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from advisor.architecture import Floats
from advisor.recipe import Recipe, Task

LEAST_SHARE = 1e-6
"""No class is taken to be rarer, so that logarithms stay finite."""


class TargetError(ValueError):
    """The recipe's loss does not fit the targets. The message is for the user."""


def target_weights(recipe: Recipe, targets: NDArray[Any], outputs: int) -> Floats | None:
    """(classes,) factors on the loss of each class, or (labels,) on that of each label's positives.

    Class weights are scaled so that the average training example has weight 1; "balanced" makes
    every class count alike. None: all 1. Raises TargetError.
    """
    classes = getattr(recipe.loss, "class_weights", None)
    positives = getattr(recipe.loss, "positive_weight", None)
    if classes is not None:
        return _class_weights(classes, targets, outputs)
    if positives == "balanced":
        return _balanced_positives(targets.reshape(len(targets), -1))
    return None if positives is None else np.full(outputs, float(positives))


def _class_weights(given: str | tuple[float, ...], targets: NDArray[Any], outputs: int) -> Floats:
    counts = np.bincount(targets.astype(np.int64), minlength=outputs)
    if given == "balanced":
        weights = 1 / np.maximum(counts, 1)
    elif len(given) != outputs:
        raise TargetError(
            f"loss.class_weights has {len(given)} weights; the data have {outputs} classes; "
            f"allowed: one weight a class, or balanced"
        )
    else:
        weights = np.asarray(given, dtype=np.float64)
    return np.asarray(weights * len(targets) / np.sum(counts * weights))


def _balanced_positives(targets: NDArray[Any]) -> Floats:
    """Negatives / positives of each label; 1 where there are only negatives or only positives."""
    positive = targets.sum(axis=0, dtype=np.float64)
    negative = len(targets) - positive
    both = (positive > 0) & (negative > 0)
    return np.where(both, negative / np.maximum(positive, 1), 1.0)


def prior_bias(task: Task, targets: NDArray[Any], outputs: int) -> Floats:
    """(outputs,) the output bias that predicts the training shares whatever the input.

    Logs of the shares of classes or tokens; logits of the share of positives for binary and
    multilabel; 0 for (standardised) regression.
    """
    if task == "regression":
        return np.zeros(outputs)
    if task in ("binary", "multilabel"):
        share = targets.reshape(len(targets), -1).mean(axis=0, dtype=np.float64)
        share = np.clip(share, LEAST_SHARE, 1 - LEAST_SHARE)
        return np.asarray(np.log(share) - np.log1p(-share))
    counts = np.bincount(targets.reshape(-1), minlength=outputs)
    return np.asarray(np.log(np.maximum(counts / targets.size, LEAST_SHARE)))
