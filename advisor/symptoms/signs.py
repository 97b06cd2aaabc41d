"""Is what is minimised what should be? Losses below zero, and metrics that fall with the loss."""

from __future__ import annotations

import math

import numpy as np

from advisor.history import History
from advisor.symptoms.finding import Detector, Evidence, Severity
from advisor.trends import falling

ROUNDING = 1e-6
"""Below zero by less than this is arithmetic."""
SURELY = 0.01
FELL = 0.1
"""Share of its start that a loss must have lost to count as falling."""
WORSE = 3.0
"""Standard errors below chance."""


def wrong_sign(history: History) -> Evidence | str:
    """A loss that is negative though every loss we know is not, or a metric that ends below
    chance while the loss falls."""
    lowest, against = history.timeline.losses.lowest, _metric_falls(history)
    if math.isinf(lowest):
        return "needs a step with a finite loss"
    severity: Severity = "block" if history.knows("recipe") or against else "optimisation"
    reads = f"the lowest training loss is {lowest:.4g}"
    if against:
        reads = f"the training loss falls, and {history.recipe.metric} with it, to below chance"
    return Evidence(
        lowest < -ROUNDING or against,
        {"lowest": lowest, "metric_falls": float(against)},
        reads,
        severity=severity,
    )


def _metric_falls(history: History) -> bool:
    """Of training: the loss by a tenth and surely, the metric surely and to below chance."""
    told = all(map(history.knows, ("train_loss", "train_metric", "chance_metric")))
    started, error = history.started, history.metric_error
    if not told or started is None or error is None or len(history.evaluations) < 5:
        return False
    metrics = history.train_metrics
    losses, chance = history.train_losses, history.turned(started.chance_metric)
    if not np.isfinite([*metrics, *losses, chance, error]).all():
        return False
    fell = losses[-1] < losses[0] - FELL * abs(losses[0])
    if not fell or not metrics[-1] < chance - WORSE * error:
        return False
    return max(falling(losses) or 0.0, falling(metrics) or 0.0) < SURELY


DETECTORS = (
    Detector(
        name="wrong_sign",
        severity="block",
        order=1,
        about="the loss has the wrong sign, or is fed what it does not expect",
        threshold="a training loss below zero; or over 5 evaluations a training loss that falls by "
        "10 % and a training metric that falls with it (Mann-Kendall, p < 0.01) to 3 standard "
        "errors below chance",
        source="AutoTrainer (negative losses); the project's",
        traps="losses of one's own that may be negative, such as log densities",
        look=wrong_sign,
        needs=("steps",),
    ),
)
