"""Works through one stage: its gates, its probes, its proposals."""

from __future__ import annotations

from collections.abc import Sequence

from advisor.advice import Advice, Proposal, propose
from advisor.probes import PROBES
from advisor.requests import StageEntered, StageLeft, StageSkipped
from advisor.rulebook import Rule
from advisor.session.asking import Asking
from advisor.session.climb import Climbs
from advisor.session.experiments import Experiments, Flow
from advisor.session.leader import Leader, built_on, leader, step
from advisor.session.locking import Locking
from advisor.session.rescue import Rescue
from advisor.session.search import Searches
from advisor.session.settings import Settings
from advisor.session.shares import Shares
from advisor.session.trying import Trials
from advisor.stages import (
    ODD,
    Stage,
    faults_of_data,
    only_odd,
    passed,
    reason_to_skip,
    to_mend,
)
from advisor.state import Attempt, State
from advisor.symptoms import Arbitration

LEFT = "left on request"
NEXT_TO_NOTHING = 1e-3
"""Epochs: where there is no room for these, a share is spent."""


class Visits:
    """Visits to stages, by their rules."""

    def __init__(
        self,
        state: State,
        rules: Sequence[Rule],
        experiments: Experiments,
        shares: Shares,
        settings: Settings,
    ) -> None:
        self._state, self._rules = state, rules
        self._experiments, self._shares, self._settings = experiments, shares, settings
        self.trials = Trials(state, experiments, shares)
        locking = Locking(state, self.trials, rules)
        self.asking = Asking(state, experiments, shares, self.trials, locking)
        self.climbs = Climbs(state, experiments, shares, self.trials, self.asking)
        self.searches = Searches(state, experiments, shares, self.trials, settings, self.asking)
        self.rescue = Rescue(
            state, experiments, self.trials, self.asking, settings, self.searches.space
        )

    def visit(self, stage: Stage) -> Flow:
        """Work through one stage; returns True when the user ends the session."""
        state, front = self._state, leader(self._state, stage).attempt
        closed = reason_to_skip(stage, front.findings, front.value is not None)
        if closed:
            yield StageSkipped(stage, closed)
            return False
        state.visits[stage.name] = state.visits.get(stage.name, 0) + 1
        yield StageEntered(stage, state.visits[stage.name] > 1, front.findings)
        outcome, action = yield from self._parts(stage)
        yield StageLeft(stage, outcome)
        return action == "finish"

    def settle(self, stage: Stage) -> Flow:
        """Decide about what was built on though it is not shown, on fresh seeds."""
        front, incumbent = leader(self._state), self._state.best
        if front.decided is None or not front.is_open:
            return
        proposal, found = front.decided.proposal, front.attempt
        decision = yield from self.trials.confirmed(stage, proposal, found, incumbent)
        yield from self.trials.keep(stage, proposal, found, incumbent, decision)

    def _parts(self, stage: Stage) -> Flow:
        """The climb, the rules and the search, as far as the stage has them and the user wants;
        returns why it was left, and the user's last choice."""
        if stage.name == "learning_rate":
            action = yield from self.climbs.run(stage)
            if action != "try":
                return LEFT, action
        outcome, action = yield from self._work(stage)
        while action == "try" and stage.name == "sanity" and self._must_be_found():
            told, action = yield from self.rescue.run(stage)
            outcome = f"{outcome}; then searched: {told}"
            if action != "found":
                return outcome, action
            told, action = yield from self._work(stage)
            outcome = f"{outcome}; {told}"
        if stage.name != "finish" or action != "try":
            return outcome, action
        told, action = yield from self.searches.run(stage)
        return f"{outcome}; then searched: {told}", action

    def _work(self, stage: Stage) -> Flow:
        """Propose and try until something speaks for leaving; returns what, and the user's last
        choice."""
        refused, declined, failures, tried = set[tuple[str, str]](), set[str](), 0, 0
        while tried < stage.most_trials:
            front = leader(self._state, stage)
            if passed(stage, front.attempt.findings, front.attempt.value is not None):
                return "its exit gate is open", "try"
            advice = yield from self._advise(stage, refused, declined)
            proposals = tuple(
                one
                for one in self._shares.affordable_ones(stage, advice.proposals)
                if self._shares.leaves_a_meeting(self._shares.epochs(one))
            )
            if not proposals:
                return self._nothing_to_try(stage, advice), "try"
            picked = yield from self.asking.ask(stage, proposals, advice.refused)
            declined.update(proposal.rule.id for proposal in picked.refused)
            if picked.action in ("again", "none"):
                failures = 0 if self._has_moved(stage, front) else failures
                continue
            if picked.action != "try":
                return LEFT, picked.action
            chosen = self._chosen(stage, picked.proposals, stage.most_trials - tried)
            settled = yield from self.trials.run(stage, chosen)
            tried += len(chosen)
            has_moved, stuck = self._has_moved(stage, front), bool(self._state.best.blocking)
            failures = 0 if has_moved else failures + len(chosen)
            if has_moved and stuck:
                refused.clear()  # what did nothing before may be the second half of a cure
            refused.update(_mark(front, proposal) for proposal in settled)
            if failures >= stage.most_failures and not (stage.name == "sanity" and stuck):
                return f"{failures} proposals in a row were not accepted", "try"
        return f"{stage.most_trials} trials are its limit", "try"

    def _nothing_to_try(self, stage: Stage, advice: Advice) -> str:
        """Why it is left without a proposal that there is room for."""
        shares, budget = self._shares, self._state.budget
        if budget.share >= 1 - 1e-9:
            return "the budget is spent"
        if not advice.proposals:
            held = f" (held back: {'; '.join(advice.refused)})" if advice.refused else ""
            return f"no rule has more to propose{held}"
        least = min(shares.epochs(proposal) for proposal in advice.proposals)
        if not budget.allows(least):
            return "what is left of the budget is too little for another training"
        if not shares.left(least):
            return "what is left of the budget is kept back for the trainings at the end"
        if not shares.leaves_a_meeting(least):
            return "what is left of the budget is kept to decide about what leads"
        if not shares.affordable(stage, NEXT_TO_NOTHING):
            return "its share of the budget is spent"
        return "what is left of its share of the budget is too little for another training"

    def _must_be_found(self) -> bool:
        """Whether it does not train, no rule has helped, and scores still mean something."""
        best = self._state.best
        return bool(best.blocking) and not faults_of_data(best.findings) and best.value is not None

    def _has_moved(self, stage: Stage, front: Leader) -> bool:
        return leader(self._state, stage).attempt.trial.number != front.attempt.trial.number

    def _chosen(self, stage: Stage, proposals: Sequence[Proposal], most: int) -> list[Proposal]:
        """The first, which was chosen, and those after it where there are workers to spare."""
        chosen = [proposals[0]]
        epochs = 0.0
        for other in proposals[1:]:
            epochs += self._shares.epochs(other)
            room = len(chosen) < min(self._settings.workers, most)
            together = self._shares.epochs(chosen[0]) + epochs
            if not room or not self._shares.affordable(stage, together):
                break
            if not self._shares.may_gamble():
                break
            chosen.append(other)
        return chosen

    def _advise(self, stage: Stage, refused: set[tuple[str, str]], declined: set[str]) -> Flow:
        """Proposals from the leader on, after the probes that undecided rules ask for; `declined`:
        rules of which nothing more is wanted in this visit."""
        rules = [rule for rule in self._rules if rule.id not in declined]
        for _ in range(len(PROBES) + 1):
            front = leader(self._state, stage)
            on = front.attempt
            advice = propose(
                stage.name,
                on.recipe,
                self._experiments.facts(on),
                rules,
                Arbitration.of(on.findings),
                self._experiments.tried,
                to_mend(on.findings) if stage.name == "sanity" else (),
                self._settings.experience.after(self._state.decisions),
            )
            known = {"lr_range"} if self.climbs.was_here(on) else set[str]()
            wanted = [probe for probe in advice.probes if probe not in known]
            due = [probe for probe in wanted if self._experiments.due(stage, probe, on)]
            if not due:
                break
            yield from self._experiments.probe(due[0], on.recipe)
        fresh = [
            built_on(front, self._state.best, p)
            for p in advice.proposals
            if _mark(front, p) not in refused and not self.climbs.settled(stage, on, p)
        ]
        held_back = (*advice.refused, *(f"{rule}: refused by you" for rule in sorted(declined)))
        return Advice(tuple(self._fitting(stage, on, fresh)), advice.probes, held_back)

    def _fitting(self, stage: Stage, on: Attempt, proposals: Sequence[Proposal]) -> list[Proposal]:
        """While a fault of the data is open, its cures only; and what is merely odd by itself."""
        findings = on.findings
        faults = faults_of_data(findings)
        fitting = [p for p in proposals if not faults or p.treats in faults]
        if stage.name == "sanity" and only_odd(findings):
            fitting = [p for p in fitting if p.treats == ODD]
        return fitting


def _mark(front: Leader, proposal: Proposal) -> tuple[str, str]:
    return proposal.rule.id, repr(sorted(step(front, proposal).items()))
