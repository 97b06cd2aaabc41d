"""Every symptom's outcome on a case, in the numbers of its log."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from advisor.diagnosis import hidden, pinned
from advisor.diagnosis.case import Case
from advisor.diagnosis.naming import NO_NAME
from advisor.diagnosis.scale import Scale
from advisor.events import Evaluated, Event, StepsDone, TrialFinished, TrialStarted
from advisor.history import History
from advisor.symptoms import DETECTORS, ORDER, Finding, arranged

ENOUGH = 200
"""Steps that the symptoms below ask for."""
COUNTING = (
    "divergence",
    "no_learning",
    "not_better_than_chance",
    "prediction_collapse",
    "loss_oscillation",
)
"""They ask for a number of steps only to know that the weights were updated often enough, and
judge by averages: for them the entries of a short log may be repeated. None of them draws on how
single steps scatter."""
CLASSES = {**ORDER, hidden.NAME: 2, pinned.NAME: 1}
"""Of arbitration, with the symptoms that only a log can have."""
CAUTIOUS = ("overfitting", "underfitting")
"""The fewer the validation examples, the larger the gap that they ask for."""
FEW = 100
"""Validation examples that are taken to be there for CAUTIOUS symptoms when nobody tells."""
FALLEN = 0.9
"""A loss below this share of chance's shows that something was learned."""


def look(case: Case, classes: int | None = None) -> tuple[list[Finding], dict[str, str]]:
    """Findings in order of arbitration, those that block first, and what was assumed for them."""
    assumed: dict[str, str] = {}
    with np.errstate(all="ignore"):
        history = History(case.recipe, case.timeline, frozenset(case.unknown))
        found = [outcome(name, history) for name in DETECTORS]
        again = [*_held(case, found, assumed), *_on_few(case, assumed)]
        by_name = {one.symptom: one for one in [case.scale.told(each) for each in found] + again}
        floor = _floor(case, history, by_name.get(pinned.NAME), classes)
    if floor is not None:
        by_name[pinned.NAME] = floor
    by_name |= {one.symptom: one for one in case.found}
    _correct(case, history, by_name)
    return arranged(by_name.values(), CLASSES), assumed


def outcome(symptom: str, history: History) -> Finding:
    """What the detector says; on numbers that no training has, that they cannot be judged."""
    detector = DETECTORS[symptom]
    try:
        return detector.detect(history)
    except ArithmeticError as error:
        reads = f"the numbers go beyond what can be judged ({error})"
        return Finding(
            symptom, "not enough data", detector.severity, {}, "", detector.threshold, reads
        )


def _held(case: Case, found: Sequence[Finding], assumed: dict[str, str]) -> list[Finding]:
    """Outcomes of COUNTING symptoms on entries repeated until they are enough."""
    n = sum(len(event.loss) for event in case.events if isinstance(event, StepsDone))
    if case.kind != "log" or case.scale.unit == "step" or not 0 < n < ENOUGH:
        return []
    times = _times(case.scale, n)
    open_ones = {f.symptom for f in found if f.outcome == "not enough data"} & set(COUNTING)
    if times < 2 or not open_ones:
        return []
    events = [repeated(event, times) for event in case.events]
    scale = case.scale.held(times)
    history = History(case.recipe, events, frozenset(case.unknown))
    found_now = [scale.told(outcome(name, history)) for name in sorted(open_ones)]
    if case.scale.stride is None and any(f.outcome != "not enough data" for f in found_now):
        unit = "an epoch" if case.scale.unit == "epoch" else "an entry"
        assumed["updates"] = f"{unit} is taken to have {times} steps or more"
    return found_now


def _on_few(case: Case, assumed: dict[str, str]) -> list[Finding]:
    """Outcomes of CAUTIOUS symptoms with few validation examples, where nobody told how many."""
    if case.kind != "log" or "validation_examples" not in case.unknown:
        return []
    unknown = frozenset(case.unknown) - {"validation_examples"}
    events = [_with_few(event) for event in case.events]
    history = History(case.recipe, events, unknown)
    again = [case.scale.told(outcome(name, history)) for name in CAUTIOUS]
    judged = [one for one in again if one.outcome != "not enough data"]
    if judged:
        assumed["validation_examples"] = f"as few as {FEW}, so that only a large gap counts"
    return judged


