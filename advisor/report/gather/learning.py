"""Learning curves of single trainings, and the course of the whole session."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from advisor.events import Evaluated
from advisor.report.model import Course, Curve, Mark, Trial, Visit
from advisor.report.replay import Story
from advisor.requests import Returned
from advisor.state import Attempt, State

MOST_CURVES = 12


def curves(state: State) -> tuple[Curve, ...]:
    """Of the baseline, of each accepted trial and of the best, in order; of many, the baseline
    and the last ones."""
    by_number = {attempt.trial.number: attempt for attempt in state.attempts}
    told = {
        decided.trial: decided.proposal.rule.title
        for decided in state.decisions
        if decided.decision.verdict == "accepted"
    }
    if state.baseline is None or state.incumbent is None:
        return ()
    first, best = state.baseline.trial.number, state.incumbent.trial.number
    numbers = list(dict.fromkeys([first, *told, best]))  # the finals may choose what was undecided
    told[first] = "the starting recipe"
    if len(numbers) > MOST_CURVES:
        numbers = [first, *numbers[1 - MOST_CURVES :]]
    way = dict.fromkeys(state.way, "gone back to")
    names = {each: told.get(each) or way.get(each, "chosen by fresh seeds") for each in numbers}
    found = (_curve(by_number[each], names[each]) for each in numbers)
    return tuple(curve for curve in found if curve is not None)


def _curve(attempt: Attempt, title: str) -> Curve | None:
    seen = [event for event in attempt.result.events if isinstance(event, Evaluated)]
    if not seen:
        return None
    started = attempt.result.started
    return Curve(
        attempt.trial.number,
        title,
        {
            "validation": tuple((one.epoch, one.validation_loss) for one in seen),
            "training": tuple((one.epoch, one.train_loss) for one in seen),
        },
        {
            "validation": tuple((one.epoch, one.validation_metric) for one in seen),
            "training": tuple((one.epoch, one.train_metric) for one in seen),
        },
        started.chance_metric if started else None,
        next((one.epoch for one in reversed(seen) if one.best), None),
    )


def course(story: Story, visits: Sequence[Visit]) -> Course:
    """Each training where it ended, and the incumbent's metric from there on."""
    steps = [step for visit in visits for step in visit.steps if isinstance(step, Trial)]
    marks = tuple(Mark(one.number, one.spent, one.value, _kind(one), one.epochs) for one in steps)
    line: list[tuple[float, float]] = []
    for mark in marks:
        if mark.kind in ("baseline", "accepted") and mark.value is not None:
            line.append((mark.spent, mark.value))
    line = sorted([*line, *_returns(story)], key=lambda point: point[0])
    total = story.state.budget.epochs
    best = story.state.incumbent
    if line:
        last = best.value if best is not None and best.value is not None else line[-1][1]
        line.append((total, last))
    return Course(marks, tuple(line), total)


def _returns(story: Story) -> Iterator[tuple[float, float]]:
    """Where a person went back to an earlier trial, and its metric."""
    for moment in story.moments:
        if isinstance(moment.request, Returned):
            value = story.state.attempt(moment.request.trial).value
            if value is not None:
                yield moment.epochs, value


def _kind(trial: Trial) -> str:
    return trial.verdict.verdict if trial.verdict else trial.purpose
