"""What the evaluations say of each other: loss against metric, training against validation."""

from __future__ import annotations

import math

import numpy as np

from advisor.architecture import Floats
from advisor.history import History
from advisor.symptoms.finding import Detector, Evidence, Severity
from advisor.symptoms.generalisation import validation_rise
from advisor.trends import held, jitter, running_median, scatter

PATIENCE, PATIENT_SHARE = 5, 0.1
NO_GAIN = 1e-3
"""Relative to the best validation loss."""
AHEAD = 0.05
"""Points of metric by which validation may not be ahead of training."""
BEYOND = 2.0
"""Standard errors."""


def validation_plateau(history: History) -> Evidence | str:
    """No new best of the validation loss for a while, though the rate is on, at 2 of 3 checks."""
    losses = history.validation_losses
    patience = max(PATIENCE, math.ceil(PATIENT_SHARE * history.recipe.train.epochs))
    if len(losses) < patience + 5 or not np.isfinite(losses).all():
        return f"needs {patience + 5} evaluations with a finite loss"
    ends = range(len(losses) - 2, len(losses) + 1)
    checks = [_stands(losses[:end], patience, history) for end in ends]
    before, recent = float(losses[:-patience].min()), float(losses[-patience:].min())
    return Evidence(
        held(checks) and history.rate_is_on,
        {"best_before": before, "best_since": recent, "evaluations": patience},
        f"the validation loss has not fallen clearly below {before:.4g} for {patience} evaluations",
        f"last {patience} evaluations",
    )


def _stands(losses: Floats, patience: int, history: History) -> bool:
    before, recent = float(losses[:-patience].min()), float(losses[-patience:].min())
    return before - recent <= max(NO_GAIN * abs(before), history.validation_noise or 0.0)


def loss_metric_disagree(history: History) -> Evidence | str:
    """The metric where the loss is best, against the best metric; medians of three evaluations.

    The best of many evaluations is partly luck: by sqrt(2 ln K) deviations among K.
    """
    losses, metrics = history.validation_losses, history.validation_metrics
    if len(losses) < 8 or not np.isfinite([losses, metrics]).all():
        return "needs 8 evaluations with a finite loss and metric"
    loss, metric = running_median(losses, 3), running_median(metrics, 3)
    by_loss, by_metric = int(loss.argmin()), int(metric.argmax())
    lost, error = float(metric[by_metric] - metric[by_loss]), _error(history, metric[by_loss])
    if error is None:
        return "the size of the validation set is not known"
    luck = math.sqrt(2 * math.log(len(metrics))) * (jitter(metrics) or 0.0)
    severity: Severity = "optimisation" if by_metric < by_loss else "info"
    return Evidence(
        lost > BEYOND * error + luck,
        {
            "metric_lost": lost,
            "error": error,
            "luck": luck,
            "correlation": _correlation(losses, metrics),
        },
        f"where the validation loss is lowest (evaluation {by_loss + 2}) {history.recipe.metric} "
        f"is {lost:.3g} short of its best (evaluation {by_metric + 2}); a standard error is "
        f"{error:.2g}",
        "all evaluations",
        severity,
    )


def _error(history: History, turned: float) -> float | None:
    """Standard error of a metric that was turned so that larger is better."""
    error = history.error_of(history.turned(turned))
    return None if error is None or math.isnan(error) else error


def _correlation(losses: Floats, metrics: Floats) -> float:
    """-1 where the two agree; 0 where one of them does not move."""
    one, other = losses - losses.mean(), metrics - metrics.mean()
    size = math.sqrt(float(one @ one) * float(other @ other))
    return float(one @ other) / size if size else 0.0


def train_below_validation(history: History) -> Evidence | str:
    """Training clearly behind validation, both in evaluation mode, at 2 of the last 3."""
    late = [e for e in history.evaluations[-3:] if not 0 < e.epoch <= 3]
    error = history.shortfall_error
    if len(late) < 3 or error is None or math.isnan(error):
        return "needs 3 evaluations after the third epoch"
    pairs = [
        (history.shortfall(e.train_metric), history.shortfall(e.validation_metric)) for e in late
    ]
    ahead = [train - held_out for train, held_out in pairs if train is not None is not held_out]
    if len(ahead) < 3 or any(math.isnan(value) for value in ahead):
        return "one of the metrics was not measured"
    needed = max(AHEAD, BEYOND * error)
    return Evidence(
        held([value > needed for value in ahead]),
        {"ahead": float(np.median(ahead)), "needed": needed},
        f"validation {history.recipe.metric} is {float(np.median(ahead)):.3f} ahead of training",
        "last 3 evaluations",
    )


