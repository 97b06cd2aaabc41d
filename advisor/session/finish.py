"""The end of a session: the finals on fresh seeds, the ensemble, and the sealed test."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count, islice

from advisor.recipe import Recipe
from advisor.requests import OpenTest, Remark, TestResult
from advisor.session.ensembles import LEAST_MEMBERS, averaged, usable
from advisor.session.experiments import Experiments, Flow
from advisor.session.finals import held, near_ties
from advisor.session.trying import reseeded
from advisor.stages import faults_of_data
from advisor.state import Attempt, State

FRESH_SEED = 1000
"""Added to the seed for the finals: no decision has ever seen that seed, nor those after it."""
MOST_FRESH = 2
"""Fresh seeds of each finalist."""


class Finish:
    """Confirms what was found, and opens the test split once."""

    def __init__(self, state: State, experiments: Experiments) -> None:
        self._state, self._experiments = state, experiments

    def confirm(self) -> Flow:
        """Train the incumbent, and what came close to it, on seeds that no decision has seen."""
        state, best = self._state, self._state.best
        challengers, seeds = self._affordable(near_ties(state))
        start = state.baseline
        if start is not None and best.recipe.digest() == start.recipe.digest() and not challengers:
            seeds = min(seeds, self._missing())  # nothing was chosen, so nothing was lucky
        if not seeds:
            return
        entered = [best, *challengers]
        fresh = yield from self._fresh(entered, seeds)
        state.finals = held(state, entered, fresh)
        state.confirmation = state.fresh[0]
        if state.finals.winner.trial != best.trial.number:
            state.incumbent = state.attempt(state.finals.winner.trial)
        if challengers:
            yield state.finals

    def _affordable(self, challengers: Sequence[Attempt]) -> tuple[list[Attempt], int]:
        """Who meets the incumbent, and on how many seeds: two seeds rather than two challengers,
        since one seed seldom decides. No seed at all where the budget is spent."""
        for seeds in range(MOST_FRESH, 0, -1):
            for many in range(len(challengers), 0, -1):
                if self._allows([self._state.best, *challengers[:many]], seeds):
                    return list(challengers[:many]), seeds
        alone = [n for n in range(MOST_FRESH, 0, -1) if self._allows([self._state.best], n)]
        return [], max(alone, default=0)

    def _allows(self, entered: Sequence[Attempt], seeds: int) -> bool:
        """And whether the ensemble that is asked for still has its members after that."""
        epochs = seeds * sum(attempt.recipe.train.epochs for attempt in entered)
        return self._state.budget.allows(epochs + self._promised(entered, seeds))

    def _promised(self, entered: Sequence[Attempt], seeds: int) -> float:
        """Epochs for members beyond the fresh seeds; nobody else enters unless there is room."""
        best = self._state.best
        missing, alone = max(self._missing() - seeds, 0), len(entered) == 1
        return 0.0 if alone else missing * float(best.recipe.train.epochs)

    def _missing(self) -> int:
        """Members that the ensemble still lacks."""
        return max(0, self._state.start.tune.ensemble - len(usable(self._state)))

    def _fresh(self, entered: Sequence[Attempt], seeds: int) -> Flow:
        """Trainings of each on the same fresh seeds; seed by seed, while the budget allows it."""
        rounds: list[list[Attempt]] = []
        for offset in range(FRESH_SEED, FRESH_SEED + seeds):
            if rounds and not self._allows(entered, 1):
                break
            wanted = [(reseeded(one.recipe, offset), ()) for one in entered]
            trained = yield from self._experiments.train_all("confirmation", wanted)
            rounds.append(trained)
        return list(zip(*rounds, strict=True))

    def combine(self) -> Flow:
        """Average the winner over as many seeds as were asked for, or as the budget allows."""
        state, wanted = self._state, self._state.start.tune.ensemble
        if not wanted or state.best.blocking or state.best.result.predictions is None:
            return
        yield from self._more_members(self._missing())
        members = usable(state)[:wanted]
        if len(members) < LEAST_MEMBERS:
            yield Remark("no ensemble: the budget has no room for a second training of the winner")
            return
        state.ensemble = averaged(state, members)
        yield state.ensemble

    def _more_members(self, missing: int) -> Flow:
        budget, recipe = self._state.budget, self._state.best.recipe
        room = [n for n in range(1, missing + 1) if budget.allows(n * recipe.train.epochs)]
        if room:
            new = [(one, ()) for one in islice(self._unseen(recipe), max(room))]
            yield from self._experiments.train_all("member", new)

    def _unseen(self, recipe: Recipe) -> Iterator[Recipe]:
        """The recipe with fresh seeds that it was not trained with."""
        reseeds = (reseeded(recipe, offset) for offset in count(FRESH_SEED))
        return (one for one in reseeds if self._experiments.known(one) is None)

    def open_test(self) -> Flow:
        state, best = self._state, self._state.best
        trials = {"best": best} | ({"baseline": state.baseline} if state.baseline else {})
        if best.blocking:
            faults = ", ".join(sorted(best.blocking)).replace("_", " ")
            data = faults_of_data(best.findings)
            what = "a fault of the data is open" if data else "it does not train yet"
            yield Remark(f"{what} ({faults}), so the test set stays sealed")
            return
        known = {
            name: attempt.trial.number
            for name, attempt in trials.items()
            if attempt.result.predictions is not None
        }
        if not known:
            yield Remark("nothing could be trained, so the test set stays sealed")
            return
        answer = yield OpenTest(known, state.ensemble.members if state.ensemble else ())
        assert isinstance(answer, TestResult)
        state.test = answer
