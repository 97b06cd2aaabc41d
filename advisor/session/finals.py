"""Which recipes meet on fresh seeds, and what that decides. Pure.

Of many recipes that were tried on one validation set, the best one seems better than it is. So
it is trained again with seeds that no decision has seen, and so are the recipes that came close
to it; those trainings alone decide between them, and theirs are the numbers to report.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import mean

from advisor import evidence
from advisor.evidence import Decision
from advisor.luck import Seeds, by_recipe, is_whole, seedless
from advisor.metrics import oriented
from advisor.recipe import Recipe
from advisor.requests import Finalist, Finals
from advisor.session.judging import Pair, compared, tells, without_pair
from advisor.state import LOCKS, Attempt, State

MOST_NEAR_TIES = 2
"""Recipes that meet the incumbent: the top two or three are confirmed."""


def near_ties(state: State) -> list[Attempt]:
    """The first training of each recipe that is at most one deviation of one training below the
    incumbent, by the mean over its seeds; the best first, at most MOST_NEAR_TIES. None moves what
    was locked."""
    recipes = {
        name: trainings
        for name, trainings in by_recipe(state.attempts).items()
        if not any(state.best.recipe.locks(path) for path in _apart(state, trainings[0]))
    }
    ours = recipes.pop(seedless(state.best), [])
    for number in state.given_up:  # a person went back from these
        recipes.pop(seedless(state.attempt(number)), None)
    whole = tuple(attempt for attempt in ours if is_whole(attempt))
    if not whole or state.best.blocking:
        return []
    seeds = Seeds(whole, state.scale)
    least = _mean(whole) - seeds.deviation
    found = [each for each in recipes.values() if _sound(each) and _mean(each) >= least]
    return [each[0] for each in sorted(found, key=_mean, reverse=True)[:MOST_NEAR_TIES]]


def _apart(state: State, attempt: Attempt) -> set[str]:
    """The fields in which it differs from the incumbent."""
    ours, theirs = attempt.recipe.flat(), state.best.recipe.flat()
    return {path for path in {*ours, *theirs} - {LOCKS} if ours.get(path) != theirs.get(path)}


def _sound(attempts: Sequence[Attempt]) -> bool:
    """Whether it came to its end with every seed, and nothing keeps it from training."""
    return all(is_whole(attempt) and not attempt.blocking for attempt in attempts)


def _mean(attempts: Sequence[Attempt]) -> float:
    """Validation metric over the seeds, turned so that larger is better."""
    metric = attempts[0].recipe.metric
    return mean(oriented(metric, each.value) for each in attempts if each.value is not None)


def held(state: State, entered: Sequence[Attempt], fresh: Sequence[Sequence[Attempt]]) -> Finals:
    """The finals of the attempts that `entered`, the incumbent first; `fresh`: each one's
    trainings on the same fresh seeds."""
    incumbent, *others = zip(entered, fresh, strict=True)
    found = [_finalist(*incumbent, None)]
    for challenger, trainings in others:
        decision = _decided(state, challenger, trainings, incumbent[1])
        found.append(_finalist(challenger, trainings, decision))
    return Finals(tuple(found), max(found, key=_ahead))


def _finalist(attempt: Attempt, fresh: Sequence[Attempt], decision: Decision | None) -> Finalist:
    numbers = tuple(one.trial.number for one in fresh)
    return Finalist(attempt.trial.number, numbers, tuple(one.value for one in fresh), decision)


def _ahead(finalist: Finalist) -> float:
    """How far it is shown to be better than the incumbent; less than 0 where it is not."""
    decision = finalist.decision
    if decision is None:
        return 0.0
    better = decision.verdict == "accepted" and decision.comparison is not None
    return decision.comparison.gain if better and decision.comparison else -1.0


def _decided(
    state: State, challenger: Attempt, ours: Sequence[Attempt], theirs: Sequence[Attempt]
) -> Decision:
    """By the fresh seeds alone, at the price of its rule."""
    pairs: list[Pair] = list(zip(ours, theirs, strict=True))
    for pair in pairs:
        if not tells(pair):
            return without_pair(pair, Decision("undecided", ""))
    comparison = compared(state, pairs)
    if comparison is None:
        return Decision("undecided", "it is validated on other examples")
    if bad := sorted(set().union(*(one.blocking for one in ours))):
        what = ", ".join(bad).replace("_", " ")
        return Decision("rejected", f"on a fresh seed it does not train: {what}", comparison)
    return evidence.decide(comparison, "better", _price(state, challenger.recipe))


def _price(state: State, recipe: Recipe) -> float:
    """What the change that led to this recipe costs in complexity, by its rule."""
    digest = recipe.digest()
    tried = {one.trial.number for one in state.attempts if one.recipe.digest() == digest}
    prices = (one.proposal.price for one in state.decisions if one.trial in tried)
    return max(prices, default=0.0)
