"""Does it fit, and does what it learned hold for examples it has not seen?"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from advisor.history import History
from advisor.recipe import Regularization
from advisor.symptoms.finding import Detector, Evidence, Severity

NEARLY_PERFECT = 0.01
"""Short of a perfect training score by this much, a small clean data set counts as fitted."""
FITTED_BEST = "evaluation with the best training metric"
TEXT = 0.9
"""Of chance's loss: what of a text can be foreseen nobody knows, so less is only noted."""
GAP, SMALL_GAP = 0.05, 0.02
"""Points of metric between training and validation: overfitting, and where it ends."""
MILD = {
    "dropout": 0.05,
    "feature_dropout": 0.05,
    "embedding_dropout": 0.05,
    "attention_dropout": 0.05,
    "stochastic_depth": 0.05,
    "weight_decay": 0.01,
    "l2": 1e-4,
    "l1": 1e-5,
    "label_smoothing": 0.05,
    "noise": 0.05,
}
"""Regularisers up to this strength hold nothing down."""


def underfitting(history: History) -> Evidence | str:
    """Bias before variance: the training score is short by more than validation lags behind it.

    Where the training set was fitted best: the best validation score may come by luck before.
    What a regression or a language model could reach is not known, so there at least half of
    chance's loss must be left. A shortfall below a tenth of chance's is only noted. Where
    validation got worse while training went on, fitting better is no cure.
    """
    fitted, started, gap = history.fitted, history.started, history.fitted_gap
    if fitted is None or started is None or gap is None or not history.complete:
        return "needs a whole run"
    later = overtraining(history)
    if isinstance(later, Evidence) and later.fires:
        reads = "validation got worse while training went on to fit: see overtraining"
        return Evidence(False, {"gap": gap}, reads, FITTED_BEST)
    trained = history.shortfall(fitted.train_metric) or 0.0
    chance = history.shortfall(started.chance_metric) or 1.0
    error = history.shortfall_error or 0.0
    short = trained - NEARLY_PERFECT > max(2 * error, gap)
    if not history.can_be_perfect:
        if history.chance_loss is None or not history.knows("train_loss"):
            return "what a fit would cost is not known"
        short = short and fitted.train_loss > 0.5 * started.chance_loss
    severity: Severity = "optimisation" if trained > 0.1 * chance else "info"
    if history.recipe.task == "language_model" and fitted.train_loss < TEXT * started.chance_loss:
        severity = "info"
    return Evidence(
        short,
        {"train_shortfall": trained, "gap": gap, "error": error},
        f"training {history.recipe.metric} is {fitted.train_metric:.4g}, {trained:.3f} short of "
        f"perfect, and validation {_behind(gap)}",
        FITTED_BEST,
        severity,
    )


def _behind(gap: float) -> str:
    return f"only {gap:.3f} behind" if gap >= 0 else f"even {-gap:.3f} ahead"


def overfitting(history: History) -> Evidence | str:
    """The gap of the metric decides; the ratio of the losses explodes in every run that fits.

    A gap of 2 to 5 points counts when it is beyond three standard errors and the training set
    is fitted: then nothing but the gap is left to close.
    """
    gap, started = history.gap, history.started
    if gap is None or started is None or len(history.evaluations) < 3:
        return "needs 3 evaluations"
    last, error = history.evaluations[-1], history.shortfall_error or 0.0
    loss_gap = last.validation_loss - last.train_loss
    floor = max(0.1 * last.train_loss, 2 * (history.validation_noise or 0.0))
    trained = history.shortfall(last.train_metric) or 0.0
    wide = gap > max(GAP, 2 * error)
    only = (
        history.is_share
        and history.can_be_perfect
        and trained < NEARLY_PERFECT
        and gap > max(SMALL_GAP, 3 * error)
    )
    return Evidence(
        loss_gap > floor and (wide or only),
        {"gap": gap, "error": error, "loss_gap": loss_gap, "train_shortfall": trained},
        f"training {history.recipe.metric} is {gap:.3f} ahead of validation (one standard error is "
        f"{error:.3f}), and its loss lower by {loss_gap:.3g}",
        "last evaluation",
    )


@dataclass(frozen=True)
class Rise:
    """The validation loss since its best."""

    best: float
    rise: float
    """of the lowest of the last 3 evaluations above the best, as a share of it"""
    needed: float
    metric_lost: float
    """at the best loss - mean over the last 3 evaluations"""
    risen: bool


