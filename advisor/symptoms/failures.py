"""Does it train at all? Loss that is not finite, explodes or stands still; chance level."""

from __future__ import annotations

import math

import numpy as np

from advisor.history import History
from advisor.symptoms.finding import Detector, Evidence
from advisor.text import counted
from advisor.trends import block_means, falling

LEAST_STEPS, RECENT = 50, 10
DIVERGED = 4.0
"""Times the lowest smoothed loss: the stop rule of the fastai and Lightning rate finders."""
LEARNED_MUCH, FORGOTTEN = 0.5, 0.9
"""Of chance's loss."""
LEARNED = 0.98
"""A loss above this share of where it began has not moved."""
BLOWN_UP = 1000.0
"""Times the loss of knowing nothing: RMSprop at 0.1 (case 73) is thrown 10,000-fold, a start of
Adam at 0.01 that recovers in ten steps 70-fold."""
NO_MEMORY = ("out of memory", "outofmemory", "resource_exhausted", "cannot allocate memory")
BEYOND_CHANCE = 3.0
"""Standard errors."""
SOME_LEARNED = 0.8
"""A validation loss below this share of chance's is not chance, whatever the metric says."""


def non_finite(history: History) -> Evidence | str:
    if not history.steps:
        return "no step was reported"
    step = _first_bad_step(history)
    if step is not None:
        return Evidence(True, {"step": step}, f"loss or gradient was not finite at step {step}")
    finished = history.finished
    if finished is not None and finished.status == "diverged":
        reads = finished.message or f"outputs were not finite at step {history.steps}"
        return Evidence(True, {"step": history.steps}, reads)
    return Evidence(False, {"steps": history.steps}, "every loss and gradient was finite")


def _first_bad_step(history: History) -> int | None:
    """Of a loss that is not finite or a gradient that overflowed.

    A norm of NaN was not measured: had it been one, the losses that follow would tell, except
    where loss scaling keeps it from the weights.
    """
    if history.loss_is_finite and history.timeline.grad_norms.finite:
        return None
    bad = ~np.isfinite(history.loss)
    if history.knows("grad_norm"):
        scaled = history.knows("recipe") and history.recipe.train.precision == "float16"
        norms = history.grad_norm
        bad |= ~np.isfinite(norms) if scaled else np.isinf(norms)
    return int(np.argmax(bad)) + 1 if bad.any() else None


def out_of_memory(history: History) -> Evidence | str:
    """Told by the message of a trial that failed, in the words of PyTorch, CUDA or XLA."""
    finished = history.finished
    if finished is None:
        return "the trial has not ended"
    message = finished.message.lower()
    failed = finished.status == "failed" and any(words in message for words in NO_MEMORY)
    size = history.recipe.train.batch_size // history.recipe.train.accumulation
    ran_out = f"memory ran out with {counted(size, 'example')} at once"
    return Evidence(
        failed,
        {"portion": size},
        ran_out if failed else "memory was enough",
        "the end of the trial",
    )


def divergence(history: History) -> Evidence | str:
    """The loss now, smoothed, against its own minimum and the larger of initial and chance loss.

    The second comparison keeps a model at loss 0.01 that rises to 0.05 from being called
    diverged. A run that blew up and came back is not diverged.
    """
    smooth, reference = history.smooth_loss, history.knowing_nothing
    lowest = history.timeline.smooth_losses.lowest
    if not history.loss_is_finite:
        smooth = smooth[np.isfinite(smooth)]
    if reference is None or len(smooth) < LEAST_STEPS:
        return f"needs {LEAST_STEPS} steps with a finite loss"
    last, first = _still(history, float(smooth[-1]), reference), float(history.loss[0])
    grew = last > DIVERGED * lowest and last > 1.5 * reference
    lost = _lost(history, last, lowest)
    return Evidence(
        grew or lost or last > 2 * max(reference, first),
        {"loss": last, "lowest": lowest, "knowing_nothing": reference},
        f"the smoothed training loss is {last:.4g} after a low of {lowest:.4g}; knowing nothing "
        f"costs {reference:.4g}" + (", so that all that was learned is lost" if lost else ""),
    )


def _still(history: History, smoothed: float, reference: float) -> float:
    """The smoothed loss, or the mean of the last ones where they tell that the run came back: one
    great loss, long past, stays in the smoothed one for long. From where it cost a thousand times
    what knowing nothing costs a run does not come back unharmed."""
    chance = history.chance_loss
    if chance is None or smoothed < FORGOTTEN * chance:
        return smoothed
    recent = history.loss[-RECENT:]
    recent = recent[np.isfinite(recent)]
    now = float(np.mean(recent)) if len(recent) else smoothed
    came_back = now < FORGOTTEN * chance
    unharmed = came_back and float(np.nanmax(history.loss)) <= BLOWN_UP * reference
    return now if unharmed else smoothed


def _lost(history: History, last: float, lowest: float) -> bool:
    """Back at chance after half of the way down: a classifier that blew up ends there, since its
    loss need not stay high."""
    chance = history.chance_loss
    return chance is not None and lowest < LEARNED_MUCH * chance and last > FORGOTTEN * chance


