"""Does the schedule fit the run, and the run the task? Decay, warm-up, early stopping, length."""

from __future__ import annotations

import math

import numpy as np

from advisor.architecture import Floats
from advisor.history import History
from advisor.symptoms.finding import Detector, Evidence
from advisor.symptoms.pace import loss_left
from advisor.trends import falling, jitter

GONE = 0.01
"""Share of the peak below which a rate does nothing any more."""
LEFT = 0.3
LASTED = 0.05
"""Share of the planned steps for which the rate must have been gone."""
FALLING = 1e-3
"""Fall of the training loss by evaluation that counts as progress."""
FLOOR = 0.05
"""Of chance's loss: what is left below it is not worth a schedule."""
GAIN = 0.02
"""Of the validation loss: what is still being gained when a run is stopped."""
SHORT_PATIENCE = 3
LONG_WARMUP = 0.4
"""Share of the steps: one-cycle's 0.3 is the longest rise in use."""
FIRST_TENTH = 0.1


def decay_too_early(history: History) -> Evidence | str:
    """The rate is as good as zero though much of the run is left and the loss was falling."""
    total, told = history.total_steps, history.timeline.rates.finite
    if not total or not history.steps or not told or len(history.evaluations) < 2:
        return "needs the planned steps, the rates and 2 evaluations"
    if history.knows("recipe") and history.recipe.schedule.kind == "plateau":
        return "the schedule follows the validation loss"
    share = history.last_rate / max(history.peak_rate, 1e-30)
    if share >= GONE:
        return Evidence(False, {"share_of_peak": share}, f"the rate is at {share:.2g} of its peak")
    rates = history.relative_lr
    fell = len(rates) - int(np.argmax((rates >= GONE * history.peak_rate)[::-1]))
    left, lasted = 1 - fell / total, (len(rates) - fell) / total
    pace, floor = _pace_at(history, fell), FLOOR * (history.chance_loss or 0.0)
    now = float(history.train_losses[-1])
    gone = left >= LEFT and lasted >= LASTED and not _comes_back(history)
    return Evidence(
        gone and pace > FALLING and now > floor,
        {"left": left, "fall_by_evaluation": pace, "train_loss": now, "floor": floor},
        f"the rate fell below {100 * GONE:.0f} % of its peak with {100 * left:.0f} % of the steps "
        f"to go, while the training loss was falling by {100 * pace:.2g} % an evaluation"
        if gone
        else "the rate is not gone early",
        "the run so far",
    )


def _comes_back(history: History) -> bool:
    """Whether a restart of the schedule is still ahead."""
    restarts = getattr(history.recipe.schedule, "restarts", 0) if history.knows("recipe") else 0
    return history.steps < history.total_steps * restarts / (restarts + 1)


def _pace_at(history: History, step: int) -> float:
    """Share that the training loss lost by evaluation, up to the first one after `step`; 0 when
    that is within the noise of the evaluations."""
    upto = 1 + sum(at < step for at in history.evaluated_at)
    course = np.array([history.began or math.nan, *history.train_losses[:upto]])
    course = course[np.isfinite(course)]
    k = min(3, len(course) - 1)
    if k < 1 or course[-1] <= 0 or course[-1 - k] - course[-1] <= 2 * (jitter(course) or 0.0):
        return 0.0
    return float(1 - (course[-1] / course[-1 - k]) ** (1 / k))


def warmup_too_long(history: History) -> Evidence | str:
    if not history.complete or history.steps < 50 or not history.timeline.rates.finite:
        return "needs a whole run of 50 steps with their rates"
    rates = history.relative_lr
    first, peak_at = float(rates[0] / max(history.peak_rate, 1e-30)), int(np.argmax(rates)) + 1
    place = peak_at / history.steps
    left = loss_left(history) or 0.0
    return Evidence(
        first <= 0.5 and (place >= 0.95 or (place > LONG_WARMUP and left > FLOOR)),
        {"first_of_peak": first, "peak_position": place},
        f"the rate began at {100 * first:.2g} % of its highest value and reached that only at "
        f"{100 * place:.0f} % of the steps",
        "the run",
    )


