"""How the best recipe came to differ from the starting one, field by field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from advisor.report.model import Difference, Step
from advisor.state import LOCKS, State

ABSENT = "none"
"""Where a recipe has no such field, such as the momentum of Adam."""


def differences(state: State) -> tuple[Difference, ...]:
    """Changed fields, in the recipe's order, each with the accepted trials that moved it."""
    best = state.incumbent
    if best is None:
        return ()
    start, after = state.start.flat(), best.recipe.flat()
    steps = _steps(state)
    names = [*after, *(name for name in start if name not in after)]
    return tuple(
        Difference(name, start.get(name, ABSENT), tuple(steps.get(name, ())))
        for name in names
        if name != LOCKS and start.get(name, ABSENT) != after.get(name, ABSENT)
    )


def _steps(state: State) -> Mapping[str, list[Step]]:
    """Every value that a field was given on the way to the best recipe."""
    found: dict[str, list[Step]] = {}
    before: Mapping[str, Any] = state.start.flat()
    for number, rule in _way(state):
        after = state.attempt(number).recipe.flat()
        for name in [*after, *(name for name in before if name not in after)]:
            value = after.get(name, ABSENT)
            if before.get(name, ABSENT) != value:
                found.setdefault(name, []).append(Step(value, number, rule))
        before = after
    return found


def _way(state: State) -> Iterator[tuple[int, str]]:
    """The trials that became the best so far, each with the rule behind it; the last may have been
    left undecided and chosen by the finals."""
    rules = {decided.trial: decided.proposal.rule.id for decided in state.decisions}
    best = state.incumbent.trial.number if state.incumbent else None
    chosen = [best] if best in rules and best not in state.way else []
    yield from ((number, rules[number]) for number in (*state.way, *chosen))
