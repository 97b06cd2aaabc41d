"""Moves the learning rate up, or down, by half decades while that helps.

The rate has the highest return of all settings, and no rule can know how far it is off: so it is
climbed along before schedules and optimisers are compared. The first step goes as far as the size
of the updates allows. Steps are judged by the metric of one training each; what the climb ends at
is accepted where that is clear though it is the best of several, and built on where it is not.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

from advisor.advice import Proposal
from advisor.evidence import Decision
from advisor.luck import expected_maximum, is_whole
from advisor.rulebook import Rule
from advisor.search.steps import FACTOR, STEP_DIGITS
from advisor.session.asking import Asking
from advisor.session.experiments import Experiments, Flow
from advisor.session.judging import compared, judge
from advisor.session.leader import Leader, built_on, final_loss, leader
from advisor.session.shares import Shares
from advisor.session.trying import Trials
from advisor.stages import Stage
from advisor.state import Attempt, State

MOST_STEPS = 4
"""Trainings either way: further off, something else is wrong."""
LONGEST = 3
"""Half decades of the first step."""
USUAL_UPDATE = 1e-3
"""A step moves the weights by about a thousandth of their norm (Karpathy, CS231n): below, the
climb goes up first."""
PEAK_UPDATE = 3e-3
"""At the best rates of short trainings steps were seen to move the weights by 3e-3 to 1.2e-2 of
their norm (MLPs on five data sets, Adam and SGD)."""
RATE = "optimizer.lr"
OVERTAKEN = "before it was confirmed, the rate was locked or the incumbent was another"

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
                yield from self._concluded(stage, incumbent, end)
            if action != "again":
                return action
            if self.was_here(leader(self.state, stage).attempt):
                return "try"

    def _concluded(self, stage: Stage, incumbent: Attempt, end: _End) -> Flow:
        """Decide about where the climb ended, if that is still a question."""
        proposal, found = end.proposal, end.attempt
        moves_a_lock = any(self.state.best.recipe.locks(path) for path in proposal.change)
        if self._goes_on(incumbent) and not moves_a_lock:
            decision = judge(self.state, end.judged, [(found, incumbent)])
        else:
            decision = Decision("undecided", OVERTAKEN)
        yield from self.trials.keep(stage, proposal, found, incumbent, decision)

    def _goes_on(self, incumbent: Attempt) -> bool:
        """Whether this is still the incumbent, and its rate free."""
        best = self.state.best
        return best.trial.number == incumbent.trial.number and not best.recipe.locks(RATE)

    def _steps(self, stage: Stage, front: Leader) -> Flow:
        """The user's last choice ("again": another incumbent, or the rate is locked), and where the
        climb ended, None where it got nowhere."""
        way = _Way(front, self.state.best)
        for up in self._directions(front.attempt):
            action = yield from self._along(stage, way, up)
            if action != "try" or (way.best and self._clearly_better(way.best[1], front.attempt)):
                return action, way.end
        return "try", way.end

    def _along(self, stage: Stage, way: _Way, up: bool) -> Flow:
        """Steps up, or down, until one is no better than the one before; returns the user's last
        choice."""
        reach = _first_reach(way.front.attempt) if up else 1
        for taken in range(MOST_STEPS):
            proposal = self._proposal(way.front, FACTOR ** (reach if up else -reach))
            action = yield from self._asked(stage, proposal)
            if action != "try":
                return "try" if action == "none" else action
            (found,) = yield from self.trials.screen([proposal])
            way.steps += 1
            if self._better(found, way.best[1] if way.best else way.front.attempt):
                if way.best:
                    yield from self._passed(stage, *way.best, way.incumbent)
                way.best, reach = (proposal, found), reach + 1
                continue
            yield from self._passed(stage, proposal, found, way.incumbent)
            if taken or reach == 1:
                break
            reach = 1  # it was too far
        return "try"

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
        rate = float(f"{start.recipe.optimizer.lr * factor:.{STEP_DIGITS}g}")
        evidence = {
            "lr": start.recipe.optimizer.lr,
            "update_ratio": start.facts.get("update_ratio"),
        }
        made = Proposal(RULE, {RATE: rate}, evidence, (5, False, RULE.rank, RULE.id))
        return built_on(front, self.state.best, made)

    def _possible(self, stage: Stage, proposal: Proposal) -> bool:
        best = self.state.best.recipe
        if any(best.locks(path) for path in proposal.change):
            return False
        recipe = best.changed(proposal.change)
        new = recipe.digest() not in self.experiments.tried
        return new and self.shares.affordable(stage, float(recipe.train.epochs))

    def _better(self, found: Attempt, other: Attempt) -> bool:
        """By the metric where one training tells them apart, else by the validation loss, which
        is the finer measure of the two."""
        seen = compared(self.state, [(found, other)])
        if seen is None or not is_whole(found):
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


@dataclass(frozen=True)
class _End:
    """Where a climb ended."""

    proposal: Proposal
    attempt: Attempt
    steps: int
    """that were trained, of which this is the best"""

    @property
    def judged(self) -> Proposal:
        """At the price of how far the best of so many equal recipes seems to be ahead."""
        price = self.proposal.price + expected_maximum(self.steps)
        return replace(self.proposal, price_below=price)


@dataclass
class _Way:
    """How far a climb has got."""

    front: Leader
    """where it begins"""
    incumbent: Attempt
    steps: int = 0
    best: tuple[Proposal, Attempt] | None = None

    @property
    def end(self) -> _End | None:
        return _End(*self.best, self.steps) if self.best else None


def _first_reach(start: Attempt) -> int:
    """Half decades up to where updates would have the size that they have at the peak, if they grew
    in proportion to the rate. They grow less, so this stops short of it."""
    ratio = start.facts.get("update_ratio")
    if not isinstance(ratio, int | float) or ratio <= 0 or not start.facts.get("underfitting"):
        return 1
    reach = round(math.log(PEAK_UPDATE / ratio, FACTOR))
    return min(max(reach, 1), LONGEST)


def _rateless(attempt: Attempt) -> str:
    """Names a recipe whatever its rate."""
    return attempt.recipe.changed({RATE: 1e-3}).digest()
