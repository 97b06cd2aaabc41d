"""Changes that looked better but could not be told from noise. Pure."""

from __future__ import annotations

from collections.abc import Container
from typing import Any

from pydantic import ValidationError

from advisor.requests import Decided
from advisor.rulebook import Rule
from advisor.state import State

TOGETHER = Rule(
    id="together",
    title="What looked better but could not be told from noise, all at once",
    stage="finish",
    when=(),
    change={},
    expect="small gains that add up to one that can be seen",
    why="Each of these changes did a little better than the recipe that it was to beat, by less "
    "than one training can tell. Those that help add up, and together they can be seen.",
    examples=(),
    maturity="stable",
    price=0.0,
)
LEAST_TOGETHER = 2
SEARCHED = ("search", "walk", TOGETHER.id)
"""Rules that only look: what they propose is one of many."""


def near_ties(state: State, tried: Container[str]) -> dict[str, Any]:
    """All changes that looked better, the surest first, less those that set what another set; empty
    where there are too few, or the recipe that they make was tried."""
    found: dict[str, Any] = {}
    recipe, count = state.best.recipe, 0
    for decided in sorted(filter(is_near_tie, state.decisions), key=_surely, reverse=True):
        change = decided.proposal.change
        try:
            changed = recipe.changed(change)
        except (ValidationError, KeyError):
            continue
        if changed == recipe or not found.keys().isdisjoint(change):
            continue
        if not any(recipe.locks(path) for path in change):
            recipe, found, count = changed, found | dict(change), count + 1
    new = recipe.digest() not in tried
    return found if new and count >= LEAST_TOGETHER else {}


def is_near_tie(decided: Decided) -> bool:
    """Whether a rule's change did better by less than could be told from noise."""
    seen, rule = decided.decision.comparison, decided.proposal.rule
    by_gain = rule.criterion == "better" and rule.id not in SEARCHED
    undecided = decided.decision.verdict == "undecided" and decided.proposal.origin == "rule"
    dearer = "train.epochs" in decided.proposal.change  # it would make all that follows cost more
    return undecided and by_gain and not dearer and seen is not None and seen.gain > 0


def _surely(decided: Decided) -> float:
    seen = decided.decision.comparison
    return seen.gain / seen.error if seen and seen.error else 0.0
