"""Searches round the incumbent where rules have no more to say.

First a walk from the leader on, one more setting at a time; then the tree-structured Parzen
estimator over the whole space, which knows everything that was tried. What looks better is trained
again, beside the incumbent, with seeds that it was not chosen by, and those alone decide: of many
candidates, one always looks better by luck.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from advisor import search
from advisor.advice import Proposal
from advisor.evidence import Decision
from advisor.metrics import oriented
from advisor.rulebook import Rule
from advisor.search import Dimension, Search
from advisor.search.tpe import STARTUP
from advisor.session.asking import Asking
from advisor.session.experiments import Experiments, Flow
from advisor.session.judging import judge
from advisor.session.leader import ahead, moved
from advisor.session.settings import Settings
from advisor.session.shares import Shares
from advisor.session.step_order import CAPACITY
from advisor.session.trying import Trials
from advisor.session.walk import Walks
from advisor.stages import Stage
from advisor.state import LOCKS, Attempt, State

PATIENCE = 40
"""Candidates in a row that were not accepted, after which a search is given up."""
PARTS = 4
"""Parts of a suggestion that are drawn until one is new."""
MOST_WIDER = 8.0
"""Times the start's widths: twice is in the space round it, and it may be widened twice."""
MOST_REPEATS = 50
"""Answers of a sampler that were tried already, after which nothing new is to be had."""

KEPT_BACK = "what is left of the budget is kept for the confirmation"

RULE = Rule(
    id="search",
    title="A point near the best so far",
    stage="finish",
    when=(),
    change={},
    expect="one in several looks better, and one in many is",
    why="No rule has more to propose. What is left is found by looking where earlier trials did "
    "well.",
    examples=(),
    maturity="stable",
    price=0.0,
)


