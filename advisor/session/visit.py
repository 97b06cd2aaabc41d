"""Works through one stage: its gates, its probes, its proposals."""

from __future__ import annotations

from collections.abc import Sequence

from advisor.advice import Advice, Proposal, propose
from advisor.probes import PROBES
from advisor.requests import Choice, Choose, StageEntered, StageLeft, StageSkipped
from advisor.rulebook import Rule
from advisor.session.climb import Climbs
from advisor.session.experiments import Experiments, Flow
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
        self.climbs = Climbs(state, experiments, shares, self.trials)
        self.searches = Searches(state, experiments, shares, self.trials, settings)

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
        refused, failures, tried = set[tuple[str, str]](), 0, 0
        while tried < stage.most_trials:
            best = self._state.best
            if passed(stage, best.findings, best.value is not None):
                return "its exit gate is open", "try"
            advice = yield from self._advise(stage, refused)
            proposals = self._shares.affordable_ones(stage, advice.proposals)
            if not proposals:
                return _nothing_to_try(advice), "try"
            choice = yield Choose(stage, proposals)
            assert isinstance(choice, Choice)
            if choice.action != "try":
                return LEFT, choice.action
            chosen = self._chosen(stage, proposals, choice, stage.most_trials - tried)
            settled = yield from self.trials.run(stage, chosen)
            tried += len(chosen)
            accepted = self._state.best is not best
            failures = 0 if accepted else failures + len(chosen)
            refused.update(_mark(proposal) for proposal in settled)
            if failures >= stage.most_failures:
                return f"{failures} proposals in a row were not accepted", "try"
        return f"{stage.most_trials} trials are its limit", "try"

    def _chosen(
        self, stage: Stage, proposals: Sequence[Proposal], choice: Choice, most: int
    ) -> list[Proposal]:
        """The proposal that was chosen and, where there are workers to spare, those after it."""
        chosen = [proposals[choice.index]]
        epochs = 0.0
        for other in proposals[choice.index + 1 :]:
            epochs += self._shares.epochs(other)
            room = len(chosen) < min(self._settings.workers, most)
            if not room or not self._shares.affordable(
                stage, self._shares.epochs(chosen[0]) + epochs
            ):
                break
            chosen.append(other)
        return chosen

    def _advise(self, stage: Stage, refused: set[tuple[str, str]]) -> Flow:
        """Proposals for the incumbent, after the probes that undecided rules ask for."""
        for _ in range(len(PROBES) + 1):
            best = self._state.best
            advice = propose(
                stage.name,
                best.recipe,
                self._experiments.facts(),
                self._rules,
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
        return Advice(tuple(self._fitting(stage, fresh)), advice.probes, advice.refused)

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
