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
from advisor.session.locking import Locking
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
from advisor.state import State
from advisor.symptoms import Arbitration

LEFT = "left on request"


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

    def visit(self, stage: Stage) -> Flow:
        """Work through one stage; returns True when the user ends the session."""
        state, incumbent = self._state, self._state.best
        closed = reason_to_skip(stage, incumbent.findings, incumbent.value is not None)
        if closed:
            yield StageSkipped(stage, closed)
            return False
        state.visits[stage.name] = state.visits.get(stage.name, 0) + 1
        yield StageEntered(stage, state.visits[stage.name] > 1, incumbent.findings)
        outcome, action = yield from self._parts(stage)
        yield StageLeft(stage, outcome)
        return action == "finish"

    def _parts(self, stage: Stage) -> Flow:
        """The climb, the rules and the search, as far as the stage has them and the user wants;
        returns why it was left, and the user's last choice."""
        if stage.name == "learning_rate":
            action = yield from self.climbs.run(stage)
            if action != "try":
                return LEFT, action
        outcome, action = yield from self._work(stage)
        if stage.name != "finish" or action != "try":
            return outcome, action
        found, ended = yield from self.searches.run(stage)
        return f"{outcome}; then searched: {found}", "finish" if ended else "leave"

    def _work(self, stage: Stage) -> Flow:
        """Propose and try until something speaks for leaving; returns what, and the user's last
        choice."""
        refused, declined, failures, tried = set[tuple[str, str]](), set[str](), 0, 0
        while tried < stage.most_trials:
            best = self._state.best
            if passed(stage, best.findings, best.value is not None):
                return "its exit gate is open", "try"
            advice = yield from self._advise(stage, refused, declined)
            proposals = self._shares.affordable_ones(stage, advice.proposals)
            if not proposals:
                return _nothing_to_try(advice), "try"
            picked = yield from self.asking.ask(stage, proposals, advice.refused)
            declined.update(proposal.rule.id for proposal in picked.refused)
            if picked.action in ("again", "none"):
                failures = failures if self._state.best.trial == best.trial else 0
                continue
            if picked.action != "try":
                return LEFT, picked.action
            chosen = self._chosen(stage, picked.proposals, stage.most_trials - tried)
            settled = yield from self.trials.run(stage, chosen)
            tried += len(chosen)
            accepted = self._state.best is not best
            failures = 0 if accepted else failures + len(chosen)
            refused.update(_mark(proposal) for proposal in settled)
            if failures >= stage.most_failures:
                return f"{failures} proposals in a row were not accepted", "try"
        return f"{stage.most_trials} trials are its limit", "try"

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
        """Proposals for the incumbent, after the probes that undecided rules ask for; `declined`:
        rules of which nothing more is wanted in this visit."""
        rules = [rule for rule in self._rules if rule.id not in declined]
        for _ in range(len(PROBES) + 1):
            best = self._state.best
            advice = propose(
                stage.name,
                best.recipe,
                self._experiments.facts(),
                rules,
                Arbitration.of(best.findings),
                self._experiments.tried,
                to_mend(best.findings) if stage.name == "sanity" else (),
                self._settings.experience.after(self._state.decisions),
            )
            known = {"lr_range"} if self.climbs.was_here() else set[str]()
            wanted = [probe for probe in advice.probes if probe not in known]
            due = [probe for probe in wanted if self._experiments.due(stage, probe)]
            if not due:
                break
            yield from self._experiments.probe(due[0], best.recipe)
        fresh = [
            p for p in advice.proposals if _mark(p) not in refused and not self.climbs.settled(p)
        ]
        held_back = (*advice.refused, *(f"{rule}: refused by you" for rule in sorted(declined)))
        return Advice(tuple(self._fitting(stage, fresh)), advice.probes, held_back)

    def _fitting(self, stage: Stage, proposals: Sequence[Proposal]) -> list[Proposal]:
        """While a fault of the data is open, its cures only; and what is merely odd by itself."""
        findings = self._state.best.findings
        faults = faults_of_data(findings)
        fitting = [p for p in proposals if not faults or p.treats in faults]
        if stage.name == "sanity" and only_odd(findings):
            fitting = [p for p in fitting if p.treats == ODD]
        return fitting


def _nothing_to_try(advice: Advice) -> str:
    if advice.proposals:
        return "its share of the budget is spent"
    held = f" (held back: {'; '.join(advice.refused)})" if advice.refused else ""
    return f"no rule has more to propose{held}"


def _mark(proposal: Proposal) -> tuple[str, str]:
    return proposal.rule.id, repr(sorted(proposal.change.items()))
