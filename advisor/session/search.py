"""Searches round the incumbent where rules have no more to say.

First all near-ties together: of small gains none can be told from noise by itself, several at once
can. Then a quasi-random look at rates and regularisers, all close to the incumbent's, side by side;
then the tree-structured Parzen estimator over the whole space, one by one, which knows everything
that was tried. What looks better is trained again, beside the incumbent, with seeds that it was
not chosen by, and those alone decide: of many candidates, one always looks better by luck.
"""

from __future__ import annotations

import math
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from advisor import search
from advisor.advice import Proposal
from advisor.evidence import Decision
from advisor.metrics import oriented
from advisor.requests import Decided
from advisor.rulebook import Rule
from advisor.search import Dimension, Search
from advisor.search.tpe import STARTUP
from advisor.session.asking import Asking
from advisor.session.experiments import Experiments, Flow
from advisor.session.settings import Settings
from advisor.session.shares import Shares
from advisor.session.trying import Trials
from advisor.stages import Stage
from advisor.state import LOCKS, Attempt, State

LOOK = 6
"""Candidates of the quasi-random look."""
PATIENCE = 20
"""Candidates in a row that were not accepted, after which a search is given up."""
MOST_REPEATS = 50
"""Answers of a sampler that were tried already, after which nothing new is to be had."""
SHAPES = ("model.", "train.batch_size", "train.epochs", "train.accumulation", "optimizer.kind")
"""A change of these makes another program; all others can run in step with each other."""

RULE = Rule(
    id="search",
    title="A point near the best so far",
    stage="finish",
    when=(),
    change={},
    expect="one in several looks better, and one in many is",
    why="No rule has more to propose. What is left is found by looking: values close to the best "
    "so far, first spread evenly, then where earlier trials did well.",
    examples=(),
    maturity="stable",
    price=0.0,
)

TOGETHER = Rule(
    id="together",
    title="What looked better but could not be told from noise, all at once",
    stage="finish",
    when=(),
    change={},
    expect="small gains that add up to one that can be seen",
    why="Each of these changes did a little better than the recipe that it was to beat, by less "
    "than one training can tell. Those that help add up, and together they can be seen.",
    examples=(),
    maturity="stable",
    price=0.0,
)
LEAST_TOGETHER = 2