def _with_few(event: Event) -> Event:
    if not isinstance(event, TrialStarted):
        return event
    return replace(event, data=replace(event.data, validation_examples=FEW))


def _times(scale: Scale, n: int) -> int:
    wanted = -(-ENOUGH // n)
    return wanted if scale.stride is None else min(wanted, int(scale.stride))


def repeated(event: Event, times: int) -> Event:
    """The event of a training in which each step was made `times` over, with the same loss."""
    match event:
        case TrialStarted():
            return replace(event, steps_per_epoch=event.steps_per_epoch * times)
        case StepsDone():
            return replace(
                event,
                step=event.step * times,
                loss=np.repeat(event.loss, times).tolist(),
                grad_norm=np.repeat(event.grad_norm, times).tolist(),
                lr=np.repeat(event.lr, times).tolist(),
            )
        case Evaluated():
            return replace(event, step=event.step * times)
        case TrialFinished(best_step=best):
            return replace(
                event, steps=event.steps * times, best_step=None if best is None else best * times
            )
    return event


def _floor(
    case: Case, history: History, found: Finding | None, classes: int | None
) -> Finding | None:
    """What the detector of that name could not judge, as nobody told the number of classes."""
    if case.kind != "log" or (found is not None and found.outcome != "not enough data"):
        return None
    seen = pinned.look(history, classes, case.assumed.get("task") == NO_NAME)
    if seen is not None:
        return replace(seen, window=case.scale.words(seen.window))
    if found is None or case.scale.unit == "step":
        return None
    had_one = pinned.has_floor(history.recipe.task, classes)
    return replace(found, reads=pinned.EVERY_STEP) if had_one else None


def _correct(case: Case, history: History, found: dict[str, Finding]) -> None:
    """Where a log tells more or less than its events can say."""
    if case.kind != "log":
        return
    bad = found.get("non_finite")
    if hidden.NAME in found and bad is not None and bad.outcome == "fired":
        if found[hidden.NAME].severity == "block":
            found["non_finite"] = replace(
                bad, outcome="clear", reads="what is not finite is hidden_non_finite's"
            )
    elif bad is not None and bad.outcome != "fired":
        found["non_finite"] = _on_validation(case) or bad
    under, over = found.get("underfitting"), found.get("overfitting")
    if under is not None and over is not None and under.outcome == over.outcome == "fired":
        reads = "training fits better after the best evaluation, by more than validation does"
        found["underfitting"] = replace(under, outcome="clear", evidence={}, reads=reads)
    still = found.get("no_learning")
    if still is not None and still.outcome == "fired" and _began_late(case, history):
        reads = "the log begins late: what was learned before its first entry is not seen"
        found["no_learning"] = replace(still, outcome="not enough data", evidence={}, reads=reads)


def _on_validation(case: Case) -> Finding | None:
    """A validation loss that is not finite, which the steps do not show."""
    one = case.series.get("validation_loss")
    if one is None or np.isfinite(one.values).all():
        return None
    first = int(np.argmax(~np.isfinite(one.values)))
    by_epoch = case.scale.place == "epoch" and one.epochs is not None
    step = int((one.epochs if by_epoch else one.steps)[first])  # type: ignore[index]
    detector = DETECTORS["non_finite"]
    return Finding(
        detector.name,
        "fired",
        detector.severity,
        {"step": step},
        "the run",
        detector.threshold,
        f"the validation loss was not finite at {case.scale.place} {step}",
    )


def _began_late(case: Case, history: History) -> bool:
    """Whether the first entry comes after steps that are not seen, and may have taught enough.

    Where chance's loss is known and nearly all of it is left, nothing was learned for sure.
    """
    if case.scale.unit == "step" or history.started is None:
        return False
    chance, known = history.started.chance_loss, "chance_loss" not in case.unknown
    finite = history.loss[np.isfinite(history.loss)]
    now = float(np.median(finite[len(finite) // 2 :])) if len(finite) else math.nan
    return not (known and now > FALLEN * chance)
