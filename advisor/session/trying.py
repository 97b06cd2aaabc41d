"""Tries proposals against the incumbent, and keeps what the evidence says helps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from advisor.advice import Proposal
from advisor.evidence import WORTH_REPEATING, Decision
from advisor.recipe import Recipe
from advisor.requests import Decided
from advisor.session.experiments import Experiments, Flow
from advisor.session.judging import Pair, judge, race, tells, without_pair
from advisor.session.leader import is_near_tie, leader, may_lead
from advisor.session.shares import Shares
from advisor.stages import Stage, reopened_by
from advisor.state import Attempt, State

MOST_VISITS = 2
"""How often one stage may be entered, so that reopening cannot go round in circles."""
SEEDS = 2**32
BUILT_ON = "ahead, so what follows is built on it"
FRESH_PAIRS = 2
"""Seeds, new to both, that decide about a candidate that looks better; one more where they leave
it undecided on the better side."""


class Trials:
    """Paired comparisons of candidates with the incumbent."""

    def __init__(self, state: State, experiments: Experiments, shares: Shares) -> None:
        self._state, self._experiments, self._shares = state, experiments, shares

    def run(self, stage: Stage, proposals: Sequence[Proposal]) -> Flow:
        """Try these side by side; the best of those that are accepted becomes the incumbent.

        Returns the proposals that were settled: one that was better as well, though not the best,
        may be proposed again.
        """
        incumbent = self._state.best
        candidates = yield from self.screen(proposals)
        found: list[tuple[Proposal, Attempt, Decision]] = []
        for proposal, candidate in zip(proposals, candidates, strict=True):
            decision = yield from self._decided(stage, proposal, candidate, incumbent)
            found.append((proposal, candidate, decision))
        best = max(found, key=lambda one: _gain(one[2]))[1]
        settled = []
        for proposal, candidate, decision in found:
            accepted = decision.verdict == "accepted"
            if accepted and candidate is not best:
                decision = _surpassed(decision)
            else:
                settled.append(proposal)
            yield from self.keep(stage, proposal, candidate, incumbent, decision)
        return settled

    def screen(self, proposals: Sequence[Proposal], together: bool = False) -> Flow:
        """Train the incumbent with each change, once; returns Attempts. `together`: in step with
        each other where the backend can do that, and then to the end."""
        recipes = [self._state.best.recipe.changed(proposal.change) for proposal in proposals]
        wanted = [(one, () if together else race(self._state, one)) for one in recipes]
        attempts = yield from self._experiments.train_all("candidate", wanted, together)
        return attempts

    def _decided(
        self, stage: Stage, proposal: Proposal, candidate: Attempt, incumbent: Attempt
    ) -> Flow:
        pairs: list[Pair] = [(candidate, incumbent)]
        decision = judge(self._state, proposal, pairs)
        epochs = float(candidate.recipe.train.epochs + incumbent.recipe.train.epochs)
        later = may_lead(stage, proposal)  # what is built on it is shown with it, or not at all
        while not later and decision.may_be_shown and self._shares.affordable(stage, epochs):
            pair = yield from self.pair(candidate.recipe, incumbent.recipe, len(pairs))
            if not tells(pair):
                return without_pair(pair, decision)
            pairs.append(pair)
            decision = judge(self._state, proposal, pairs)
        return decision

    def pair(self, candidate: Recipe, incumbent: Recipe, offset: int) -> Flow:
        """Both recipes trained with another seed, `offset` after their own; returns a Pair."""
        wanted = [reseeded(recipe, offset) for recipe in (candidate, incumbent)]
        new = [recipe for recipe in wanted if self._experiments.known(recipe) is None]
        if new:
            yield from self._experiments.train_all("repeat", [(recipe, ()) for recipe in new])
        return tuple(self._experiments.known(recipe) for recipe in wanted)

    def confirmed(
        self, stage: Stage, proposal: Proposal, candidate: Attempt, incumbent: Attempt
    ) -> Flow:
        """Decide about the best of several that were looked at: by seeds that it was not chosen
        by, and those alone, unless the screen shows that they are not worth it."""
        screened = judge(self._state, proposal, [(candidate, incumbent)])
        seen = screened.comparison
        if seen is None or seen.gain <= WORTH_REPEATING * (seen.least or seen.sigma):
            return screened
        pairs: list[Pair] = []
        decision = screened
        for offset in range(1, FRESH_PAIRS + 2):
            if offset > FRESH_PAIRS and not decision.more_seeds_may_help:
                break
            if not self._pair_affordable(candidate, incumbent, offset):
                break
            pair = yield from self.pair(candidate.recipe, incumbent.recipe, offset)
            if not tells(pair):
                return without_pair(pair, screened)
            pairs.append(pair)
            decision = judge(self._state, proposal, pairs)
        if not pairs:
            return Decision(
                "undecided",
                f"the budget has no room to confirm it: {seen}",
                seen,
            )
        return decision

    def _pair_affordable(self, candidate: Attempt, incumbent: Attempt, offset: int) -> bool:
        both = [reseeded(one.recipe, offset) for one in (candidate, incumbent)]
        new = [recipe for recipe in both if self._experiments.known(recipe) is None]
        return self._shares.left(sum(float(recipe.train.epochs) for recipe in new))

    def keep(
        self,
        stage: Stage,
        proposal: Proposal,
        candidate: Attempt,
        incumbent: Attempt,
        decision: Decision,
    ) -> Flow:
        """Write the decision down and, where it is accepted, carry it out."""
        reopens: tuple[str, ...] = ()
        if decision.verdict == "accepted":
            self._state.accepted(candidate)
            reopens = self.reopen(stage, list(proposal.change))
        number = candidate.trial.number
        decided = Decided(
            stage, proposal, number, decision, candidate.value, incumbent.value, reopens
        )
        self._state.decisions.append(decided)
        if is_near_tie(decided) and leader(self._state).decided is decided:
            told = replace(decision, reason=f"{BUILT_ON}; {decision.reason}")
            decided = replace(decided, decision=told, leads=True)
            self._state.decisions[-1] = decided
        yield decided

    def reopen(
        self, stage: Stage, paths: Sequence[str], also: Sequence[str] = ()
    ) -> tuple[str, ...]:
        """Put back the stages that a change of these fields reopens, and those of `also`; returns
        their names."""
        state = self._state
        waiting = {waiting.name for waiting in state.waiting} | {stage.name}
        past = {other.name for other in state.stages} - waiting
        reopens = tuple(
            name
            for name in dict.fromkeys((*also, *reopened_by(paths)))
            if name in past and state.visits.get(name, 0) < MOST_VISITS
        )
        back = [other for other in state.stages if other.name in reopens]
        for other in back:
            self._shares.reopened(other, stage)
        state.waiting = sorted(back + state.waiting, key=state.stages.index)
        return reopens


def reseeded(recipe: Recipe, offset: int) -> Recipe:
    """The recipe with a seed so much further on."""
    return recipe.changed({"train.seed": (recipe.train.seed + offset) % SEEDS})


def _gain(decision: Decision) -> float:
    """For choosing among the accepted; a cure without a comparison counts as the best."""
    if decision.verdict != "accepted":
        return float("-inf")
    return decision.comparison.gain if decision.comparison else float("inf")


def _surpassed(decision: Decision) -> Decision:
    reason = (
        f"would do as well, but another that was tried with it is better: {decision.comparison}"
    )
    return replace(decision, verdict="undecided", reason=reason)
