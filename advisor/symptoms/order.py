"""Are the examples shuffled? A loss that repeats itself every epoch says no."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

from advisor.architecture import Floats
from advisor.history import History
from advisor.symptoms.finding import Detector, Evidence, Severity
from advisor.trends import block_means

EPOCHS = 4
"""Looked at: the first is left out, as it falls too fast, and three make two pairs."""
LEAST_STEPS, POINTS = 20, 64
"""Steps of an epoch that are needed; points to which longer epochs are averaged."""
ALIKE = 0.5
"""Correlation of one epoch with the next."""
SURE = 4.5
"""Standard errors of the correlation of noise."""
SWING = 0.05
"""Deviation of the logarithm of the loss over an epoch that is worth a remark."""


def unshuffled_batches(history: History) -> Evidence | str:
    """The course of each epoch against the next, its smooth part taken away.

    Where the examples are sorted, neighbouring batches go together; where they are in any other
    fixed order each batch is hard or easy by itself, which is no grave fault.
    """
    per_epoch = history.started.steps_per_epoch if history.started else 0
    if per_epoch < LEAST_STEPS or history.steps < EPOCHS * per_epoch:
        return f"needs {EPOCHS} epochs of {LEAST_STEPS} steps"
    last = history.steps // per_epoch * per_epoch
    courses = _courses(history.loss[last - 3 * per_epoch : last])
    if courses is None:
        return "needs losses that are finite and positive"
    if _rates_return(history, last - 3 * per_epoch, last):
        return "the rate goes up and down as well"
    pairs = [_correlation(courses[0], courses[1]), _correlation(courses[1], courses[2])]
    profile = courses.mean(axis=0)
    sorted_by = _correlation(profile[:-1], profile[1:])
    limit = max(ALIKE, SURE / math.sqrt(2 * len(profile)))
    severity: Severity = "block" if sorted_by > 2 / math.sqrt(len(profile)) else "info"
    swing = float(profile.std())
    return Evidence(
        min(pairs) > ALIKE and sum(pairs) / 2 > limit and swing > SWING,
        {"correlation": sum(pairs) / 2, "limit": limit, "swing": swing, "neighbours": sorted_by},
        f"the training loss takes the same course in each epoch (correlation "
        f"{sum(pairs) / 2:.2f}), swinging by {100 * swing:.0f} %",
        "last 3 epochs",
        severity,
    )


def _courses(loss: Floats) -> Floats | None:
    """(3, points) logarithm of the loss of three epochs without its smooth part; None where it
    has none."""
    if not np.isfinite(loss).all() or loss.min() <= 0:
        return None
    epochs = np.log(loss).reshape(3, -1)
    points = min(POINTS, epochs.shape[1])
    means = [block_means(epoch, points) for epoch in epochs]
    return np.asarray([course - _smooth(course) for course in means])


def _smooth(course: Floats) -> Floats:
    """The cubic that fits best, so that neither a falling loss nor a drop from one epoch to the
    next counts."""
    basis = _cubics(len(course))
    return np.asarray(basis @ (basis.T @ course))


@lru_cache(maxsize=16)
def _cubics(points: int) -> Floats:
    """(points, 4) orthonormal."""
    return np.asarray(np.linalg.qr(np.vander(np.linspace(-1, 1, points), 4))[0])


def _rates_return(history: History, first: int, last: int) -> bool:
    """Whether the rate rises in these steps, as in cycles, which repeat by themselves."""
    rates = history.lr[first:last]
    return history.knows("lr") and bool(np.any(np.diff(rates) > 0.01 * rates.max()))


def _correlation(one: Floats, other: Floats) -> float:
    one, other = one - one.mean(), other - other.mean()
    size = math.sqrt(float(one @ one) * float(other @ other))
    return float(one @ other) / size if size else 0.0


DETECTORS = (
    Detector(
        name="unshuffled_batches",
        severity="block",
        order=1,
        about="examples come in the same order every epoch, perhaps sorted",
        threshold="the loss of one epoch correlated with that of the next above 0.5, twice in a "
        "row and beyond noise, without its smooth part, swinging by 5 %; only noted where "
        "neighbouring batches have nothing in common",
        source="autocorrelation at the lag of an epoch; Google tuning playbook on periodic losses",
        traps="bucketed sequences, time series, rates that go in cycles of an epoch",
        look=unshuffled_batches,
        needs=("steps", "steps_per_epoch"),
    ),
)
