"""A walk through the space round the incumbent: one more setting moved at a time.

Each step is taken from the best so far, and kept where it does better by whatever is seen, however
little: single steps are seldom beyond the noise, what they add up to may be. So the walk decides
nothing by itself: where it ended is trained again beside the incumbent, with seeds that it was not
chosen by, and those alone decide.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from advisor.advice import Proposal
from advisor.evidence import Decision
from advisor.metrics import oriented
from advisor.requests import Decided
from advisor.rulebook import Rule
from advisor.search import Dimension, Step, steps
from advisor.search.repair import Change
from advisor.session.asking import Asking, Picked
from advisor.session.experiments import Experiments, Flow
from advisor.session.judging import compared
from advisor.session.leader import ahead, both, leader
from advisor.session.settings import Settings
from advisor.session.shares import Shares
from advisor.session.step_order import Order, promising
from advisor.session.trying import FRESH_PAIRS, Trials
from advisor.stages import Stage
from advisor.state import Attempt, State

Space: TypeAlias = Callable[[Attempt], Sequence[Dimension]]

LOOK = 6
"""Steps of the round that is trained in step where the backend can do that."""
OPPOSITE = {"up": "down", "down": "up"}
OVERTAKEN = "before it was confirmed, the incumbent was another or what it moves was locked"

RULE = Rule(
    id="walk",
    title="One more setting moved, from the best so far",
    stage="finish",
    when=(),
    change={},
    expect="one step in several does better, and together they can be told from noise",
    why="No rule has more to propose. Each step moves one setting, and is kept if it does better, "
    "however little; where that leads is then confirmed with seeds that it was not chosen by.",
    examples=(),
    maturity="stable",
    price=0.0,
)


@dataclass
class Walks:
    """Walks from the incumbent."""

    state: State
    experiments: Experiments
    shares: Shares
    trials: Trials
    asking: Asking
    settings: Settings
    space: Space
    """the dimensions round a training"""

    def run(self, stage: Stage) -> Flow:
        """Walk on from the leader until no step helps or the budget ends, and settle where that
        led; returns the user's last choice, "try" if there was nothing else, and where the walk
        ended with what was decided about it."""
        front, action = leader(self.state), "try"
        proposal = front.decided.proposal if front.decided else None
        walk = _Walk(self.state.best, front.attempt, proposal, front.decided)
        while action == "try" and (proposals := self._proposals(stage, walk)):
            picked = yield from self.asking.ask(stage, [proposal for _, proposal in proposals])
            walk.failed |= _marks(proposals, picked.refused)
            if picked.action == "none":
                break
            action = picked.action
            if action == "try":
                yield from self._round(stage, walk, _chosen(proposals, picked))
        decision = walk.earlier.decision if walk.earlier else None
        if walk.proposal and walk.is_open:
            decision = yield from self._concluded(stage, walk, walk.proposal)
        return action, (walk.leader, decision) if decision else None

    def _round(self, stage: Stage, walk: _Walk, chosen: Sequence[tuple[Step, Proposal]]) -> Flow:
        """Train these; the best goes on, if it is ahead of the best so far."""
        together, walk.looks = walk.looks, False
        walk.looked |= together
        found = yield from self.trials.screen([one for _, one in chosen], together)
        tried = list(zip(chosen, found, strict=True))
        better = [one for one in tried if ahead(self.state, one[1], walk.leader)]
        best = max(better, key=lambda one: _worth(one[1])) if better else None
        for one in tried:
            (step, proposal), attempt = one
            if one is best:
                continue
            if one in better:
                told = "not as far ahead as another"
                walk.helped.append(step)
            else:
                told = _behind(walk)
                walk.failed.add(step.mark)
            yield from self._passed(stage, walk, proposal, attempt, told)
        if best is not None:
            yield from self._moved(stage, walk, *best)

    def _moved(
        self,
        stage: Stage,
        walk: _Walk,
        taken: tuple[Step, Proposal],
        found: Attempt,
    ) -> Flow:
        """Go on from here."""
        step, proposal = taken
        if walk.proposal and walk.earlier is None:
            told = f"a step on the way, to trial {found.trial.number}"
            yield from self._passed(stage, walk, walk.proposal, walk.leader, told)
        walk.leader, walk.proposal, walk.earlier, walk.taken = found, proposal, None, step.change
        walk.failed.add((step.path, OPPOSITE.get(step.towards, step.towards)))

    def _concluded(self, stage: Stage, walk: _Walk, proposal: Proposal) -> Flow:
        start, found = walk.start, walk.leader
        locked = any(self.state.best.recipe.locks(path) for path in proposal.change)
        if self.state.best.trial.number != start.trial.number or locked:
            decision = Decision("undecided", OVERTAKEN)
        else:
            decision = yield from self.trials.confirmed(stage, proposal, found, start)
        yield from self.trials.keep(stage, proposal, found, start, decision)
        return decision

    def _passed(
        self, stage: Stage, walk: _Walk, proposal: Proposal, found: Attempt, told: str
    ) -> Flow:
        """Write down a step that is not where the walk ends, and why not."""
        start, finished = walk.start, found.result.finished
        seen = compared(self.state, [(found, start)])
        reason = finished.message if finished and finished.message else f"{told}: {seen}"
        decision = Decision("rejected", reason, seen)
        yield from self.trials.keep(stage, proposal, found, start, decision)

    # What to try

    def _proposals(self, stage: Stage, walk: _Walk) -> list[tuple[Step, Proposal]]:
        """The steps of the next round that there is room for, with pairs to confirm by."""
        order = self._open(walk)
        helped = self._all_that_helped(walk)
        walk.looks = not (walk.looked or order.shapes or helped) and len(order.others) > 1
        most = LOOK if walk.looks else self.shares.at_once(self.settings.workers)
        leader = walk.leader.recipe
        epochs = 2.0 * FRESH_PAIRS * leader.train.epochs
        made: list[tuple[Step, Proposal]] = []
        for step in [*helped, *(order.shapes or order.others or order.last)][:most]:
            epochs += leader.train.epochs
            if self.shares.affordable(stage, epochs):
                made.append((step, self._proposal(walk, step)))
        return made

    def _all_that_helped(self, walk: _Walk) -> list[Step]:
        """The other steps of a round that did better, at once, on top of the best; none without."""
        change: Change = {}
        for step in walk.helped:
            if step.change.keys().isdisjoint({*change, *walk.taken}):
                change |= step.change
        walk.helped = []
        recipe = walk.leader.recipe.changed(change)
        new = change and recipe.digest() not in self.experiments.tried
        return [Step("what helped", "at once", change)] if new else []

    def _open(self, walk: _Walk) -> Order:
        """Steps from the leader that may help and were not tried."""
        leader, tried = walk.leader, self.experiments.tried
        return promising(
            leader,
            (
                step
                for step in steps(leader.recipe, self.space(leader))
                if step.mark not in walk.failed
                and leader.recipe.changed(step.change).digest() not in tried
            ),
        )

    def _proposal(self, walk: _Walk, step: Step) -> Proposal:
        """From the incumbent to the best so far with this step, at the price of what led there."""
        leader, price = walk.leader, walk.proposal.price if walk.proposal else 0.0
        recipe = leader.recipe.changed(step.change)
        evidence = {"best_validation_metric": leader.value, "moves": step.path}
        change, below = both(self.state.best.recipe, leader.recipe, recipe)
        order = (9, False, RULE.rank, RULE.id)
        number = leader.trial.number if below else None
        return Proposal(
            RULE, change, evidence, order, built_on=number, below=below, price_below=price
        )


@dataclass
class _Walk:
    """Where a walk is."""

    start: Attempt
    """the incumbent"""
    leader: Attempt
    """the best so far"""
    proposal: Proposal | None = None
    """what leads to it from the incumbent; None while it is the incumbent"""
    earlier: Decided | None = None
    """what was decided about the leader before the walk"""
    failed: set[tuple[str, str]] = field(default_factory=set)
    """marks of steps that did not help"""
    taken: Change = field(default_factory=dict)
    """the latest step"""
    helped: list[Step] = field(default_factory=list)
    """the others of its round that did better as well"""
    looks: bool = False
    """whether the round that is asked for is the one of many steps"""
    looked: bool = False
    """whether there was one"""

    @property
    def is_open(self) -> bool:
        """Whether more seeds can still say something new about the leader."""
        seen = self.earlier.decision.comparison if self.earlier else None
        return seen is None or seen.seeds == 1


def _behind(walk: _Walk) -> str:
    at_start = walk.leader.trial.number == walk.start.trial.number
    return "not ahead" if at_start else f"not ahead of trial {walk.leader.trial.number}"


def _chosen(
    proposals: Sequence[tuple[Step, Proposal]], picked: Picked
) -> list[tuple[Step, Proposal]]:
    kept = {id(proposal) for proposal in picked.proposals}
    return [one for one in proposals if id(one[1]) in kept]


def _marks(
    proposals: Sequence[tuple[Step, Proposal]], refused: Sequence[Proposal]
) -> set[tuple[str, str]]:
    """Of the steps that a person refused: they are not asked again in this walk."""
    ids = {id(proposal) for proposal in refused}
    return {step.mark for step, proposal in proposals if id(proposal) in ids}


def _worth(attempt: Attempt) -> float:
    return oriented(attempt.recipe.metric, attempt.value or 0.0)
