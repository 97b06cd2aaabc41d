"""Entries and evaluations of a log told as the events of a training."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from advisor.diagnosis.entries import Entries
from advisor.diagnosis.naming import Naming
from advisor.events import Evaluated, Event, StepsDone, TrialFinished
from advisor.recipe import LOWER_IS_BETTER

NAN = math.nan


@dataclass(frozen=True)
class Frame:
    """How long the training is, in entries. An `epoch` is what detectors take for one: that of
    the training where each step was logged, or else the time from one evaluation to the next."""

    per_epoch: int
    epochs: int
    done: bool
    """whether the log is taken to be whole"""


def told_events(found: Entries, naming: Naming, frame: Frame) -> Iterator[Event]:
    """Runs of entries, and an evaluation after each."""
    done, best = 0, -1
    merits = merits_of(found, naming)
    for i, place in enumerate(found.evaluated.tolist()):
        if place > done and len(found.loss):
            yield _steps(found, frame, done, place)
            done = place
        finite = math.isfinite(merits[i][0])
        better = finite and (best < 0 or merits[i] > merits[best])
        best = i if better else best
        yield Evaluated(
            place,
            place / frame.per_epoch,
            float(found.train_loss[i]),
            float(found.train_metric[i]),
            float(found.validation_loss[i]),
            float(found.validation_metric[i]),
            better,
            None,
            {},
            0.0,
        )
    if done < len(found.loss):
        yield _steps(found, frame, done, len(found.loss))


def _steps(found: Entries, frame: Frame, first: int, end: int) -> StepsDone:
    def part(values: np.ndarray | None, default: float) -> list[float]:
        return [default] * (end - first) if values is None else values[first:end].tolist()

    return StepsDone(
        end,
        end / frame.per_epoch,
        part(found.loss, NAN),
        part(found.grad_norm, 0.0),
        part(found.lr, 1e-3),
        {},
        0.0,
    )


def merits_of(found: Entries, naming: Naming) -> list[tuple[float, float]]:
    """How good each evaluation is: by the metric, or else by the loss that there is."""
    sign = -1.0 if naming.metric in LOWER_IS_BETTER else 1.0
    losses = found.validation_loss
    losses = found.train_loss if np.isnan(losses).all() else losses
    metrics = sign * found.validation_metric
    if np.isnan(metrics).all():
        metrics = -losses
    below = np.where(np.isfinite(losses), -losses, -math.inf)
    return list(zip(metrics.tolist(), below.tolist(), strict=True))


def end(found: Entries, naming: Naming, frame: Frame) -> Iterator[TrialFinished]:
    """The end of a training that is over, with what it had at its best."""
    if not frame.done:
        return
    merits = [m if math.isfinite(m[0]) else (-math.inf, 0.0) for m in merits_of(found, naming)]
    best = max(range(len(merits)), key=merits.__getitem__, default=None)
    n = len(found.loss) or len(found.evaluated)
    lost = len(found.loss) > 0 and not math.isfinite(found.loss[-1])

    def at_best(values: np.ndarray) -> float | None:
        found_there = float(values[best]) if best is not None else NAN
        return found_there if math.isfinite(found_there) else None

    yield TrialFinished(
        "diverged" if lost else "finished",
        n / frame.per_epoch,
        n,
        0,
        0.0,
        at_best(found.train_loss),
        at_best(found.train_metric),
        at_best(found.validation_loss),
        at_best(found.validation_metric),
        int(found.evaluated[best]) if best is not None else None,
    )
