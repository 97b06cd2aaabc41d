"""The loss of a batch, as it is optimised."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from advisor.recipe import (
    BinaryCrossEntropy,
    CrossEntropy,
    Focal,
    Huber,
    MeanAbsoluteError,
    MeanSquaredError,
    Recipe,
)

Rule: TypeAlias = Callable[[Tensor, Tensor, str], Tensor]
"""Of raw outputs and targets: the mean loss, or with `none` that of each example (and label or
token), as F's losses have it."""
CLASSES = ("classification", "language_model")
"""Tasks whose targets are classes."""


class Loss:
    """The recipe's loss of raw outputs (N, outputs), or (N, time, outputs) for a language model.

    `weights` are `Job.target_weights`. Weighted losses are divided by the number of examples.
    """

    def __init__(self, recipe: Recipe, weights: Tensor | None = None) -> None:
        self._rule = _rule(recipe, weights)

    def __call__(
        self,
        outputs: Tensor,
        targets: Tensor,
        second: Tensor | None = None,
        shares: Tensor | None = None,
    ) -> Tensor:
        """The mean; with a second target each, the first counts by its share (N,)."""
        if second is None or shares is None:
            return self._rule(outputs, targets, "mean")
        first, other = self.each(outputs, targets), self.each(outputs, second)
        return torch.lerp(other, first, shares).mean()

    def each(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """(N,), over an example's labels or tokens the mean."""
        losses = self._rule(outputs, targets, "none")
        return losses if losses.ndim == 1 else losses.mean(1)


def target_type(recipe: Recipe, floats: torch.dtype) -> torch.dtype:
    """What the loss wants its targets to be: classes, or numbers like the outputs."""
    return torch.int64 if recipe.task in CLASSES else floats


def _rule(recipe: Recipe, weights: Tensor | None) -> Rule:
    match recipe.loss:
        case CrossEntropy():
            return _cross_entropy(recipe.regularization.label_smoothing, weights)
        case Focal(gamma=gamma) if recipe.task in CLASSES:
            return _softmax_focal(gamma, weights)
        case Focal(gamma=gamma):
            return _sigmoid_focal(gamma, weights)
        case BinaryCrossEntropy():
            return lambda outputs, targets, reduction: F.binary_cross_entropy_with_logits(
                _like(outputs, targets), targets, pos_weight=weights, reduction=reduction
            )
        case MeanSquaredError():
            return _regression(F.mse_loss)
        case MeanAbsoluteError():
            return _regression(F.l1_loss)
        case Huber(delta=delta):
            return _regression(F.huber_loss, delta=delta)


def _regression(function: Callable[..., Tensor], **settings: Any) -> Rule:
    return lambda outputs, targets, reduction: function(
        outputs[:, 0], targets, reduction=reduction, **settings
    )


def _like(outputs: Tensor, targets: Tensor) -> Tensor:
    """Binary targets are (N,), those of several labels (N, labels)."""
    return outputs[:, 0] if targets.ndim == 1 else outputs


def _cross_entropy(smoothing: float, weights: Tensor | None) -> Rule:
    def rule(outputs: Tensor, targets: Tensor, reduction: str) -> Tensor:
        tokens = outputs.ndim == 3
        logits, classes = (
            (outputs.flatten(0, 1), targets.flatten()) if tokens else (outputs, targets)
        )
        how = reduction if weights is None else "none"
        losses = F.cross_entropy(logits, classes, reduction=how, label_smoothing=smoothing)
        if weights is not None:
            losses = _reduced(losses * weights[classes], reduction)
        return losses.view_as(targets) if tokens and reduction == "none" else losses

    return rule


def smoothed(logits: Tensor, classes: Tensor, smoothing: Tensor, weights: Tensor | None) -> Tensor:
    """(N,) cross-entropies, each with a smoothing of its own (N,)."""
    logs = logits.log_softmax(1)
    losses = torch.lerp(logs.gather(1, classes[:, None])[:, 0], logs.mean(1), smoothing).neg()
    return losses if weights is None else losses * weights[classes]


def _softmax_focal(gamma: float, weights: Tensor | None) -> Rule:
    def rule(outputs: Tensor, targets: Tensor, reduction: str) -> Tensor:
        logs, truth = outputs.log_softmax(1), targets[:, None]
        wrong = logs.scatter(1, truth, -torch.inf).logsumexp(1)
        losses = -torch.exp(gamma * wrong) * logs.gather(1, truth)[:, 0]
        return _reduced(losses if weights is None else losses * weights[targets], reduction)

    return rule


def _sigmoid_focal(gamma: float, weights: Tensor | None) -> Rule:
    def rule(outputs: Tensor, targets: Tensor, reduction: str) -> Tensor:
        logits = _like(outputs, targets)
        log_yes, log_no = F.logsigmoid(logits), F.logsigmoid(-logits)
        yes, no = torch.exp(gamma * log_no) * log_yes, torch.exp(gamma * log_yes) * log_no
        positives = targets if weights is None else targets * weights
        return _reduced(-(positives * yes + (1 - targets) * no), reduction)

    return rule


def _reduced(losses: Tensor, reduction: str) -> Tensor:
    return losses.mean() if reduction == "mean" else losses
