"""The winner's predictions averaged over seeds: better than one of them? Pure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from advisor import evidence, metrics
from advisor.evidence import Predictions
from advisor.luck import is_whole, seedless
from advisor.requests import Ensemble
from advisor.state import Attempt, State

LEAST_MEMBERS = 2


def usable(state: State) -> list[Attempt]:
    """Whole trainings of the best recipe, whatever their seed: its own first, then in the order
    in which they were run."""
    best = state.best
    same = [each for each in state.attempts if seedless(each) == seedless(best)]
    sound = [each for each in same if is_whole(each) and not each.blocking]
    known = [each for each in sound if each.result.predictions is not None]
    return sorted(known, key=lambda each: each.trial.number != best.trial.number)


def averaged(state: State, members: Sequence[Attempt]) -> Ensemble:
    """The ensemble of these trainings, beside the first of them, over the validation examples.

    The models are those that are kept, so what other seeds would have given does not count.
    """
    recipe = state.best.recipe
    each = [one.result.predictions for one in members if one.result.predictions is not None]
    first = each[0]
    outputs = metrics.combined(recipe.task, [one.outputs for one in each])
    losses = metrics.example_losses(recipe, outputs, first.targets)
    together = Predictions(outputs, first.targets)
    comparison = evidence.compare(recipe, [(together, first)], state.scale)
    return Ensemble(
        recipe.tune.ensemble,
        tuple(one.trial.number for one in members),
        metrics.score(recipe.task, recipe.metric, outputs, first.targets, state.scale),
        float(np.mean(losses)),
        metrics.score(recipe.task, recipe.metric, first.outputs, first.targets, state.scale),
        evidence.decide(comparison),
    )