def validation_rise(history: History) -> Rise | str:
    losses, metrics = history.validation_losses, history.validation_metrics
    if len(losses) < 6 or not np.isfinite(losses).all():
        return "needs 6 evaluations with a finite loss"
    place = int(losses.argmin())
    best, since = float(losses[place]), losses[place:]
    lost = float(metrics[place] - metrics[-3:].mean())
    if math.isnan(lost):
        return "the metric was not measured"
    rise = float(losses[-3:].min()) / max(best, 1e-12) - 1
    needed = max(0.02, 2 * (history.validation_noise or 0.0) / max(best, 1e-12))
    slope = float(np.polyfit(np.arange(len(since)), since, 1)[0]) if len(since) > 3 else 0.0
    return Rise(best, rise, needed, lost, rise > needed and slope > 0)


def overtraining(history: History) -> Evidence | str:
    """Validation loss above its best for three evaluations and rising, and the metric no better.

    Where the metric holds or gains, the model is merely over-confident.
    """
    found = validation_rise(history)
    if isinstance(found, str):
        return found
    return Evidence(
        found.risen and found.metric_lost > 0 and not _training_got_worse(history),
        {
            "best": found.best,
            "rise": found.rise,
            "needed": found.needed,
            "metric_lost": found.metric_lost,
        },
        f"validation loss has risen {100 * found.rise:.0f} % above its best, {found.best:.4g}, and "
        f"{history.recipe.metric} has lost {found.metric_lost:.3f} since",
        "last 3 evaluations",
    )


def _training_got_worse(history: History) -> bool:
    """Whether the training loss has risen too since validation was at its best: then something
    broke, which is another matter. A loss that nobody measured has not."""
    losses, place = history.train_losses, int(history.validation_losses.argmin())
    return bool(losses[-3:].min() > losses[place])


def over_regularized(history: History) -> Evidence | str:
    parts, under = history.recipe.regularization, underfitting(history)
    if isinstance(under, str):
        return under
    strengths: dict[str, float | str] = {
        name: value for name, value in _strengths(parts) if value > MILD.get(name, 0.0)
    }
    gap = history.fitted_gap or 0.0
    return Evidence(
        under.fires and bool(strengths) and gap < max(SMALL_GAP, history.shortfall_error or 0.0),
        {"gap": gap, **strengths},
        f"it underfits, validation is {_behind(gap)}, and regularisers are on: "
        f"{', '.join(strengths) or 'none'}",
        FITTED_BEST,
    )


def _strengths(parts: Regularization) -> Iterator[tuple[str, float]]:
    """Every regulariser with its strength; 0 where it is off."""
    for section in (parts, parts.augmentation):
        for name, value in section:
            if isinstance(value, int | float):
                yield name, float(value)


DETECTORS = (
    Detector(
        name="underfitting",
        severity="optimisation",
        order=7,
        about="the training set itself is not fitted",
        threshold="best training metric more than 0.01 short of perfect, beyond 2 standard errors "
        "and the gap to validation there, and no overtraining; only noted below a tenth of "
        "chance's shortfall, and for texts below 90 % of chance's loss; regression and language "
        "models: more than half of chance's loss left",
        source="Ng's bias before variance; Goodfellow, Bengio and Courville, chapter 11",
        traps="noisy labels; tasks with an error nobody can avoid",
        look=underfitting,
        needs=("train_metric", "validation_metric", "chance_metric", "validation_examples"),
    ),
    Detector(
        name="over_regularized",
        severity="generalisation",
        order=7,
        about="regularisers hold the fit down",
        threshold="underfitting, a regulariser beyond mild, a gap below 0.02 or a standard error",
        source="Karpathy, a recipe for training neural networks",
        traps="",
        look=over_regularized,
        needs=(
            "recipe",
            "train_metric",
            "validation_metric",
            "chance_metric",
            "validation_examples",
        ),
    ),
    Detector(
        name="overfitting",
        severity="generalisation",
        order=8,
        about="training is clearly ahead of validation",
        threshold="metric gap above 0.05 and 2 standard errors, or above 0.02 and 3 where training "
        "is fitted; and validation loss 10 % above training loss",
        source="SageMaker Debugger Overfit (ratio 0.1); AutoTrainer (gaps of 0.07 to 0.1)",
        traps="losses near zero; leakage and mismatch look alike",
        look=overfitting,
        needs=(
            "train_loss",
            "train_metric",
            "validation_loss",
            "validation_metric",
            "validation_examples",
        ),
    ),
    Detector(
        name="overtraining",
        severity="generalisation",
        order=8,
        about="validation gets worse while training goes on",
        threshold="3 evaluations more than max(2 %, twice the noise) above the best loss, rising, "
        "the metric lower than at the best, and the training loss not above where it was then",
        source="Prechelt 1998 (generalisation loss of 2 %)",
        traps="over-confidence: the loss rises and the metric does not fall",
        look=overtraining,
        needs=("validation_loss", "validation_metric"),
    ),
)
