"""Does it train at all? Loss that is not finite, explodes or stands still; chance level."""

from __future__ import annotations

import math

import numpy as np

from advisor.history import History
from advisor.symptoms.finding import Detector, Evidence
from advisor.trends import falling

LEAST_STEPS = 50
DIVERGED = 4.0
"""Times the lowest smoothed loss: the stop rule of the fastai and Lightning rate finders."""
LEARNED = 0.98
"""A loss above this share of where it began has not moved."""
NO_MEMORY = ("out of memory", "outofmemory", "resource_exhausted", "cannot allocate memory")
BEYOND_CHANCE = 3.0
"""Standard errors."""
SOME_LEARNED = 0.8
"""A validation loss below this share of chance's is not chance, whatever the metric says."""


def non_finite(history: History) -> Evidence | str:
    if not history.steps:
        return "no step was reported"
    bad = ~(np.isfinite(history.loss) & np.isfinite(history.grad_norm))
    if bad.any():
        step = int(np.argmax(bad)) + 1
        return Evidence(True, {"step": step}, f"loss or gradient was not finite at step {step}")
    finished = history.finished
    if finished is not None and finished.status == "diverged":
        reads = finished.message or f"outputs were not finite at step {history.steps}"
        return Evidence(True, {"step": history.steps}, reads)
    return Evidence(False, {"steps": history.steps}, "every loss and gradient was finite")


def out_of_memory(history: History) -> Evidence | str:
    """Told by the message of a trial that failed, in the words of PyTorch, CUDA or XLA."""
    finished = history.finished
    if finished is None:
        return "the trial has not ended"
    message = finished.message.lower()
    failed = finished.status == "failed" and any(words in message for words in NO_MEMORY)
    size = history.recipe.train.batch_size // history.recipe.train.accumulation
    return Evidence(
        failed,
        {"portion": size},
        f"memory ran out with {size} examples at once" if failed else "memory was enough",
        "the end of the trial",
    )


def divergence(history: History) -> Evidence | str:
    """The smoothed loss now, against its own minimum and the larger of initial and chance loss.

    The second comparison keeps a model at loss 0.01 that rises to 0.05 from being called
    diverged. A run that blew up and came back is not diverged.
    """
    smooth = history.smooth_loss[np.isfinite(history.smooth_loss)]
    if history.started is None or len(smooth) < LEAST_STEPS:
        return f"needs {LEAST_STEPS} steps with a finite loss"
    last, lowest = float(smooth[-1]), float(smooth.min())
    initial, chance = history.started.initial_loss, history.started.chance_loss
    reference = max(initial, chance) if math.isfinite(initial) else chance
    grew = last > DIVERGED * lowest and last > 1.5 * reference
    return Evidence(
        grew or last > 2 * max(reference, float(history.loss[0])),
        {"loss": last, "lowest": lowest, "initial": initial, "chance": chance},
        f"the smoothed training loss is {last:.4g} after a low of {lowest:.4g}; untrained it was "
        f"{initial:.4g}",
    )


def no_learning(history: History) -> Evidence | str:
    started = history.started
    least = LEAST_STEPS if history.complete else max(200, started.steps_per_epoch if started else 0)
    if started is None or not history.evaluations or history.steps < least:
        return f"needs {least} steps and an evaluation"
    if not np.isfinite(history.loss).all():
        return "the loss is not finite"
    smooth, window = history.smooth_loss, min(history.window, history.steps // 2)
    now = float(np.median(smooth[-window:]))
    began = min(float(np.median(smooth[: max(5, window // 2)])), started.chance_loss)
    trained = history.evaluations[-1].train_loss
    blocks = np.array(
        [part.mean() for part in np.array_split(history.loss[history.steps // 4 :], 24)]
    )
    p = falling(blocks)
    still = now > LEARNED * began and trained > LEARNED * min(began, started.initial_loss)
    return Evidence(
        still and (p is None or p > 0.01),
        {"loss": now, "began": began, "chance": started.chance_loss, "p_falling": p or 0.0},
        f"after {history.steps} steps the training loss is {now:.4g}; it began at {began:.4g} and "
        f"ignoring the input costs {started.chance_loss:.4g}",
        f"last {window} steps",
    )


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
        "chance loss, or above twice its start",
        source="fastai and Lightning rate finders (factor 4)",
        traps="losses near zero; spikes that come back",
        look=divergence,
    ),
    Detector(
        name="no_learning",
        severity="block",
        order=3,
        about="the training loss does not fall",
        threshold="last window above 98 % of its start and of chance, and no downward trend "
        "(Mann-Kendall, p > 0.01)",
        source="SageMaker Debugger LossNotDecreasing, with means in place of single values",
        traps="long first plateaus; warm-up; labels that imbalance makes easy to guess",
        look=no_learning,
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
    ),
)
