"""Looks anywhere in the space for a recipe that trains, where no rule has found one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from advisor.advice import Proposal
from advisor.rulebook import Rule
from advisor.search import Dimension, Search
from advisor.session.asking import Asking
from advisor.session.experiments import Experiments, Flow
from advisor.session.leader import moved
from advisor.session.settings import Settings
from advisor.session.trying import Trials
from advisor.stages import Stage
from advisor.state import Attempt, State

PATIENCE = 20
"""Recipes of which none trains, after which something else than its settings must be wrong."""
SHARE = 0.5
"""Of the budget: the rest is for what it is found for."""
MOST_REPEATS = 50
"""Points that were tried already, after which nothing new is to be had."""

RULE = Rule(
    id="rescue",
    title="A point anywhere in the space",
    stage="sanity",
    when=(),
    change={},
    expect="one recipe in a few trains",
    why="It does not train, and no rule has a cure that helps. The points of a Sobol sequence "
    "cover the space evenly; the first recipe that trains is where advice begins again.",
    examples=(),
    maturity="stable",
    price=0.0,
)


@dataclass
class Rescue:
    """A search for any recipe that trains."""

    state: State
    experiments: Experiments
    trials: Trials
    asking: Asking
    settings: Settings
    space: Callable[[Attempt], Sequence[Dimension]]
    """the dimensions round a training"""

    def run(self, stage: Stage) -> Flow:
        """Look until one helps; returns why it ended, and "found" or the user's last choice."""
        start, misses = self.state.best, 0
        points = self._points(start)
        while misses < PATIENCE:
            new = list(islice(points, self.settings.workers))
            proposals = self._affordable(new)
            if not proposals:
                return "its share of the budget is spent" if new else "all was tried", "leave"
            picked = yield from self.asking.ask(stage, proposals)
            if picked.action == "try":
                yield from self.trials.run(stage, picked.proposals)
            elif picked.action not in ("again", "none"):
                return "left on request", picked.action
            if self.state.best.trial.number != start.trial.number:
                return f"trial {self.state.best.trial.number} does better", "found"
            if picked.action == "again":  # something was locked
                points = self._points(self.state.best)
            misses += len(proposals)
        return f"none of {misses} recipes trains", "leave"

    def _points(self, start: Attempt) -> Iterator[Proposal]:
        """Changes to the incumbent that give recipes which were not trained yet."""
        sampler = Search(self.space(start), "qmc", start.recipe.train.seed, start.recipe)
        sampler.known({}, None)
        repeats = 0
        while repeats < MOST_REPEATS and (change := sampler.ask()) is not None:
            recipe = start.recipe.changed(change)
            if recipe.digest() in self.experiments.tried:
                repeats += 1
                continue
            evidence = {"best_validation_metric": start.value}
            order = (9, False, RULE.rank, RULE.id)
            yield Proposal(RULE, moved(start.recipe, recipe), evidence, order)

    def _affordable(self, proposals: Sequence[Proposal]) -> list[Proposal]:
        budget, each = self.state.budget, float(self.state.best.recipe.train.epochs)
        return [
            one
            for place, one in enumerate(proposals, start=1)
            if budget.allows(place * each, SHARE)
        ]
