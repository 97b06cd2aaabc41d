"""The data term of each loss, example by example."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from advisor.architecture import Floats
from advisor.recipe import Focal, Huber, Recipe

Targets: TypeAlias = NDArray[Any]
PIECE = 4_000_000
"""Outputs that are turned into float64 at once: a language model's would not fit into memory."""


def example_losses(recipe: Recipe, outputs: Floats, targets: Targets) -> Floats:
    """(n,) data term of the recipe's loss, the mean over an example's labels or tokens.

    No smoothing, no class weights, no penalties; focal with its gamma.
    """
    match recipe.task:
        case "language_model":
            return token_losses(outputs, targets)
        case "classification":
            losses = class_losses(outputs, targets)
            return _focused(recipe, losses, -np.expm1(-losses))
        case "binary" | "multilabel":
            return _label_losses(recipe, outputs, targets)
        case "regression":
            return _residual_losses(recipe, np.asarray(outputs[:, 0], np.float64) - targets)


def token_losses(outputs: Floats, targets: Targets) -> Floats:
    """(n,) mean cross-entropy of each example's tokens."""
    found = np.empty(len(targets))
    for part in pieces(outputs):
        each = class_losses(outputs[part].reshape(-1, outputs.shape[-1]), targets[part].reshape(-1))
        found[part] = each.reshape(len(targets[part]), -1).mean(axis=1)
    return found


def pieces(outputs: Floats) -> Iterator[slice]:
    """Slices of the first axis, each small enough to be worked on in float64."""
    rows = max(1, PIECE // max(1, int(np.prod(outputs.shape[1:]))))
    for start in range(0, len(outputs), rows):
        yield slice(start, start + rows)


def class_losses(outputs: Floats, targets: Targets) -> Floats:
    """(n,) softmax cross-entropy of (n, classes) outputs."""
    outputs = np.asarray(outputs, dtype=np.float64)
    shifted = outputs - outputs.max(axis=1, keepdims=True)
    chosen = shifted[np.arange(len(targets)), targets]
    return np.asarray(np.log(np.exp(shifted).sum(axis=1)) - chosen)


def _label_losses(recipe: Recipe, outputs: Floats, targets: Targets) -> Floats:
    logits = np.asarray(outputs, dtype=np.float64)
    truth = targets.reshape(logits.shape)
    losses = np.logaddexp(0.0, logits) - truth * logits
    if isinstance(recipe.loss, Focal):  # 1 - p = sigmoid(-z) for positives, sigmoid(z) for others
        losses *= np.exp(-recipe.loss.gamma * np.logaddexp(0.0, (2 * truth - 1) * logits))
    return np.asarray(losses.mean(axis=1))


def _focused(recipe: Recipe, losses: Floats, doubt: Floats) -> Floats:
    """Focal: times (1 - p)^gamma, `doubt` being 1 - p."""
    loss = recipe.loss
    return np.asarray(losses * doubt**loss.gamma) if isinstance(loss, Focal) else losses


def _residual_losses(recipe: Recipe, residual: Floats) -> Floats:
    match recipe.loss:
        case Huber(delta=delta):
            size = np.abs(residual)
            outside = delta * (size - 0.5 * delta)
            return np.where(size <= delta, 0.5 * residual**2, outside)
        case _ if recipe.loss.kind == "mae":
            return np.abs(residual)
        case _:
            return np.asarray(residual**2)
