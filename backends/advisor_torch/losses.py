"""The mean loss of a batch, as it is optimised."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from advisor.recipe import (
    BinaryCrossEntropy,
    CrossEntropy,
    Huber,
    MeanAbsoluteError,
    MeanSquaredError,
    Recipe,
)

Loss = Callable[[Tensor, Tensor], Tensor]


def make_loss(recipe: Recipe) -> Loss:
    """A function of raw outputs (N, outputs) and targets (N,)."""
    smoothing = recipe.regularization.label_smoothing
    match recipe.loss:
        case CrossEntropy():
            return lambda out, targets: F.cross_entropy(out, targets, label_smoothing=smoothing)
        case BinaryCrossEntropy():
            return lambda out, targets: F.binary_cross_entropy_with_logits(out[:, 0], targets)
        case MeanSquaredError():
            return lambda out, targets: F.mse_loss(out[:, 0], targets)
        case MeanAbsoluteError():
            return lambda out, targets: F.l1_loss(out[:, 0], targets)
        case Huber(delta=delta):
            return lambda out, targets: F.huber_loss(out[:, 0], targets, delta=delta)


def target_type(recipe: Recipe, floats: torch.dtype) -> torch.dtype:
    """What the loss wants its targets to be: classes, or numbers like the outputs."""
    return torch.int64 if isinstance(recipe.loss, CrossEntropy) else floats
