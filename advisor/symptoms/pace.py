"""Does it train well? Too slow, swinging, standing still, or cut off; the size of its steps."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from advisor.history import History
from advisor.symptoms.finding import Detector, Evidence, Severity
from advisor.trends import falling

MUCH_LEFT = 0.3
"""A training loss above this share of chance's is far from fitted."""
CUT_OFF = 0.1
"""Share of the first validation loss that the last of few evaluations must have gained."""
LEAST_STEPS = 50
SURELY = -3.0
"""t statistic of a slope that is no accident."""


def loss_left(history: History) -> float | None:
    """The last training loss as a share of chance's; None where one of them is not known."""
    chance = history.chance_loss
    if not chance or not history.evaluations or not history.knows("train_loss"):
        return None
    left = float(history.train_losses[-1]) / chance
    return None if math.isnan(left) else left


def far_from_fitted(history: History, share: float = MUCH_LEFT) -> bool:
    """Whether the last training loss is above this share of chance's."""
    left = loss_left(history)
    return left is not None and left > share


def slow_learning(history: History) -> Evidence | str:
    """Surely falling, far from fitted, and either in a straight line or by tiny updates.

    A rate that is too low shows as a near-linear curve (CS231n), a good one as a fast first
    fall that flattens; the pace of the last third against that of the first tells them apart,
    whatever floor the data have. Decayed rates slow down by design and are left out.
    """
    started, trend, ratio = history.started, history.late_trend, history.update_ratio
    if started is None or trend is None or len(history.evaluations) < 3:
        return "needs 72 steps and 3 evaluations with a finite loss"
    curve = np.array([started.initial_loss, *history.train_losses])
    p = falling(history.train_losses[-max(4, len(history.train_losses) // 2) :])
    surely = trend[1] < SURELY or (p is not None and p < 0.05)
    third = len(curve) // 3
    first, last = float(curve[0] - curve[third]), float(curve[-1 - third] - curve[-1])
    straight = history.rate_is_on and last > 0 and last > 0.5 * first
    tiny = ratio is not None and ratio < 1e-4
    left = float(curve[-1] / started.chance_loss)
    return Evidence(
        surely
        and trend[0] < 0
        and curve[-1] < curve[0]
        and far_from_fitted(history)
        and (straight or tiny),
        {
            "loss_over_chance": left,
            "fell_first": first,
            "fell_last": last,
            "t": trend[1],
            "update_ratio": ratio or 0.0,
        },
        f"the training loss is still {100 * left:.0f} % of chance's and falls steadily, by "
        f"{first:.3g} in the first third and {last:.3g} in the last; a step moves the weights by "
        f"{ratio or 0:.2g} of their norm (1e-3 is usual)",
        "first and last third of the run",
    )


def loss_oscillation(history: History) -> Evidence | str:
    """Swings of the training loss in evaluation mode, which has no sampling noise.

    Batch losses swing in any healthy run; the loss on a fixed sample does so only when the
    optimiser keeps jumping.
    """
    started = history.started
    if started is None or len(history.evaluations) < 8 or history.steps < 100:
        return "needs 8 evaluations and 100 steps"
    late = history.train_losses[len(history.train_losses) // 3 :]
    if not np.isfinite(late).all():
        return "the loss is not finite"
    swing, level = float(np.median(np.abs(np.diff(late)))), float(np.median(late))
    p = falling(late)
    large = swing > max(0.2 * level, 0.05 * started.chance_loss)
    return Evidence(
        large and p is not None and p > 0.1,
        {"swing": swing, "loss": level, "p_falling": 1.0 if p is None else p},
        f"from one evaluation to the next the training loss moves by {swing:.3g} around "
        f"{level:.3g}, without falling",
        "last two thirds of the evaluations",
    )


def training_plateau(history: History) -> Evidence | str:
    """No new low for a while, though the rate is on and the loss is not near zero.

    Where half of chance's loss is gone the floor may be the data's own, so it is only noted.
    """
    started, losses = history.started, history.train_losses
    patience = max(5, math.ceil(0.1 * history.recipe.train.epochs))
    if started is None or len(losses) < patience + 3:
        return f"needs {patience + 3} evaluations"
    before, recent = float(np.min(losses[:-patience])), float(np.min(losses[-patience:]))
    stuck = recent > before * (1 - 1e-3) and recent > 0.05 * started.chance_loss
    severity: Severity = "optimisation" if recent > 0.5 * started.chance_loss else "info"
    return Evidence(
        stuck and history.rate_is_on,
        {"best_before": before, "best_since": recent, "evaluations": patience},
        f"the training loss has not fallen below {before:.4g} for {patience} evaluations",
        f"last {patience} evaluations",
        severity,
    )


def still_improving(history: History) -> Evidence | str:
    losses = history.validation_losses
    if not history.complete or len(losses) < 2 or history.best is None:
        return "needs a whole run of 2 evaluations"
    if not np.isfinite(losses).all() or not losses[0]:
        return "the validation loss is not finite, or began at zero"
    if len(losses) < 4:
        return _cut_off(history)
    quarter = max(2, len(losses) // 4)
    gain = (float(np.min(losses[:-quarter])) - float(np.min(losses))) / abs(float(losses[0]))
    position = min(1.0, history.best.step / max(1, history.total_steps))
    noise = (history.validation_noise or 0.0) / abs(float(losses[0]))
    return Evidence(
        position > 0.75 and gain > max(0.02, 2 * noise),
        {"best_position": position, "gain": gain},
        f"the best evaluation came at {100 * position:.0f} % of the run, and the last quarter "
        f"took another {100 * gain:.1f} % of the first validation loss",
        f"last {quarter} evaluations",
    )


def _cut_off(history: History) -> Evidence:
    """Of a run of 2 or 3 evaluations: each better than the last, and the last by much."""
    losses = history.validation_losses
    gain = float(losses[-2] - losses[-1]) / abs(float(losses[0]))
    falls = bool((np.diff(losses) < 0).all()) and history.best is history.evaluations[-1]
    return Evidence(
        falls and gain > CUT_OFF,
        {"best_position": 1.0, "gain": gain},
        f"each of {len(losses)} evaluations was better than the one before, and the last took "
        f"another {100 * gain:.1f} % of the first validation loss",
        "the run",
    )


def update_ratio_high(history: History) -> Evidence | str:
    return _update_ratio(history, lambda ratio: ratio > 0.1)


def update_ratio_low(history: History) -> Evidence | str:
    left = loss_left(history)
    if left is None:
        return "needs an evaluation of the training loss"
    return _update_ratio(history, lambda ratio: ratio < 1e-5 and left > MUCH_LEFT)


def _update_ratio(history: History, too: Callable[[float], bool]) -> Evidence | str:
    ratio = history.update_ratio
    if ratio is None or history.steps < LEAST_STEPS:
        return "needs 50 steps with updates measured"
    return Evidence(
        too(ratio),
        {"update_ratio": ratio},
        f"a step moves the weights by {100 * ratio:.2g} % of their norm (about 0.1 % is usual)",
        "median over the run and over kernels",
    )


def clipping_overload(history: History) -> Evidence | str:
    limit = history.recipe.optimizer.clip_norm
    if limit is None:
        return "gradients are not clipped"
    norms = history.grad_norm[~np.isnan(history.grad_norm)]
    if len(norms) < LEAST_STEPS:
        return f"needs {LEAST_STEPS} gradient norms"
    share = float(np.mean(norms > limit))
    return Evidence(
        share > 0.5, {"clipped": share}, f"{100 * share:.0f} % of the steps were clipped"
    )


DETECTORS = (
    Detector(
        name="slow_learning",
        severity="optimisation",
        order=5,
        about="the loss falls steadily but the run is far too short for its pace",
        threshold="training loss above 30 % of chance's and surely falling (t < -3, or p < 0.05 "
        "over the last evaluations), and the last third fell half as much as the first, or updates "
        "below 1e-4 of the weights",
        source="CS231n on curves of rates that are too low",
        traps="warm-up; decayed rates and runs that are nearly done (left out)",
        look=slow_learning,
        needs=("steps", "lr", "train_loss", "initial_loss", "chance_loss"),
    ),
    Detector(
        name="update_ratio_low",
        severity="optimisation",
        order=5,
        about="steps are tiny against the weights",
        threshold="median update below 1e-5 of the weights while the training loss is above 30 % "
        "of chance's",
        source="CS231n (1e-3 is right), DeepDiagnosis (1e-5)",
        traps="the end of a decay schedule (left out)",
        look=update_ratio_low,
        needs=("layers", "lr", "train_loss", "chance_loss"),
    ),
    Detector(
        name="update_ratio_high",
        severity="optimisation",
        order=5,
        about="steps are huge against the weights",
        threshold="median update above 10 % of the weights",
        source="CS231n (1e-3 is right); DeepDiagnosis and TheDeepChecker (0.1)",
        traps="weights that start near zero",
        look=update_ratio_high,
        needs=("layers",),
    ),
    Detector(
        name="loss_oscillation",
        severity="optimisation",
        order=5,
        about="the training loss swings without falling",
        threshold="median move between evaluations above 20 % of the loss and 5 % of chance's, no "
        "downward trend (p > 0.1)",
        source="AutoTrainer and TheDeepChecker, on losses without sampling noise",
        traps="batch losses, which always swing (not used)",
        look=loss_oscillation,
        needs=("train_loss", "chance_loss"),
    ),
    Detector(
        name="clipping_overload",
        severity="optimisation",
        order=5,
        about="most gradients are clipped",
        threshold="more than 50 % of the steps",
        source="Google tuning playbook",
        traps="",
        look=clipping_overload,
        needs=("recipe", "grad_norm"),
    ),
    Detector(
        name="still_improving",
        severity="info",
        order=5,
        about="the run ended while validation was getting better",
        threshold="best in the last quarter, which gained 2 % of the first validation loss and "
        "twice its noise; of 2 or 3 evaluations each the best so far, the last by 10 %",
        source="Google tuning playbook",
        traps="decay schedules end on their best by design",
        look=still_improving,
        needs=("validation_loss", "total_steps"),
    ),
    Detector(
        name="training_plateau",
        severity="optimisation",
        order=7,
        about="the training loss has stopped falling while it is still high",
        threshold="no new low by 0.1 % for max(5, 10 % of the run) evaluations, above 5 % of "
        "chance's; only noted below 50 %",
        source="torch ReduceLROnPlateau, with the project's patience",
        traps="a rate that has decayed (left out); the floor of noisy data",
        look=training_plateau,
        needs=("lr", "train_loss", "chance_loss"),
    ),
)