def stopped_too_early(history: History) -> Evidence | str:
    """Stopped while validation was still falling, or by a patience that noise uses up."""
    finished, losses = history.finished, history.validation_losses
    if finished is None:
        return "the training has not ended"
    if finished.status != "early_stopped":
        return Evidence(False, {"steps": history.steps}, "the run was not stopped early")
    if len(losses) < 2 or not np.isfinite(losses).all():
        return "needs 2 evaluations with a finite loss"
    early = history.recipe.train.early_stopping if history.knows("recipe") else None
    patience = early.patience if early else max(2, len(losses) // 4)
    p, gain = _still_gaining(losses[-max(4, min(2 * patience, len(losses) // 2)) :])
    hasty = early is not None and _hasty(history, patience)
    short = early is not None and _too_short(history, patience)
    return Evidence(
        (p < 0.05 and gain > GAIN) or hasty or short,
        {"patience": patience, "p_falling": p, "gain": gain, "hasty": float(hasty or short)},
        f"stopped after {len(losses)} evaluations with a patience of {patience}; "
        + (
            "nothing had got worse beyond noise"
            if hasty
            else "so few in a row tell nothing, and most of the run was left"
            if short
            else f"validation loss had fallen by {100 * gain:.2g} % over the last ones"
        ),
        "last evaluations",
    )


def _still_gaining(late: Floats) -> tuple[float, float]:
    """p of a fall, and from the first half to the second half by how much beyond its noise."""
    half = len(late) // 2
    before, after = float(np.median(late[:half])), float(np.median(late[-half:]))
    noise = 2 * (jitter(late) or 0.0)
    p = falling(late)
    return 1.0 if p is None else p, (before - after - noise) / max(abs(before), 1e-12)


def _hasty(history: History, patience: int) -> bool:
    """A patience that is short for the run, which ended before its half with nothing lost: the
    metric within a standard error of its best, neither loss above it."""
    usual = max(SHORT_PATIENCE, math.ceil(0.05 * history.recipe.train.epochs))
    best, error = history.best, history.metric_error
    told = history.knows("validation_metric") and history.knows("total_steps")
    if patience >= usual or best is None or error is None or not told:
        return False
    last = history.evaluations[-1]
    lost = history.turned(best.validation_metric) - history.turned(last.validation_metric)
    level = float(np.min(history.validation_losses))
    worse = last.validation_loss > level + max(GAIN * abs(level), history.validation_noise or 0.0)
    return history.steps < 0.5 * history.total_steps and lost <= error and not worse


def _too_short(history: History, patience: int) -> bool:
    """A patience that one or two evaluations of bad luck use up, in the first half of a run.

    Where the metric is within noise of its best, or training got worse as well: then the last
    evaluations were a swing, and no overfitting.
    """
    told = history.knows("total_steps") and history.total_steps > 0
    best, error = history.best, history.metric_error
    if patience >= SHORT_PATIENCE or not told or best is None or error is None:
        return False
    last = history.evaluations[-1]
    lost = history.turned(best.validation_metric) - history.turned(last.validation_metric)
    swings = history.knows("train_loss") and last.train_loss > best.train_loss
    return history.steps < 0.5 * history.total_steps and (lost <= error or swings)


def budget_too_long(history: History) -> Evidence | str:
    """By metric and by loss the best evaluation lies in the first tenth of the run, and training
    went on to fit: a run that blew up is another matter."""
    best, losses = history.best, history.validation_losses
    if not history.complete or len(losses) < 10 or best is None:
        return "needs a whole run of 10 evaluations"
    if not np.isfinite(losses).all():
        return "the validation loss is not finite"
    place = max(_as_good(history), int(losses.argmin()))
    share = (place + 1) / len(losses)
    fits = not history.train_losses[-1] > history.train_losses[place]
    learned = history.lift is None or history.lift > 3
    return Evidence(
        share <= FIRST_TENTH and fits and learned,
        {"best_position": share, "evaluations": len(losses)},
        f"validation was at its best after {100 * share:.0f} % of the run",
    )


def _as_good(history: History) -> int:
    """Place of the first evaluation whose metric is within a standard error of the best."""
    metrics = history.validation_metrics
    return int(np.argmax(metrics >= np.nanmax(metrics) - (history.metric_error or 0.0)))


DETECTORS = (
    Detector(
        name="decay_too_early",
        severity="optimisation",
        order=5,
        about="the rate has decayed to nothing while there was still much to gain",
        threshold="below 1 % of the peak with 30 % of the steps to go, for 5 % of the run; the "
        "training loss falling by 0.1 % an evaluation beyond noise, and above 5 % of chance's",
        source="Karpathy on schedules of other data sizes; the numbers are the project's",
        traps="restarts and plateau schedules (left out); models that are fitted",
        look=decay_too_early,
        needs=("lr", "total_steps", "train_loss", "chance_loss"),
    ),
    Detector(
        name="warmup_too_long",
        severity="optimisation",
        order=5,
        about="the rate was still rising when most of the run, or all of it, was over",
        threshold="the highest rate in the last 5 % of the steps, the first at most half of it; or "
        "after 40 % of them, with a training loss above 5 % of chance's",
        source="Google tuning playbook on warm-up (at most 10 %); the numbers are the project's",
        traps="range tests, which rise by design and are no trials",
        look=warmup_too_long,
        needs=("lr",),
    ),
    Detector(
        name="stopped_too_early",
        severity="optimisation",
        order=5,
        about="early stopping ended a run that was not done",
        threshold="validation loss falling (p < 0.05) by 2 % beyond noise over the last 2 x "
        "patience evaluations (at most half of all); or a patience below max(3, 5 % of the epochs) "
        "that ended the run before its half with the metric within a standard error of its best; "
        "or a patience below 3 that ended it before its half while training got worse too",
        source="AutoTrainer (patience of max(3, epochs / 15)); Lightning and Keras count "
        "evaluations; 2 % is the project's",
        traps="a metric that has settled while its loss creeps on",
        look=stopped_too_early,
        needs=("validation_loss",),
    ),
    Detector(
        name="budget_too_long",
        severity="info",
        order=5,
        about="validation was at its best long before the end",
        threshold="best loss, and a metric within a standard error of its best, in the first 10 % "
        "of a run of 10 evaluations",
        source="Google tuning playbook (first 10 % of the steps)",
        traps="tasks that are fitted at once; metrics at their ceiling",
        look=budget_too_long,
        needs=("train_loss", "validation_loss", "validation_metric"),
    ),
)
