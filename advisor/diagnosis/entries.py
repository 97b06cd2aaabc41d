"""The series of a log on one axis: entries of the training loss, and evaluations among them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from advisor.diagnosis.naming import Naming
from advisor.diagnosis.scale import Scale
from advisor.diagnosis.told import Told
from advisor.logs import Log, Series
from advisor.logs.log import Values

HUGE = 1e30
"""Larger numbers are taken as infinite: no loss comes back from there."""
MOST_EVALUATIONS = 2000
PORTIONS = 20
"""Into which a log without evaluations is divided: as many as a whole run should have."""
SMALLEST_EPOCH, LARGEST_EPOCH = 1e-6, 1e6
"""Numbers of epochs that a log can cover."""
EPOCH = 0.99
"""Epochs from one entry to the next at which an entry is taken to be a whole epoch."""


@dataclass(frozen=True)
class Entries:
    """One row for each logged training loss, one column for each evaluation."""

    loss: Values
    """(entries,)"""
    lr: Values | None
    grad_norm: Values | None
    evaluated: NDArray[np.int64]
    """(evaluations,) entries done at each; at least 1, rising"""
    train_loss: Values
    """(evaluations,) mean of the entries since the one before"""
    validation_loss: Values
    train_metric: Values
    validation_metric: Values
    """(evaluations,) NaN where nothing was logged"""
    untrained: float
    """validation loss before the first step; NaN where nobody told"""
    epochs: float | None
    """that the log covers"""
    left_out: int
    """evaluations that were too many"""


def aligned(log: Log, naming: Naming) -> Entries:
    """Everything at the place on the axis where it was logged."""
    series = log.series
    train = series.get("train_loss")
    held_out = [
        one for one in (series.get("validation_loss"), naming.validation) if one is not None
    ]
    at = _Axis(series, naming)
    points = at(train) if train is not None else at(held_out[0]) if held_out else np.zeros(0)
    loss = bounded(train.values) if train is not None else np.zeros(0)
    where = at(held_out[0]) if held_out else _portions(points)
    before = (where <= 0) & (np.max(points[:1], initial=-1) > 0)
    untrained = _at_start(series.get("validation_loss"), before, at)
    where = where[~before]
    chosen, left_out = _few(where, series.get("validation_loss"), before)
    where = where[chosen]
    places = np.maximum(np.searchsorted(points, where, side="right"), 1)
    return Entries(
        loss,
        _held(series.get("lr"), points, at) if train is not None else None,
        _held(series.get("grad_norm"), points, at) if train is not None else None,
        places.astype(np.int64),
        _means(loss, places),
        _near(series.get("validation_loss"), where, at),
        _near(naming.train, where, at),
        _near(naming.validation, where, at),
        untrained,
        _last_epoch(series),
        left_out,
    )


def bounded(values: Values) -> Values:
    """Numbers beyond all use become infinite."""
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(np.abs(values) > HUGE, np.copysign(np.inf, values), values))


class _Axis:
    """Where the values of a series stand: at their steps, or at their epochs where each series
    only counts its own entries."""

    def __init__(self, series: Mapping[str, Series], naming: Naming) -> None:
        told = [one for name, one in series.items() if _matters(name)]
        told += [one for one in (naming.train, naming.validation) if one is not None]
        counted = all(_counts(one) for one in told)
        self.by_epoch = counted and all(
            one.epochs is not None and np.isfinite(one.epochs).all() and _rises(one.epochs)
            for one in told
        )

    def __call__(self, one: Series) -> Values:
        if self.by_epoch and one.epochs is not None:
            return one.epochs
        return one.steps.astype(np.float64)


def _matters(name: str) -> bool:
    return name in ("train_loss", "validation_loss")


def _counts(one: Series) -> bool:
    return bool((one.steps == np.arange(1, len(one.steps) + 1)).all())


def _rises(values: Values) -> bool:
    return bool((np.diff(values) >= 0).all())


def _portions(points: Values) -> Values:
    """Ends of equal portions, or each entry where there are few."""
    if len(points) <= 2 * PORTIONS:
        return points
    ends = np.linspace(0, len(points) - 1, PORTIONS + 1)[1:].astype(np.int64)
    return np.asarray(points[ends])


def _at_start(loss: Series | None, before: NDArray[np.bool_], at: _Axis) -> float:
    """What validation cost before the first step."""
    if loss is None or not before.any() or len(before) != len(loss.values):
        return float("nan")
    return float(bounded(loss.values[np.flatnonzero(before)[:1]])[0])


def _few(
    where: Values, loss: Series | None, before: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], int]:
    """Which evaluations to look at; the first that is not finite is among them."""
    if len(where) <= MOST_EVALUATIONS:
        return np.arange(len(where)), 0
    chosen = np.linspace(0, len(where) - 1, MOST_EVALUATIONS).astype(np.int64)
    if loss is not None and len(loss.values) == len(before):
        bad = np.flatnonzero(~np.isfinite(loss.values[~before]))[:1]
        chosen = np.union1d(chosen, bad)
    return chosen, len(where) - len(chosen)


def _held(one: Series | None, points: Values, at: _Axis) -> Values | None:
    """At each entry the last value known there, or the first that comes."""
    if one is None or not len(points):
        return None
    known = at(one)
    if np.array_equal(known, points) and (np.diff(points) > 0).all():
        return bounded(one.values)
    place = np.searchsorted(known, points, side="right") - 1
    return bounded(one.values[np.maximum(place, 0)])


def _means(loss: Values, places: NDArray[np.int64]) -> Values:
    """Mean loss of the entries since the evaluation before."""
    if not len(loss):
        return np.full(len(places), np.nan)
    ends = np.minimum(places, len(loss))
    starts = np.concatenate([[0], ends[:-1]]) if len(ends) else ends
    starts = np.minimum(starts, np.maximum(ends - 1, 0))  # two evaluations at one entry
    with np.errstate(all="ignore"):
        parts = [loss[a:b] for a, b in zip(starts.tolist(), ends.tolist(), strict=True)]
        return np.array([float(part.mean()) for part in parts])


def _near(one: Series | None, where: Values, at: _Axis) -> Values:
    """The value nearest to each place, within half of the usual distance between places."""
    if one is None or not len(where):
        return np.full(len(where), np.nan)
    points = at(one)
    right = np.minimum(np.searchsorted(points, where), len(points) - 1)
    left = np.maximum(right - 1, 0)
    nearer = np.abs(points[left] - where) < np.abs(points[right] - where)
    place = np.where(nearer, left, right)
    last = np.searchsorted(points, where, side="right") - 1  # of several at one place the last
    exact = (last >= 0) & (points[np.maximum(last, 0)] == where)
    place = np.where(exact, last, place)
    usual = float(np.median(np.diff(where))) if len(where) > 1 else np.inf
    close = np.abs(points[place] - where) <= usual / 2
    return np.where(close, bounded(one.values[place]), np.nan)


def _last_epoch(series: Mapping[str, Series]) -> float | None:
    """Epochs done at the end; numbers that count from 0 are of the epoch that is going on."""
    known = [one.epochs for name, one in series.items() if _matters(name)]
    finite = [epochs[np.isfinite(epochs)] for epochs in known if epochs is not None]
    joined = np.concatenate(finite) if finite else np.zeros(0)
    if not len(joined):
        return None
    from_zero = joined.min() == 0 and bool((joined == np.round(joined)).all())
    last = float(joined.max()) + from_zero
    return last if SMALLEST_EPOCH < last < LARGEST_EPOCH else None


def scale_of(log: Log, told: Told) -> Scale:
    """What an entry of the training loss, or else of the validation loss, is."""
    one = log.series.get("train_loss") or log.series.get("validation_loss")
    if one is None:
        return Scale()
    epochs = one.epochs if one.epochs is not None and np.isfinite(one.epochs).all() else None
    per_entry = float(np.median(np.diff(epochs))) if epochs is not None and len(epochs) > 1 else 0.0
    counted = _counts(one)
    if counted and epochs is not None and per_entry >= EPOCH:
        whole = tuple(np.round(epochs).astype(np.int64).tolist())
        steps = told.epoch_steps
        return Scale("epoch", steps * per_entry if steps else None, whole, "epoch")
    if counted and any("entries are counted" in note.text for note in log.notes):
        return _counted_scale(log, told)
    if counted:
        return Scale()
    labels = tuple(one.steps.tolist())
    stride = float(np.median(np.diff(one.steps))) if len(labels) > 1 else 1.0
    return Scale("step" if stride == 1 else "entry", max(stride, 1.0), labels, "step")


def _counted_scale(log: Log, told: Told) -> Scale:
    """Without steps and epochs: one validation for each training loss tells that both are of
    whole epochs, as in the history that Keras keeps."""
    pair = [log.series.get(name) for name in ("train_loss", "validation_loss")]
    if pair[0] and pair[1] and len(pair[0].values) == len(pair[1].values):
        return Scale("epoch", told.epoch_steps, (), "epoch")
    return Scale("entry", None, (), "entry")
