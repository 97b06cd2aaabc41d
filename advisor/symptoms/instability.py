"""Sudden rises of the training loss: single spikes, and a start that is too rough."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from advisor.architecture import Floats
from advisor.history import History
from advisor.symptoms.examples import rare_classes
from advisor.symptoms.finding import Detector, Evidence, Severity
from advisor.text import counted
from advisor.trends import deviation, median, running_median

WINDOWS = 20
"""How many windows back spikes are looked for: all of a run of up to 10 000 steps."""
HIGH = 6.0
"""Robust deviations above the window before, in the loss and in its logarithm."""
BACK = 2.0
"""Robust deviations within which a spike has come back."""
LEAST_DEVIATION = 0.05
"""Of the level: batches whose losses hardly differ make no spike of every wobble."""
BAD = 0.5
"""A spike takes the loss back to this share of what knowing nothing costs."""
APART = 20
"""Steps between two spikes, or they are one."""
MANY, WITHIN = 3, 1000
"""So many spikes in so many steps are no accident."""
ROUGH, ROUGH_STEPS = 1.5, 20
MOST_EARLY = 5000


@dataclass(frozen=True)
class _Part:
    """A window of steps, held against the window before it."""

    start: int
    loss: Floats
    level: float
    spread: float
    high: NDArray[np.bool_]


def loss_spikes(history: History) -> Evidence | str:
    """Steps far above the window before them, by the loss and by its logarithm.

    Batch losses have heavy tails, in the loss itself or, near a fit, in its logarithm: what is far
    out by both, and as bad as a model that knows half of nothing, is no hard batch.
    """
    bad, window = history.knowing_nothing, history.window
    if bad is None or history.steps - history.warmup_steps < 3 * window:
        return f"needs {3 * window} steps after the warm-up"
    loss = history.loss[max(history.warmup_steps, history.steps - (WINDOWS + 1) * window) :]
    if not np.isfinite(loss).all() or loss.min() <= 0:
        return "needs losses that are finite and positive"
    parts = list(_parts(history, len(loss), BAD * bad))
    starts = _separate([part.start + int(i) for part in parts for i in np.flatnonzero(part.high)])
    stays = any(_stays(history, part) for part in parts)
    close = [b - a < WITHIN for a, b in zip(starts, starts[MANY - 1 :], strict=False)]
    severity: Severity = "optimisation" if stays or any(close) else "info"
    severity = "info" if rare_classes(history) else severity  # their batches cost more
    highest = max((float(p.loss[p.high].max()) for p in parts if p.high.any()), default=0.0)
    return Evidence(
        bool(starts),
        {"spikes": len(starts), "highest": highest, "bad": BAD * bad, "stays_up": float(stays)},
        f"{counted(len(starts), 'time')} the training loss shot up, to {highest:.3g} at most, "
        + ("and did not come back" if stays else "and came back"),
        f"last {len(loss)} steps",
        severity,
    )


def _parts(history: History, steps: int, bad: float) -> Iterator[_Part]:
    """The last `steps` steps in windows, the first of which is only compared with."""
    window, first = history.window, history.steps - steps
    for start in range(first + window, history.steps, window):
        before, loss = history.loss[start - window : start], history.loss[start : start + window]
        if loss.max() <= bad:
            continue
        level, spread = _level(before)
        high = loss > max(bad, level + HIGH * spread)
        if high.any():
            log_level, log_spread = _level(np.log(before), relative=False)
            high &= np.log(loss) > log_level + HIGH * log_spread
            yield _Part(start, loss, level, spread, high & _is_calm(history, start, window))


def _level(values: Floats, *, relative: bool = True) -> tuple[float, float]:
    level = median(values)
    return level, max(deviation(values), LEAST_DEVIATION * (level if relative else 1.0))


def _is_calm(history: History, start: int, window: int) -> NDArray[np.bool_] | bool:
    """(steps,) A restart of the schedule raises the loss by design."""
    if not history.knows("lr"):
        return True
    before, rates = history.lr[start - window : start], history.lr[start : start + window]
    return np.asarray(~(rates > 2 * before.min()))


def _separate(steps: list[int]) -> list[int]:
    """The first of each run of steps that lie close together."""
    return [b for a, b in zip([-APART, *steps], steps, strict=False) if b - a >= APART]


def _stays(history: History, part: _Part) -> bool:
    """Whether the loss is still up where a window has passed since the last spike of this one."""
    places = np.flatnonzero(part.high)
    if not len(places):
        return False
    begins = part.start + int(places[-1])
    after = history.loss[begins + history.window // 2 : begins + history.window]
    whole = history.steps >= begins + history.window
    return whole and float(np.median(after)) > part.level + BACK * part.spread


def warmup_needed(history: History) -> Evidence | str:
    """The loss is above its start for a while in the first tenth of the run, and comes back.

    What does not come back is a rate that is too high, which no warm-up saves.
    """
    reference, early = history.knowing_nothing, min(history.planned // 10, MOST_EARLY)
    if reference is None or early < 2 * ROUGH_STEPS or history.steps < 2 * early:
        return f"needs a fifth of a run of at least {20 * ROUGH_STEPS} steps"
    loss, rates = history.loss[:early], history.lr[:early]
    if not np.isfinite(loss).all() or np.isnan(rates).any():
        return "the loss or the rate is not finite"
    reference = max(reference, float(np.median(loss[:3])))  # weights of classes may raise it
    if not rates[0] > 0.5 * rates.max():
        return Evidence(False, {"first_rate": float(rates[0])}, "the rate rises from a low start")
    if np.count_nonzero(loss > ROUGH * reference) < ROUGH_STEPS:
        highest = {"highest": float(loss.max()), "knowing_nothing": reference}
        return Evidence(False, highest, "hardly an early loss is far above where it began")
    smooth = running_median(loss, 5)
    longest, now = _longest(smooth > ROUGH * reference), float(np.median(history.loss[-early:]))
    top = float(smooth.max())
    return Evidence(
        longest >= ROUGH_STEPS and now < reference,
        {"highest": top, "knowing_nothing": reference, "steps_above": longest, "now": now},
        f"in the first {early} steps the training loss rose to {top:.3g}, where knowing nothing "
        f"costs {reference:.3g}, stayed there for {longest} steps and came back to {now:.3g}",
        f"first {early} steps",
    )


def _longest(conditions: NDArray[np.bool_]) -> int:
    """The longest run of conditions that hold."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], conditions, [False]]).astype(int)))
    return int(np.max(edges[1::2] - edges[::2], initial=0))


DETECTORS = (
    Detector(
        name="warmup_needed",
        severity="optimisation",
        order=5,
        about="the first steps, at the full rate, throw the model back",
        threshold="median of 5 losses above 1.5 times the larger of initial and chance loss for 20 "
        "steps of the first tenth (at most 5000), the rate above half its peak from the first "
        "step, and the loss back below it since",
        source="Google tuning playbook on unstable workloads; 20 steps is the project's",
        traps="rates that are far too high never come back (divergence); poor initial weights",
        look=warmup_needed,
        needs=("steps", "lr"),
    ),
    Detector(
        name="loss_spikes",
        severity="optimisation",
        order=5,
        about="the training loss shoots up again and again",
        threshold="6 robust deviations above the window before, in the loss and its logarithm, and "
        "above half of what knowing nothing costs; 3 in 1000 steps, or one that is not back after "
        "a window; fewer are only noted",
        source="PaLM (Chowdhery 2022) on spikes; the numbers are the project's",
        traps="hard batches near a fit; rare classes (only noted); the edge of stability; restarts "
        "of the rate (left out)",
        look=loss_spikes,
        needs=("steps",),
    ),
)