@dataclass
class Searches:
    """The search at the end of a session."""

    state: State
    experiments: Experiments
    shares: Shares
    trials: Trials
    settings: Settings
    asking: Asking
    _base: Attempt = field(init=False)
    """what is searched round"""
    _asked: int = 0
    _gain: float = 0.0
    """by which that is ahead of the incumbent, as it was decided"""
    _near: Search | None = None
    """points close to the base, while too little is known for the estimator"""

    def run(self, stage: Stage) -> Flow:
        """Search until nothing is found any more or the budget ends; returns why it ended, and the
        user's last choice, "leave" if there was nothing else."""
        ended: tuple[str, str] | None = None
        while ended is None:  # a person who goes back to another incumbent has it searched anew
            if self.state.best.value is None or self.state.best.blocking:
                return "nothing to search for while it does not train", "leave"
            ended = yield from self._search(stage)
        return ended

    def _search(self, stage: Stage) -> Flow:
        """The same, from this incumbent on; None when a person changes it, or what is locked."""
        action = yield from self._walked(stage)
        if action != "try":
            return None if action == "again" else ("left on request", action)
        failures = 0
        while failures < PATIENCE:
            changes = self._next()
            proposals = self._paid_for(stage, tuple(self._proposal(change) for change in changes))
            if not proposals:
                return KEPT_BACK if changes else "all was tried", "leave"
            picked = yield from self.asking.ask(stage, proposals)
            if picked.action == "again":
                return None
            if picked.action != "try":
                left = "no proposal is left" if picked.action == "none" else "left on request"
                return left, picked.action
            chosen = self._paid_for(stage, picked.proposals)
            accepted = yield from self._try(stage, chosen)
            failures = 0 if accepted else failures + len(chosen)
        return f"{failures} candidates in a row were not accepted", "leave"

    def _walked(self, stage: Stage) -> Flow:
        """Walk from the leader on; returns the user's last choice."""
        walks = Walks(
            self.state,
            self.experiments,
            self.shares,
            self.trials,
            self.asking,
            self.settings,
            self.space,
        )
        action, end = yield from walks.run(stage)
        self._base, self._gain = self.state.best, 0.0
        if end:
            self._settle(*end)
        return action

    # What to try

    def _next(self) -> list[dict[str, Any]]:
        """What the estimator suggests, as many as there are workers; close to the best so far while
        it knows too little to say anything."""
        base = self._base
        dims = self.space(base)
        known = self._known(base, dims)
        if len(known) < STARTUP:
            near = search.around(base.recipe, dims)
            if self._near is None or self._near.start != base.recipe:
                self._near = Search(near, "qmc", self.state.start.train.seed, base.recipe)
            return self._new(self._near)
        sampler = Search(dims, "tpe", self._seed(), base.recipe)
        for attempt, change in known:
            sampler.tell(change, *told(attempt))
        return self._new(sampler)

    def _new(self, sampler: Search) -> list[dict[str, Any]]:
        """Changes to the incumbent of which no recipe was trained yet."""
        base, found = self._base, dict[str, dict[str, Any]]()
        most = self.shares.at_once(self.settings.workers)
        sampler.known({}, worth(base))
        for _ in range(MOST_REPEATS):
            suggested = sampler.ask() if len(found) < most else None
            if suggested is None:
                break
            whole = moved(base.recipe, base.recipe.changed(suggested))
            for _ in range(PARTS):  # cheaper than to ask again
                recipe = base.recipe.changed(search.fewer(whole, self._seed()))
                if recipe.digest() not in self.experiments.tried | found.keys():
                    found[recipe.digest()] = moved(self.state.best.recipe, recipe)
                    break
        return list(found.values())

    def space(self, best: Attempt) -> tuple[Dimension, ...]:
        """The documented space round a training, wider where that lies at an edge; but widths stay
        within what two steps beyond the space round the start reach."""
        examples = best.facts.get("train_examples")
        known = int(examples) if isinstance(examples, int | float) else None
        fields = best.recipe.flat()
        dims = (
            search.widened(dim, fields[dim.path])
            if dim.path in fields and dim.applies(fields)
            else dim
            for dim in search.space(best.recipe, known)
        )
        return tuple(map(self._bounded, dims))

    def _bounded(self, dim: Dimension) -> Dimension:
        """A dimension of widths without what is more than MOST_WIDER times the start's."""
        start = self.state.start.flat().get(dim.path)
        if dim.path not in CAPACITY or start is None:
            return dim
        most = MOST_WIDER * (search.size(start) or 0.0)
        kept = tuple(one for one in dim.choices if (search.size(one) or 0.0) <= most)
        return replace(dim, choices=kept or dim.choices)

    def _known(
        self, base: Attempt, dims: Sequence[Dimension]
    ) -> list[tuple[Attempt, dict[str, Any]]]:
        """Trials with the session's seed that differ from this one in these fields alone."""
        paths, before, found = {dim.path for dim in dims}, base.recipe.flat(), []
        for attempt in self.state.attempts:
            after = attempt.recipe.flat()
            names = {*before, *after} - {LOCKS}
            change = {p: after.get(p) for p in names if before.get(p) != after.get(p)}
            if change and set(change) <= paths and None not in change.values():
                found.append((attempt, change))
        return found

    def _seed(self) -> int:
        self._asked += 1
        return self.state.start.train.seed + 7919 * self._asked

    def _proposal(self, change: dict[str, Any]) -> Proposal:
        best = self.state.best
        evidence = {"best_validation_metric": best.value}
        return Proposal(RULE, change, evidence, (9, False, RULE.rank, RULE.id))

    def _paid_for(self, stage: Stage, proposals: tuple[Proposal, ...]) -> tuple[Proposal, ...]:
        epochs, kept = 0.0, list[Proposal]()
        for proposal in proposals:
            epochs += self.shares.epochs(proposal)
            if self.shares.affordable(stage, epochs):
                kept.append(proposal)
        return tuple(kept)

    # Whether it helped

    def _try(self, stage: Stage, proposals: Sequence[Proposal]) -> Flow:
        """Screen all, the most promising first; returns whether one was accepted."""
        incumbent = self.state.best
        candidates = yield from self.trials.screen(proposals)
        pairs = list(zip(proposals, candidates, strict=True))
        for proposal, candidate in sorted(pairs, key=lambda pair: _rank(pair[1])):
            if self.state.best is not incumbent:
                decision = Decision("undecided", "another of this round was accepted before it")
            else:
                decision = judge(self.state, proposal, [(candidate, incumbent)])
                if decision.verdict == "accepted" or ahead(self.state, candidate, self._base):
                    decision = yield from self.trials.confirmed(
                        stage, proposal, candidate, incumbent
                    )
                    self._settle(candidate, decision)
            yield from self.trials.keep(stage, proposal, candidate, incumbent, decision)
        return self.state.best is not incumbent

    def _settle(self, candidate: Attempt, decision: Decision) -> None:
        """Search on round what was confirmed, or came closest to it."""
        seen = decision.comparison
        gain = seen.gain if seen else 0.0
        if decision.verdict == "accepted":
            self._base, self._gain = candidate, 0.0
        elif decision.verdict == "undecided" and gain > self._gain:
            self._base, self._gain = candidate, gain


def worth(attempt: Attempt) -> float | None:
    """The validation metric, turned so that larger is better; None without one."""
    return None if attempt.value is None else oriented(attempt.recipe.metric, attempt.value)


def told(attempt: Attempt) -> tuple[float | None, float | None]:
    """What an estimator is told of a training: its value, None where it broke off, and the epoch
    at which it was given up."""
    finished = attempt.result.finished
    if finished is None or finished.status in ("diverged", "failed"):
        return None, None
    return worth(attempt), finished.epochs if finished.status == "stopped" else None


def _rank(attempt: Attempt) -> float:
    """The best first; last what gave nothing."""
    found = worth(attempt)
    return math.inf if found is None else -found
