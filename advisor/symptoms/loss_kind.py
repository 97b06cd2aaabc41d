"""Is the loss of a classifier the cross-entropy that it should be? Told from its accuracy."""

from __future__ import annotations

import math

import numpy as np

from advisor.architecture import Floats
from advisor.history import History
from advisor.symptoms.finding import Detector, Evidence

ROUNDED = 0.005
"""Accuracies are logged with two decimals at least."""
LEAST_JUDGED = 2
"""Evaluations with wrong answers."""
TASKS = ("classification", "binary")
ANY = "so many wrong answers cost at least"
PAIR = ("validation_loss", "validation_metric")


def loss_not_cross_entropy(history: History) -> Evidence | str:
    """A wrong answer leaves the truth a probability of 1/2 at most, and costs ln 2 at least.

    Of validation, whose loss and metric are of the same examples and the same weights.
    """
    if not _told(history):
        return "needs the validation loss and accuracy of a classifier"
    if not _plain(history):
        return "the recipe's loss is no plain cross-entropy"
    losses, least = _judged(history)
    if len(losses) < LEAST_JUDGED:
        return f"needs {LEAST_JUDGED} evaluations with wrong answers"
    if losses.min() < 0:
        return "the loss is negative: see wrong_sign"
    below = losses < least
    place = int(np.argmin(losses / least))
    count = int(below.sum())
    fires = count >= LEAST_JUDGED and 2 * count > len(below)
    reads = f"the validation loss is {losses[place]:.3g} where {ANY} {least[place]:.3g}"
    told = f"at {count} of {len(below)} evaluations no cross-entropy is so low: {reads}"
    return Evidence(
        fires,
        {"loss": float(losses[place]), "least": float(least[place]), "below": count},
        told if fires else reads,
        "evaluations with wrong answers",
    )


def _told(history: History) -> bool:
    recipe = history.recipe
    fits = recipe.task in TASKS and recipe.metric == "accuracy"
    return fits and bool(history.evaluations) and all(map(history.knows, PAIR))


def _plain(history: History) -> bool:
    """Whether the loss should be a cross-entropy in which all examples count alike: where nobody
    told, it should."""
    loss = history.recipe.loss
    weighted = getattr(loss, "class_weights", None) or getattr(loss, "positive_weight", None)
    return not history.knows("recipe") or (loss.kind != "focal" and not weighted)


def _judged(history: History) -> tuple[Floats, Floats]:
    """Losses, and the least that cross-entropy could be, of evaluations with wrong answers."""
    losses, wrong = history.validation_losses, 1 - history.validation_metrics - ROUNDED
    kept = np.isfinite(losses) & (wrong > 0)
    return losses[kept], math.log(2) * wrong[kept]


DETECTORS = (
    Detector(
        name="loss_not_cross_entropy",
        severity="optimisation",
        order=1,
        about="the loss is lower than any cross-entropy with such an accuracy",
        threshold="validation loss below ln 2 times the share of wrong answers (0.005 less, for "
        "rounding), at 2 evaluations and more than half of those with wrong answers",
        source="arithmetic: where the truth is not the likeliest class it has at most 1/2",
        traps="focal losses, class weights, losses that are divided, and accuracies that count "
        "something else than the loss averages over, such as whole sequences",
        look=loss_not_cross_entropy,
    ),
)
