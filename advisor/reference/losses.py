"""The losses, from raw outputs."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from advisor.architecture import Floats, Weights, is_decayed
from advisor.recipe import Recipe

Targets = NDArray[Any]


def loss(
    recipe: Recipe,
    outputs: Floats,
    targets: Targets,
    target_weights: Floats | None = None,
    second: Targets | None = None,
    shares: Floats | None = None,
) -> float:
    """The mean loss over examples as it is optimised, penalties out.

    Targets and `target_weights` are as in `Job`; `second` are the targets of the partners, and
    `shares` (n,) the weight of the first target's loss. Weighted losses are divided by the
    number of examples, not by the sum of the weights.
    """
    losses = _by_example(recipe, outputs, targets, target_weights)
    if second is not None and shares is not None:
        other = _by_example(recipe, outputs, second, target_weights)
        losses = shares * losses + (1 - shares) * other
    return float(np.mean(losses))


def penalty(recipe: Recipe, weights: Weights) -> float:
    """l1 * |w| + l2 / 2 * w^2, summed over all kernels."""
    rates = recipe.regularization
    return sum(
        float(np.sum(rates.l1 * np.abs(array) + rates.l2 / 2 * array**2))
        for name, array in weights.items()
        if is_decayed(name)
    )


def _by_example(
    recipe: Recipe, outputs: Floats, targets: Targets, target_weights: Floats | None
) -> Floats:
    """(n,) losses, each the mean over the example's labels or tokens."""
    if recipe.task in ("binary", "multilabel"):
        losses = _sigmoid(recipe, outputs, targets.reshape(outputs.shape), target_weights)
    elif recipe.task == "regression":
        losses = _regression(recipe, np.abs(outputs[:, 0] - targets))
    else:
        losses = _softmax(recipe, outputs, targets)
        losses = losses if target_weights is None else target_weights[targets] * losses
    return np.asarray(losses.reshape(len(losses), -1).mean(axis=1))


def _softmax(recipe: Recipe, outputs: Floats, targets: Targets) -> Floats:
    """(n,) or (n, time); targets are classes."""
    logs = outputs - np.logaddexp.reduce(outputs, axis=-1, keepdims=True)
    truth = np.take_along_axis(logs, targets[..., None].astype(np.int64), axis=-1)[..., 0]
    if recipe.loss.kind == "focal":
        return np.asarray((1 - np.exp(truth)) ** recipe.loss.gamma * -truth)
    smoothing = recipe.regularization.label_smoothing
    return np.asarray(-(1 - smoothing) * truth - smoothing * logs.mean(axis=-1))


def _sigmoid(recipe: Recipe, outputs: Floats, targets: Targets, positives: Floats | None) -> Floats:
    """(n, labels); targets are 0 or 1."""
    log_yes, log_no = -np.logaddexp(0, -outputs), -np.logaddexp(0, outputs)
    gamma = recipe.loss.gamma if recipe.loss.kind == "focal" else 0.0
    yes, no = -np.exp(gamma * log_no) * log_yes, -np.exp(gamma * log_yes) * log_no
    factor = 1.0 if positives is None else positives
    return np.asarray(targets * factor * yes + (1 - targets) * no)


def _regression(recipe: Recipe, errors: Floats) -> Floats:
    if recipe.loss.kind == "huber":
        delta = recipe.loss.delta
        return np.where(errors < delta, errors**2 / 2, delta * (errors - delta / 2))
    return errors**2 if recipe.loss.kind == "mse" else errors