@dataclass
class Searches:
    """The search at the end of a session."""

    state: State
    experiments: Experiments
    shares: Shares
    trials: Trials
    settings: Settings
    asking: Asking
    _asked: int = 0

    def run(self, stage: Stage) -> Flow:
        """Search until nothing is found any more or the budget ends; returns why it ended, and
        whether the user ends the session."""
        ended: tuple[str, bool] | None = None
        while ended is None:  # a person who goes back to another incumbent has it searched anew
            if self.state.best.value is None or self.state.best.blocking:
                return "nothing to search for while it does not train", False
            ended = yield from self._search(stage)
        return ended

    def _search(self, stage: Stage) -> Flow:
        """The same, from this incumbent on; None when a person changes it, or what is locked."""
        failures, first = 0, True
        ended = yield from self._near_ties(stage)
        if ended != "try":
            return None if ended == "again" else ("left on request", ended == "finish")
        while failures < PATIENCE:
            changes = self._look() if first else self._next()
            proposals = tuple(self._proposal(change) for change in changes)
            proposals = self._paid_for(stage, proposals)
            if not proposals:
                return "its share of the budget is spent" if changes else "all was tried", False
            picked = yield from self.asking.ask(stage, proposals)
            if picked.action == "again":
                return None
            if picked.action != "try":
                left = "no proposal is left" if picked.action == "none" else "left on request"
                return left, picked.action == "finish"
            chosen = self._paid_for(stage, picked.proposals)
            accepted = yield from self._try(stage, chosen, together=first)
            failures, first = (0 if accepted else failures + len(chosen)), False
        return f"{failures} candidates in a row were not accepted", False

    def _near_ties(self, stage: Stage) -> Flow:
        """Try all near-ties at once; returns what the user chose, "try" if there was nothing."""
        change = near_ties(self.state, self.experiments.tried)
        made = [self._proposal(change, TOGETHER)] if change else []
        proposals = self._paid_for(stage, tuple(made))
        if not proposals:
            return "try"
        picked = yield from self.asking.ask(stage, proposals)
        if picked.action == "try":
            yield from self._try(stage, self._paid_for(stage, picked.proposals), together=False)
        return "try" if picked.action == "none" else picked.action

    # What to try

    def _look(self) -> list[dict[str, Any]]:
        """Points spread evenly round the incumbent, where only rates and regularisers differ."""
        near = [dim for dim in self._near() if not dim.path.startswith(SHAPES)]
        return self._new(Search(near, "qmc", self._seed(), self.state.best.recipe), LOOK)

    def _next(self) -> list[dict[str, Any]]:
        """What the estimator suggests, as many as there are workers; close to the incumbent while
        it knows too little to say anything."""
        best, dims = self.state.best, self._space()
        known = self._known(dims)
        if len(known) < STARTUP:
            near = Search(self._near(), "qmc", self._seed(), best.recipe)
            return self._new(near, self.settings.workers)
        sampler = Search(dims, "tpe", self._seed(), best.recipe)
        for attempt, change in known:
            sampler.known(change, worth(attempt))
        return self._new(sampler, self.settings.workers)

    def _new(self, sampler: Search, wanted: int) -> list[dict[str, Any]]:
        """Changes of which no recipe was trained yet."""
        best, found = self.state.best, dict[str, dict[str, Any]]()
        sampler.known({}, worth(best))
        for _ in range(MOST_REPEATS):
            change = sampler.ask()
            if change is None or len(found) == wanted:
                break
            digest = best.recipe.changed(change).digest()
            if digest not in self.experiments.tried:
                found[digest] = self._moved(change)
        return list(found.values())

    def _moved(self, change: Mapping[str, Any]) -> dict[str, Any]:
        before = self.state.best.recipe.flat()
        return {path: value for path, value in change.items() if before.get(path) != value}

    def _near(self) -> tuple[Dimension, ...]:
        return search.around(self.state.best.recipe, self._space())

    def _space(self) -> tuple[Dimension, ...]:
        """The documented space, wider where the best lies at an edge."""
        best = self.state.best
        examples = best.facts.get("train_examples")
        known = int(examples) if isinstance(examples, int | float) else None
        dims = search.space(best.recipe, known)
        fields = best.recipe.flat()
        return tuple(
            search.widened(dim, fields[dim.path])
            if dim.path in fields and dim.applies(fields)
            else dim
            for dim in dims
        )

    def _known(self, dims: Sequence[Dimension]) -> list[tuple[Attempt, dict[str, Any]]]:
        """Trials with the session's seed that differ from the incumbent in these fields alone."""
        best, paths = self.state.best.recipe, {dim.path for dim in dims}
        found = []
        for attempt in self.state.attempts:
            before, after = best.flat(), attempt.recipe.flat()
            names = {*before, *after} - {LOCKS}
            change = {p: after.get(p) for p in names if before.get(p) != after.get(p)}
            if change and set(change) <= paths and None not in change.values():
                found.append((attempt, change))
        return found

    def _seed(self) -> int:
        self._asked += 1
        return self.state.start.train.seed + 7919 * self._asked

    def _proposal(self, change: dict[str, Any], rule: Rule = RULE) -> Proposal:
        best = self.state.best
        evidence = {"best_validation_metric": best.value}
        return Proposal(rule, change, evidence, (9, False, rule.rank, rule.id))

    def _paid_for(self, stage: Stage, proposals: tuple[Proposal, ...]) -> tuple[Proposal, ...]:
        epochs, kept = 0.0, list[Proposal]()
        for proposal in proposals:
            epochs += self.shares.epochs(proposal)
            if self.shares.affordable(stage, epochs):
                kept.append(proposal)
        return tuple(kept)

    # Whether it helped

    def _try(self, stage: Stage, proposals: Sequence[Proposal], together: bool) -> Flow:
        """Screen all, the most promising first; returns whether one was accepted."""
        incumbent = self.state.best
        candidates = yield from self.trials.screen(proposals, together)
        pairs = list(zip(proposals, candidates, strict=True))
        for proposal, candidate in sorted(pairs, key=lambda pair: _rank(pair[1])):
            if self.state.best is not incumbent:
                decision = Decision("undecided", "another of this round was accepted before it")
            else:
                decision = yield from self.trials.confirmed(stage, proposal, candidate, incumbent)
            yield from self.trials.keep(stage, proposal, candidate, incumbent, decision)
        return self.state.best is not incumbent


def near_ties(state: State, tried: Container[str]) -> dict[str, Any]:
    """All changes that looked better, the surest first, less those that set what another set; empty
    where there are too few, or the recipe that they make was tried."""
    found: dict[str, Any] = {}
    recipe, count = state.best.recipe, 0
    for decided in sorted(filter(_is_near_tie, state.decisions), key=_surely, reverse=True):
        change = decided.proposal.change
        try:
            changed = recipe.changed(change)
        except (ValidationError, KeyError):
            continue
        if changed == recipe or not found.keys().isdisjoint(change):
            continue
        if not any(recipe.locks(path) for path in change):
            recipe, found, count = changed, found | dict(change), count + 1
    new = recipe.digest() not in tried
    return found if new and count >= LEAST_TOGETHER else {}


def _is_near_tie(decided: Decided) -> bool:
    seen, rule = decided.decision.comparison, decided.proposal.rule
    by_gain = rule.criterion == "better" and rule.id not in (RULE.id, TOGETHER.id)
    undecided = decided.decision.verdict == "undecided" and decided.proposal.origin == "rule"
    return undecided and by_gain and seen is not None and seen.gain > 0


def _surely(decided: Decided) -> float:
    seen = decided.decision.comparison
    return seen.gain / seen.error if seen and seen.error else 0.0


def worth(attempt: Attempt) -> float | None:
    """The validation metric, turned so that larger is better; None without one."""
    return None if attempt.value is None else oriented(attempt.recipe.metric, attempt.value)


def _rank(attempt: Attempt) -> float:
    """The best first; last what gave nothing."""
    found = worth(attempt)
    return math.inf if found is None else -found
