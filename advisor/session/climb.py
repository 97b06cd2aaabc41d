"""Moves the learning rate up, or down, by half decades while that helps.

The rate has the highest return of all settings, and no rule can know how far it is off: so it is
climbed along before schedules and optimisers are compared. Steps are judged by the metric of one
training each; what the climb ends at is accepted where that is clear, and built on where it is not.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from advisor.advice import LR_DIGITS, Proposal
from advisor.evidence import Decision
from advisor.rulebook import Rule
from advisor.search.steps import FACTOR
from advisor.session.asking import Asking
from advisor.session.experiments import Experiments, Flow
from advisor.session.judging import compared, judge
from advisor.session.leader import Leader, built_on, final_loss, leader
from advisor.session.shares import Shares
from advisor.session.trying import Trials
from advisor.stages import Stage
from advisor.state import Attempt, State

MOST_STEPS = 4
"""Two decades: further off, something else is wrong."""
USUAL_UPDATE = 1e-3
"""A step moves the weights by about a thousandth of their norm (Karpathy, CS231n): below, the
climb goes up first."""
RATE = "optimizer.lr"
OVERTAKEN = "before it was confirmed, the rate was locked or the incumbent was another"
WHOLE = ("finished", "early_stopped")
"""How a training ends that was not given up."""

RULE = Rule(
    id="climb",
    title="Move the learning rate by half a decade",
    stage="learning_rate",
    when=(),
    change={},
    expect="better until the peak is passed",
    why="No other setting matters as much, and how far it is off is not known: half decades up, or "
    "down, for as long as that helps.",
    examples=(),
    maturity="stable",
)


@dataclass
class Climbs:
    """Climbs along the learning rate."""

    state: State
    experiments: Experiments
    shares: Shares
    trials: Trials
    asking: Asking
    _done: set[str] = field(default_factory=set)

    def settled(self, stage: Stage, attempt: Attempt, proposal: Proposal) -> bool:
        """Whether this moves nothing but the rate of a recipe whose rate was climbed along; in
        later stages, where more than the rate has moved since, that recipe and no other."""
        if set(proposal.change) != {RATE}:
            return False
        if stage.name == RULE.stage:
            return self.was_here(attempt)
        return _rateless(attempt) in self._done

    def was_here(self, attempt: Attempt) -> bool:
        """Whether this recipe's rate was climbed along, or the incumbent's that it is built on: no
        rule need look for it again."""
        return not self._done.isdisjoint(map(_rateless, (attempt, self.state.best)))

    def run(self, stage: Stage) -> Flow:
        """Climb from the leader; returns what the user chose instead of a step, "try" if nothing
        else."""
        while True:
            front, incumbent = leader(self.state, stage), self.state.best
            start = front.attempt
            if start.recipe.locks(RATE) or start.value is None or start.blocking:
                return "try"
            self._done |= {_rateless(start), _rateless(incumbent)}
            action, end = yield from self._steps(stage, front)
            if end:
                yield from self._concluded(stage, incumbent, *end)
            if action != "again":
                return action
            if self.was_here(leader(self.state, stage).attempt):
                return "try"

    def _concluded(
        self, stage: Stage, incumbent: Attempt, proposal: Proposal, found: Attempt
    ) -> Flow:
        """Decide about where the climb ended, if that is still a question."""
        if self._goes_on(incumbent):
            decision = judge(self.state, proposal, [(found, incumbent)])
        else:
            decision = Decision("undecided", OVERTAKEN)
        yield from self.trials.keep(stage, proposal, found, incumbent, decision)

    def _goes_on(self, incumbent: Attempt) -> bool:
        """Whether this is still the incumbent, and its rate free."""
        best = self.state.best
        return best.trial.number == incumbent.trial.number and not best.recipe.locks(RATE)

    def _steps(self, stage: Stage, front: Leader) -> Flow:
        """The user's last choice ("again": another incumbent, or the rate is locked), and the step
        at which the climb ended, if it got anywhere."""
        start, incumbent = front.attempt, self.state.best
        best: tuple[Proposal, Attempt] | None = None
        for up in self._directions(start):
            for step in range(1, MOST_STEPS + 1):
                proposal = self._proposal(front, FACTOR**step if up else FACTOR**-step)
                action = yield from self._asked(stage, proposal)
                if action == "none":
                    break
                if action != "try":
                    return action, best
                (found,) = yield from self.trials.screen([proposal])
                if not self._better(found, best[1] if best else start):
                    yield from self._passed(stage, proposal, found, incumbent)
                    break
                if best:
                    yield from self._passed(stage, *best, incumbent)
                best = proposal, found
            if best and self._clearly_better(best[1], start):
                break
        return "try", best

    def _asked(self, stage: Stage, proposal: Proposal) -> Flow:
        """What is chosen: "try", "leave", "finish", "again" where the climb is over, "none" where
        this step is not to be taken."""
        incumbent = self.state.best
        while self._possible(stage, proposal):
            picked = yield from self.asking.ask(stage, (proposal,))
            if picked.action != "again" or not self._goes_on(incumbent):
                return picked.action
        return "none"

    def _directions(self, start: Attempt) -> tuple[bool, bool]:
        """Up first where steps are small, or hardly large and it does not fit yet; else down first.
        The other way is looked at as well where the first led to nothing that one training can
        tell."""
        ratio = start.facts.get("update_ratio")
        usual = 10 * USUAL_UPDATE if start.facts.get("underfitting") else USUAL_UPDATE
        small = not isinstance(ratio, int | float) or ratio < usual
        return (True, False) if small else (False, True)

    def _proposal(self, front: Leader, factor: float) -> Proposal:
        start = front.attempt
        rate = float(f"{start.recipe.optimizer.lr * factor:.{LR_DIGITS}g}")
        evidence = {
            "lr": start.recipe.optimizer.lr,
            "update_ratio": start.facts.get("update_ratio"),
        }
        made = Proposal(RULE, {RATE: rate}, evidence, (5, False, RULE.rank, RULE.id))
        return built_on(front, self.state.best, made)

    def _possible(self, stage: Stage, proposal: Proposal) -> bool:
        recipe = self.state.best.recipe.changed(proposal.change)
        new = recipe.digest() not in self.experiments.tried
        return new and self.shares.affordable(stage, float(recipe.train.epochs))

    def _better(self, found: Attempt, other: Attempt) -> bool:
        """By the metric where one training tells them apart, else by the validation loss, which
        is the finer measure of the two."""
        seen, finished = compared(self.state, [(found, other)]), found.result.finished
        if seen is None or finished is None or finished.status not in WHOLE:
            return False
        if abs(seen.gain) > seen.error:
            return seen.gain > 0
        return final_loss(found) < final_loss(other)

    def _clearly_better(self, found: Attempt, start: Attempt) -> bool:
        seen = compared(self.state, [(found, start)])
        return seen is not None and seen.gain > seen.error

    def _passed(self, stage: Stage, proposal: Proposal, found: Attempt, incumbent: Attempt) -> Flow:
        """Write down a step that is not where the climb ends."""
        seen = compared(self.state, [(found, incumbent)])
        finished = found.result.finished
        told = finished.message if finished and finished.message else f"not the peak: {seen}"
        decision = Decision("rejected", told, seen)
        yield from self.trials.keep(stage, proposal, found, incumbent, decision)


def _rateless(attempt: Attempt) -> str:
    """Names a recipe whatever its rate."""
    return attempt.recipe.changed({RATE: 1e-3}).digest()