def overconfidence(history: History) -> Evidence | str:
    """The validation loss as in overtraining, while the metric holds or gains."""
    found = validation_rise(history)
    if isinstance(found, str):
        return found
    return Evidence(
        found.risen and found.metric_lost <= 0,
        {"best": found.best, "rise": found.rise, "metric_lost": found.metric_lost},
        f"validation loss has risen {100 * found.rise:.0f} % above its best, {found.best:.4g}, "
        f"while {history.recipe.metric} has lost nothing",
        "last 3 evaluations",
    )


def late_variance(history: History) -> Evidence | str:
    """The metric from evaluation to evaluation at the end of the run, around its straight line."""
    metrics = history.validation_metrics
    if not history.complete or len(metrics) < 20:
        return "needs a whole run of 20 evaluations"
    late = metrics[-max(8, len(metrics) // 5) :]
    spread, error = scatter(late), _error(history, float(np.mean(late)))
    if error is None or spread is None:
        return "the size of the validation set is not known"
    decayed = history.knows("lr") and not history.rate_is_on
    return Evidence(
        spread > BEYOND * error,
        {"deviation": spread, "error": error},
        f"over the last {len(late)} evaluations {history.recipe.metric} swings by {spread:.3g}, "
        f"where the validation set explains {error:.2g}"
        + ("" if decayed else "; the rate has not been decayed"),
        f"last {len(late)} evaluations",
    )


DETECTORS = (
    Detector(
        name="validation_plateau",
        severity="info",
        order=8,
        about="the validation loss has stopped falling",
        threshold="no new best by max(0.1 %, its noise) for max(5, 10 % of the run) evaluations, "
        "at 2 of 3 checks, while the rate is above 30 % of its peak",
        source="torch ReduceLROnPlateau, SageMaker Debugger (patience 10); the patience is the "
        "project's",
        traps="it is where a good run arrives (Smith 2018), so it is only noted",
        look=validation_plateau,
        needs=("validation_loss", "lr"),
    ),
    Detector(
        name="loss_metric_disagree",
        severity="optimisation",
        order=9,
        about="the best loss and the best metric are found in different places",
        threshold="over 8 evaluations, the metric where the loss is lowest more than 2 standard "
        "errors, and what luck explains, below its best; only noted where it went on to gain",
        source="TheDeepChecker (representativeness); 2 standard errors is the project's",
        traps="metrics at their ceiling; over-confidence",
        look=loss_metric_disagree,
        needs=("validation_loss", "validation_metric", "validation_examples"),
    ),
    Detector(
        name="train_below_validation",
        severity="info",
        order=9,
        about="validation scores better than training",
        threshold="by 0.05 and 2 standard errors in evaluation mode, after the third epoch, at 2 "
        "of 3 evaluations",
        source="UMLAUT (5 points, after 3 epochs)",
        traps="training metrics taken with dropout, augmentation or over an epoch",
        look=train_below_validation,
        needs=("train_metric", "validation_metric", "validation_examples"),
    ),
    Detector(
        name="overconfidence",
        severity="info",
        order=9,
        about="the validation loss rises while the metric does not fall",
        threshold="3 evaluations more than max(2 %, twice the noise) above the best loss, rising, "
        "and the metric no lower than at the best",
        source="Prechelt 1998 (generalisation loss of 2 %); Guo 2017 on calibration",
        traps="it is harmless where only the metric counts",
        look=overconfidence,
        needs=("validation_loss", "validation_metric"),
    ),
    Detector(
        name="late_variance",
        severity="optimisation",
        order=8,
        about="validation still swings at the end of the run",
        threshold="deviation of the metric around its line over the last 20 % (at least 8) of 20 "
        "evaluations above 2 standard errors",
        source="Google tuning playbook on step-to-step variance",
        traps="small validation sets, whose standard error is as large",
        look=late_variance,
        needs=("validation_metric", "validation_examples"),
    ),
)
