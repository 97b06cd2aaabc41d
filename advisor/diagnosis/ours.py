"""Events that this program wrote: of its own trials, and of loops that were recorded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError

from advisor.advice import problem
from advisor.diagnosis.adoption import MOST_BATCH, MOST_EPOCHS, peak, stand_in
from advisor.diagnosis.case import Case
from advisor.diagnosis.told import DiagnosisError
from advisor.events import Evaluated, Event, ProbeFinished, StepsDone, TrialFinished, TrialStarted
from advisor.logs import Log
from advisor.recipe import Recipe
from advisor.record import About
from advisor.signals import SIGNALS

LARGEST = 10**12
"""Of any count in an event."""


def trained(log: Log, recipe: Recipe) -> Case:
    """A trial of a recipe that is known. Raises DiagnosisError."""
    checked = any(isinstance(e, ProbeFinished) and e.probe == "preflight" for e in log.events)
    unknown = {"gradient_kept": "this program's own loops clear them"}
    unknown |= {} if checked else {"preflight": "only a session makes them"}
    return _case(log, "trial", recipe, unknown, {}, recipe)


def recorded(log: Log, about: About, given: Recipe | None) -> Case:
    """A recording; `given` is the recipe that its user has for it. Raises DiagnosisError."""
    unknown = {name: "" for name in _texts(about.unknown) if name in SIGNALS} | {"preflight": ""}
    assumed = {str(name): str(source) for name, source in _items(about.assumed)}
    if given is None:
        unknown["recipe"] = ""
        lr = log.series.get("lr")
        try:
            recipe = stand_in(
                about.task,
                about.metric,
                min(about.batch_size, MOST_BATCH),
                min(about.epochs, MOST_EPOCHS),
                peak(lr.values) if lr is not None and "lr" not in unknown else None,
            )
        except (ValidationError, TypeError) as error:
            said = problem(error) if isinstance(error, ValidationError) else str(error)
            raise DiagnosisError(f"{log.source}: record.json is damaged: {said}") from error
    else:
        recipe = given
    return _case(log, "recording", recipe, unknown, assumed, given)


def _case(
    log: Log,
    kind: str,
    recipe: Recipe,
    unknown: dict[str, str],
    assumed: dict[str, str],
    given: Recipe | None,
) -> Case:
    _check(log)
    if not any(isinstance(event, TrialStarted) for event in log.events):
        raise DiagnosisError(
            f"{log.source}: events without a trial_started, which says how long the training is"
        )
    return Case(
        log.source,
        kind,  # type: ignore[arg-type]
        log.format,
        recipe,
        log.events,
        unknown,
        assumed,
        log.notes,
        log.series,
        given=given,
    )


def _check(log: Log) -> None:
    """Counts must be counts: detectors rely on it. Raises DiagnosisError."""
    for event in log.events:
        for name, value in _counts(event):
            whole = isinstance(value, int) and not isinstance(value, bool)
            if not whole or not 0 <= value <= LARGEST:
                said = f"{event.event}: {name} is {value!r:.40}, not a count"
                raise DiagnosisError(f"{log.source}: damaged: {said}")


def _counts(event: Event) -> Sequence[tuple[str, Any]]:
    match event:
        case TrialStarted():
            data = event.data
            return [
                ("steps_per_epoch", event.steps_per_epoch),
                ("epochs", event.epochs),
                ("train_examples", data.train_examples),
                ("validation_examples", data.validation_examples),
                ("outputs", data.outputs),
                *(("input_shape", size) for size in data.input_shape),
            ]
        case StepsDone() | Evaluated():
            return [("step", event.step)]
        case TrialFinished():
            return [("steps", event.steps)]
    return []


def _texts(values: object) -> list[str]:
    return [value for value in values if isinstance(value, str)] if isinstance(values, list) else []


def _items(values: object) -> list[tuple[object, object]]:
    return list(values.items()) if isinstance(values, dict) else []
