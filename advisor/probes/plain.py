"""What probes train: the recipe without what only blurs a measurement; and what they look at."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from advisor import data, metrics
from advisor.backend import Training
from advisor.recipe import Recipe

SAMPLE = 512
"""Training examples on which a probe's loss is measured, in evaluation mode."""
BLURS = (
    "regularization.dropout",
    "regularization.feature_dropout",
    "regularization.embedding_dropout",
    "regularization.attention_dropout",
    "regularization.stochastic_depth",
)


def quiet(recipe: Recipe) -> Recipe:
    """Without random masks, changed inputs, averages and hand-over."""
    changes: dict[str, Any] = dict.fromkeys(BLURS, 0.0)
    changes |= {"regularization.average": None, "regularization.augmentation": {}}
    changes["tune.locked"] = []  # which may name a field that goes away here
    if recipe.has("optimizer.handover") or recipe.has("optimizer.handover.at"):
        changes["optimizer.handover"] = None
    return recipe.changed(changes)


def at_constant_rate(recipe: Recipe) -> Recipe:
    """`quiet`, and without a schedule."""
    return quiet(recipe).changed({"schedule.kind": "constant", "schedule.warmup": 0.0})


def training_steps(recipe: Recipe, train_examples: int) -> int:
    """Optimiser steps of one whole training."""
    return train_examples // recipe.train.batch_size * recipe.train.epochs


def loss_on_sample(
    recipe: Recipe, dataset: data.Dataset, training: Training
) -> Callable[[], float]:
    """A function that measures the present loss on a fixed sample of the training examples."""
    n = len(dataset.train.targets)
    rows = np.linspace(0, n - 1, min(n, SAMPLE)).astype(int)
    inputs, targets = dataset.train.inputs[rows], dataset.train.targets[rows]

    def measure() -> float:
        with np.errstate(all="ignore"):
            outputs = training.predict(inputs)
            return float(np.mean(metrics.example_losses(recipe, outputs, targets)))

    return measure


def chance_loss(recipe: Recipe, dataset: data.Dataset) -> float:
    """Coming down to the loss of ignoring the input is no sign that anything is learned."""
    targets = dataset.train.targets
    chance = metrics.chance_outputs(recipe.task, targets, dataset.outputs, len(targets))
    return float(np.mean(metrics.example_losses(recipe, chance, targets)))
