"""What the session cost, and how much of that was not training."""

from __future__ import annotations

from collections.abc import Sequence

from advisor.events import StepsDone
from advisor.report.gather.visits import trained
from advisor.report.model import Spent
from advisor.report.replay import Story
from advisor.requests import Result, Results, RunProbe
from advisor.state import State

WORDS = {
    "baseline": "starting recipe",
    "candidate": "candidates",
    "repeat": "repeats with other seeds",
    "look": "changes that were only begun",
    "confirmation": "confirmation on fresh seeds",
    "member": "further seeds for the ensemble",
}
PREFLIGHT = "checks before training"
PROBES = "probes"


def spent(story: Story) -> tuple[Spent, ...]:
    """A row for each kind of work, in the order in which it first came."""
    found: dict[str, list[Spent]] = {}
    examples = _train_examples(story.state)
    for moment in story.moments:
        for request, result, _ in trained(moment):
            kind = WORDS.get(request.purpose, request.purpose)
            found.setdefault(kind, []).append(_training(kind, result))
        if isinstance(moment.request, RunProbe) and isinstance(moment.answer, Result):
            kind = PREFLIGHT if moment.request.probe == "preflight" else PROBES
            found.setdefault(kind, []).append(_probe(kind, moment.answer, examples))
    return tuple(_sum(kind, rows) for kind, rows in found.items())


def elapsed(story: Story) -> float:
    """Seconds that trainings and probes took as a clock on the wall would show: of those that ran
    side by side, once."""
    answers = (moment.answer for moment in story.moments)
    return sum(answer.seconds for answer in answers if isinstance(answer, Result | Results))


def _training(kind: str, result: Result) -> Spent:
    ended = result.finished
    steps: StepsDone | None = result.last(StepsDone)
    training = steps.seconds if steps else 0.0
    within = max(ended.seconds if ended else 0.0, training)
    return Spent(
        kind,
        1,
        ended.epochs if ended else 0.0,
        ended.examples if ended else 0,
        training,
        within - training,
        max(result.seconds - within, 0.0),
    )


def _probe(kind: str, result: Result, train_examples: int) -> Spent:
    found = result.probed
    epochs, seconds = (found.epochs, found.seconds) if found else (0.0, 0.0)
    over = max(result.seconds - seconds, 0.0)
    return Spent(kind, 1, epochs, round(epochs * train_examples), 0.0, seconds, over)


def _train_examples(state: State) -> int:
    started = state.baseline.result.started if state.baseline else None
    return started.data.train_examples if started else 0


def _sum(kind: str, rows: Sequence[Spent]) -> Spent:
    return Spent(
        kind,
        len(rows),
        sum(row.epochs for row in rows),
        sum(row.examples for row in rows),
        sum(row.training for row in rows),
        sum(row.evaluating for row in rows),
        sum(row.other for row in rows),
    )
