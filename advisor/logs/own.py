"""Our own events.jsonl."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from advisor.events import Evaluated, Event, StepsDone, TrialStarted, from_dict
from advisor.logs.log import Log, LogError, Note, Series, counted, shown

NAMES = frozenset({"trial_started", "steps_done", "evaluated", "trial_finished", "probe_finished"})
LARGEST_STEP = 2**53


def is_own(objects: Sequence[Mapping[str, Any]]) -> bool:
    """Whether most of these lines are events."""
    first = objects[:50]
    known = sum(_name(one) in NAMES for one in first)
    return known > 0 and 2 * known >= len(first)


def read_own(objects: Sequence[Mapping[str, Any]], source: str, notes: list[Note]) -> Log:
    """The events of the last trial, and what they say as series."""
    events, bad = _events(objects)
    if bad:
        said = f"{counted(len(bad), 'line')} left out, the first: {shown(bad[0])}"
        notes = [*notes, Note("unreadable", said)]
    starts = [i for i, event in enumerate(events) if isinstance(event, TrialStarted)]
    if len(starts) > 1:
        notes = [*notes, Note("runs", f"{len(starts)} runs in one log; the last is read")]
        events = events[starts[-1] :]
    if not events:
        raise LogError(f"{source}: events of this program, but none is readable: {shown(bad[0])}")
    series = _series(events)
    notes += [
        Note("not finite", f"values of {name} are NaN or infinite")
        for name, one in series.items()
        if not np.isfinite(one.values).all()
        and (name == "train_loss" or not np.isnan(one.values).all())  # else nobody measured it
    ]
    return Log(source, "events", series, tuple(events), tuple(notes))


def _name(one: Mapping[str, Any]) -> str:
    name = one.get("event")
    return name if isinstance(name, str) else ""


def _events(objects: Sequence[Mapping[str, Any]]) -> tuple[list[Event], list[str]]:
    events: list[Event] = []
    bad: list[str] = []
    for one in objects:
        try:  # `trial` is added where several trials are told in one stream
            event = from_dict({key: value for key, value in one.items() if key != "trial"})
            _check(event)
        except (ValueError, TypeError, AttributeError, OverflowError) as error:
            bad.append(str(error))
            continue
        events.append(event)
    return events, bad


def _check(event: Event) -> None:
    """Raises where values are not of their type: an event's fields are taken as they come."""
    if isinstance(event, StepsDone):
        whole = {len(event.loss), len(event.grad_norm), len(event.lr)}
        if len(whole) != 1:
            raise ValueError("steps_done: loss, grad_norm and lr differ in length")
        for values in (event.loss, event.grad_norm, event.lr):
            np.array(values, np.float64)
        _step(event.step)
        _numbers(event.epoch, event.seconds)
        if event.wait_seconds is not None:
            _numbers(event.wait_seconds)
        if event.gradient_kept not in (None, False, True):
            raise ValueError(f"steps_done: gradient_kept is {event.gradient_kept!r:.40}")
        for layer in event.layers.values():
            _numbers(layer.grad_norm, layer.weight_norm, layer.update_ratio)
    elif isinstance(event, Evaluated):
        _step(event.step)
        _numbers(event.epoch, event.train_loss, event.train_metric)
        _numbers(event.validation_loss, event.validation_metric, event.seconds)
        for report in event.activations.values():
            _numbers(report.dead, report.saturated, report.std)
    elif isinstance(event, TrialStarted):
        _numbers(event.steps_per_epoch, event.epochs, event.initial_loss, event.chance_loss)
        _numbers(event.chance_metric, event.data.train_examples, event.data.validation_examples)
        _numbers(event.data.input_max_abs, event.data.input_mean_off, event.data.input_std_ratio)
        _numbers(event.data.outputs, event.data.target_std, *(event.data.class_shares or ()))


def _step(value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < LARGEST_STEP:
        raise ValueError(f"{value!r:.40} is no number of a step")


def _numbers(*values: Any) -> None:
    for value in values:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValueError(f"{value!r:.40} is no number")
        float(value)


def _series(events: Sequence[Event]) -> dict[str, Series]:
    chunks = [event for event in events if isinstance(event, StepsDone)]
    evaluated = [event for event in events if isinstance(event, Evaluated)]
    found = {
        "train_loss": _of_steps("loss", chunks),
        "validation_loss": _of_evaluations("validation_loss", evaluated),
        "train_metric/metric": _of_evaluations("train_metric", evaluated),
        "validation_metric/metric": _of_evaluations("validation_metric", evaluated),
        "lr": _of_steps("lr", chunks),
        "grad_norm": _of_steps("grad_norm", chunks),
        "epoch": _of_evaluations("epoch", evaluated),
        "seconds": _of_evaluations("seconds", evaluated),
        "other/train_loss": _of_evaluations("train_loss", evaluated),
    }
    return {name: one for name, one in found.items() if len(one.values)}


def _of_steps(name: str, chunks: Sequence[StepsDone]) -> Series:
    lists = [getattr(chunk, name) for chunk in chunks]
    steps = [np.arange(c.step - len(c.loss), c.step) + 1 for c in chunks]
    values = [np.array(one, np.float64) for one in lists]
    per_step = [c.epoch / c.step if c.step and math.isfinite(c.epoch) else 0.0 for c in chunks]
    epochs = [s * rate for s, rate in zip(steps, per_step, strict=True)]
    return Series(name, _joined(steps).astype(np.int64), _joined(epochs), _joined(values))


def _of_evaluations(name: str, evaluated: Sequence[Evaluated]) -> Series:
    steps = np.array([event.step for event in evaluated], np.int64)
    epochs = np.array([event.epoch for event in evaluated], np.float64)
    values = np.array([getattr(event, name) for event in evaluated], np.float64)
    return Series(name, steps, epochs, values)


def _joined(arrays: Sequence[np.ndarray]) -> np.ndarray:
    return np.concatenate(arrays) if arrays else np.zeros(0)