def no_learning(history: History) -> Evidence | str:
    """The smoothed loss, and where it is known that in evaluation mode, has not left its start.

    While the run goes on it is judged from its half on: many a task begins with a long plateau.
    """
    told, least = history.knows("train_loss"), _least_steps(history)
    if history.steps < least or (told and not history.evaluations):
        return f"needs {least} steps and an evaluation"
    if not history.loss_is_finite:
        return "the loss is not finite"
    smooth, window = history.smooth_loss, min(history.window, history.steps // 2)
    now = float(np.median(smooth[-window:]))
    early = float(np.median(smooth[: max(5, window // 2)]))
    began = early if history.chance_loss is None else min(early, history.chance_loss)
    start = began if history.began is None else min(began, history.began)
    trained = history.evaluations[-1].train_loss if told else now
    late = history.loss[history.steps // 4 :]
    p = falling(block_means(late, 24))
    still = now > LEARNED * began and trained > LEARNED * start
    still = still or _explains_nothing(history)
    return Evidence(
        still and (p is None or p > 0.01),
        {"loss": now, "began": began, "trained": trained, "p_falling": p or 0.0},
        f"after {history.steps} steps the training loss is {now:.4g}; it began at {early:.4g}, "
        f"and {began:.4g} is what knowing nothing costs",
        f"last {window} steps",
    )


def _explains_nothing(history: History) -> bool:
    """Whether the training set's own variance is what is left: chance's loss is that of the
    validation targets, which may scatter more or less."""
    if history.recipe.metric != "r2" or not history.knows("train_metric"):
        return False
    metrics = history.train_metrics[np.isfinite(history.train_metrics)]
    return bool(len(metrics)) and bool(metrics.max() < 1 - LEARNED)


def _least_steps(history: History) -> int:
    if history.complete:
        return LEAST_STEPS
    per_epoch = history.started.steps_per_epoch if history.started else 0
    return max(200, per_epoch, history.total_steps // 2)


def not_better_than_chance(history: History) -> Evidence | str:
    """A metric within noise of chance's and a loss not much better either.

    The loss counts because under heavy imbalance a model that has learned much may still
    predict the majority class everywhere.
    """
    started, best, lift = history.started, history.best, history.lift
    if started is None or not history.complete or history.steps < LEAST_STEPS:
        return f"needs a whole run of {LEAST_STEPS} steps"
    if best is None or lift is None:
        return "no evaluation was finite"
    loss = best.validation_loss / started.chance_loss if started.chance_loss else 1.0
    return Evidence(
        lift < BEYOND_CHANCE and loss > SOME_LEARNED,
        {"lift": lift, "loss_over_chance": loss},
        f"validation {history.recipe.metric} {best.validation_metric:.4g} is {lift:.1f} standard "
        f"errors from the {started.chance_metric:.4g} of ignoring the input, and its loss is "
        f"{loss:.2f} times that of doing so",
        "best evaluation",
    )


def prediction_collapse(history: History) -> Evidence | str:
    started = history.started
    shares = started.data.class_shares if started else None
    if not shares or history.recipe.task not in ("classification", "binary"):
        return "needs classes that exclude each other"
    predicted = [e.predicted_share for e in history.evaluations[-2:] if e.predicted_share]
    n, largest = history.validation_examples, max(shares)
    if n < 30 or history.steps < 100 or len(predicted) < 2:
        return "needs 30 validation examples, 100 steps and 2 evaluations"
    limit = max(0.95, largest + 4 * math.sqrt(largest * (1 - largest) / n))
    return Evidence(
        min(predicted) > limit and largest < 0.8,
        {"predicted": min(predicted), "largest_class": largest},
        f"{100 * min(predicted):.0f} % of the validation examples are given one class; the "
        f"largest holds {100 * largest:.0f} %",
        "last 2 evaluations",
    )


DETECTORS = (
    Detector(
        name="non_finite",
        severity="block",
        order=2,
        about="a loss, gradient or output is NaN or infinite",
        threshold="one value that is not finite",
        source="SageMaker Debugger ExplodingTensor; Lightning check_finite",
        traps="a masked loss with an empty mask",
        look=non_finite,
        needs=("steps",),
    ),
    Detector(
        name="out_of_memory",
        severity="block",
        order=2,
        about="memory runs out in training",
        threshold="the trial failed and its message says so",
        source="the frameworks' own messages",
        traps="another program on the same device",
        look=out_of_memory,
    ),
    Detector(
        name="divergence",
        severity="block",
        order=2,
        about="the training loss has grown far beyond where it was",
        threshold="smoothed loss above 4 times its minimum and 1.5 times the larger of initial and "
        "chance loss, or above twice its start; or back above 90 % of chance's loss after having "
        "been below half of it",
        source="fastai and Lightning rate finders (factor 4)",
        traps="losses near zero; spikes that come back",
        look=divergence,
        needs=("steps",),
    ),
    Detector(
        name="no_learning",
        severity="block",
        order=3,
        about="the training loss does not fall",
        threshold="last window above 98 % of its start and of chance, and no downward trend "
        "(Mann-Kendall, p > 0.01), or a training r2 below 0.02 throughout; while it goes on, from "
        "half of the run on",
        source="SageMaker Debugger LossNotDecreasing, with means in place of single values",
        traps="long first plateaus; warm-up; labels that imbalance makes easy to guess",
        look=no_learning,
        needs=("steps",),
    ),
    Detector(
        name="not_better_than_chance",
        severity="block",
        order=3,
        about="validation is no better than a prediction that ignores the input",
        threshold="metric less than 3 standard errors above chance, loss above 80 % of chance's",
        source="Karpathy's input-independent baseline; 3 standard errors is the project's",
        traps="heavy imbalance; tasks without signal",
        look=not_better_than_chance,
        needs=(
            "validation_metric",
            "validation_loss",
            "chance_metric",
            "chance_loss",
            "validation_examples",
        ),
    ),
    Detector(
        name="prediction_collapse",
        severity="block",
        order=3,
        about="one class gets nearly all predictions",
        threshold="one class above 95 % of predictions (and 4 standard errors above its share) "
        "at 2 evaluations, where no class holds 80 %",
        source="the project's; SageMaker Debugger Confusion is far stricter",
        traps="the first 100 steps; heavy imbalance",
        look=prediction_collapse,
        needs=("predicted_share", "class_shares", "validation_examples"),
    ),
)
