"""Moves the learning rate up, or down, by half decades while that helps.

The rate has the highest return of all settings, and no rule can know how far it is off: so it is
climbed along before schedules and optimisers are compared. Steps are judged by the metric of one
training each; only what the climb ends at is decided about, with seeds it was not chosen by.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from advisor.advice import LR_DIGITS, Proposal
from advisor.evidence import Decision
from advisor.rulebook import Rule
from advisor.search.steps import FACTOR
from advisor.session.asking import Asking
from advisor.session.experiments import Experiments, Flow
from advisor.session.judging import compared
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

    def settled(self, proposal: Proposal) -> bool:
        """Whether this moves nothing but the rate of a recipe whose rate was climbed along."""
        return set(proposal.change) == {RATE} and self.was_here()

    def was_here(self) -> bool:
        """Whether the incumbent's rate was climbed along: no rule need look for it again."""
        return _rateless(self.state.best) in self._done

    def run(self, stage: Stage) -> Flow:
        """Climb from the incumbent; returns what the user chose instead of a step, "try" if
        nothing else."""
        while True:
            start = self.state.best
            if start.recipe.locks(RATE) or start.value is None or start.blocking:
                return "try"
            self._done.add(_rateless(start))
            action, end = yield from self._steps(stage, start)
            if end:
                yield from self._concluded(stage, start, *end)
            if action != "again":
                return action
            if self.was_here():
                return "try"

    def _concluded(self, stage: Stage, start: Attempt, proposal: Proposal, found: Attempt) -> Flow:
        """Decide about where the climb ended, if that is still a question."""
        if self._goes_on(start):
            decision = yield from self.trials.confirmed(stage, proposal, found, start)
        else:
            decision = Decision("undecided", OVERTAKEN)
        yield from self.trials.keep(stage, proposal, found, start, decision)

    def _goes_on(self, start: Attempt) -> bool:
        """Whether the climb's start is still the incumbent, and its rate free."""
        best = self.state.best
        return best.trial.number == start.trial.number and not best.recipe.locks(RATE)

    def _steps(self, stage: Stage, start: Attempt) -> Flow:
        """The user's last choice ("again": another incumbent, or the rate is locked), and the step
        at which the climb ended, if it got anywhere."""
        best: tuple[Proposal, Attempt] | None = None
        for up in self._directions(start):
            for step in range(1, MOST_STEPS + 1):
                proposal = self._proposal(start, FACTOR**step if up else FACTOR**-step)
                action = yield from self._asked(stage, start, proposal)
                if action == "none":
                    break
                if action != "try":
                    return action, best
                (found,) = yield from self.trials.screen([proposal])
                leader = best[1] if best else start
                if not self._better(found, leader):
                    yield from self._passed(stage, proposal, found, start)
                    break
                if best:
                    yield from self._passed(stage, *best, start)
                best = proposal, found
            if best and self._clearly_better(best[1], start):
                break
        return "try", best

    def _asked(self, stage: Stage, start: Attempt, proposal: Proposal) -> Flow:
        """What is chosen: "try", "leave", "finish", "again" where the climb is over, "none" where
        this step is not to be taken."""
        while self._possible(stage, start, proposal):
            picked = yield from self.asking.ask(stage, (proposal,))
            if picked.action != "again" or not self._goes_on(start):
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

    def _proposal(self, start: Attempt, factor: float) -> Proposal:
        rate = float(f"{start.recipe.optimizer.lr * factor:.{LR_DIGITS}g}")
        evidence = {
            "lr": start.recipe.optimizer.lr,
            "update_ratio": start.facts.get("update_ratio"),
        }
        return Proposal(RULE, {RATE: rate}, evidence, (5, False, RULE.rank, RULE.id))

    def _possible(self, stage: Stage, start: Attempt, proposal: Proposal) -> bool:
        recipe = start.recipe.changed(proposal.change)
        new = recipe.digest() not in self.experiments.tried
        return new and self.shares.affordable(stage, float(recipe.train.epochs))

    def _better(self, found: Attempt, leader: Attempt) -> bool:
        """By the metric where one training tells them apart, else by the validation loss, which
        is the finer measure of the two."""
        seen, finished = compared(self.state, [(found, leader)]), found.result.finished
        if seen is None or finished is None or finished.status not in WHOLE:
            return False
        if abs(seen.gain) > seen.error:
            return seen.gain > 0
        return final_loss(found) < final_loss(leader)

    def _clearly_better(self, found: Attempt, start: Attempt) -> bool:
        seen = compared(self.state, [(found, start)])
        return seen is not None and seen.gain > seen.error

    def _passed(self, stage: Stage, proposal: Proposal, found: Attempt, start: Attempt) -> Flow:
        """Write down a step that is not where the climb ends."""
        seen = compared(self.state, [(found, start)])
        finished = found.result.finished
        told = finished.message if finished and finished.message else f"not the peak: {seen}"
        yield from self.trials.keep(stage, proposal, found, start, Decision("rejected", told, seen))


def final_loss(attempt: Attempt) -> float:
    """The validation loss; infinite without one."""
    finished = attempt.result.finished
    loss = finished.validation_loss if finished else None
    return float("inf") if loss is None else loss


def _rateless(attempt: Attempt) -> str:
    """Names a recipe whatever its rate."""
    return attempt.recipe.changed({RATE: 1e-3}).digest()
