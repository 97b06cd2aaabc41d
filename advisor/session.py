"""A tuning session as a pure state machine: it asks, is told, and asks again.

`Session.request` is what it wants now; `Session.tell(answer)` moves it on. It runs nothing and
reads no clock, so telling it the same answers again gives the same state: that is how a session
is resumed. Notes are announcements; they are answered with None.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any, TypeAlias

from advisor import evidence, symptoms
from advisor.advice import Advice, Proposal, propose
from advisor.budget import Budget
from advisor.checked import CHECKS, applicable
from advisor.events import ProbeFinished
from advisor.evidence import Comparison, Decision, Predictions
from advisor.facts import FactValue, measure
from advisor.probes import PROBES, probe_epochs
from advisor.recipe import Recipe
from advisor.requests import (
    Answer,
    Choice,
    Choose,
    Decided,
    OpenTest,
    Purpose,
    Remark,
    Request,
    Result,
    RunProbe,
    StageEntered,
    StageLeft,
    StageSkipped,
    TestResult,
    Train,
)
from advisor.rulebook import Rule
from advisor.stages import (
    DATA_CLASS,
    ODD,
    STAGES,
    Stage,
    faults_of_data,
    fits_already,
    in_earnest,
    only_odd,
    passed,
    reason_to_skip,
    reopened_by,
    to_mend,
)
from advisor.state import Attempt, State
from advisor.symptoms import Arbitration

Flow: TypeAlias = Generator[Request, Answer, Any]

MOST_VISITS = 2
"""How often one stage may be entered, so that reopening cannot go round in circles."""
SEEDS = 2**32
FRESH_SEED = 1000
"""Added to the seed for the confirmation run: no decision has ever seen that seed."""
LEAST_TRAININGS = 5
"""A budget of so many trainings or more keeps one back for the confirmation."""
SETTINGS_SHARE = 0.4
"""Of the budget: where it trains, mending settings may spend so much before the search."""
PROBE_SHARE = 0.6
"""A probe may cost at most this share of one training, and is skipped when it would cost more
than the stage has left."""


class Session:
    """Tunes `recipe` with `rules`, one answered request at a time."""

    def __init__(self, recipe: Recipe, rules: Sequence[Rule]) -> None:
        self.state = State(recipe, Budget.of(recipe))
        self._rules = rules
        self._tried: set[str] = set()
        self._probed: dict[tuple[str, str], dict[str, FactValue]] = {}
        self._checks: list[tuple[Recipe, ProbeFinished]] = []
        self._until: dict[str, float] = {}
        self._experiments = 0
        self._flow = self._tune()
        self.request: Request | None = next(self._flow)

    def tell(self, answer: Answer) -> Request | None:
        """Answer the current request; returns the next one, None when the session is over."""
        try:
            self.request = self._flow.send(answer)
        except StopIteration:
            self.request = None
            self.state.finished = True
        return self.request

    def _tune(self) -> Flow:
        state = self.state
        if not state.budget.allows(state.start.train.epochs):
            yield Remark(
                f"the budget is less than one training of {state.start.train.epochs} epochs: "
                "only the starting recipe is trained"
            )
        yield from self._check()
        state.incumbent = yield from self._train("baseline", state.start)
        while state.waiting:
            stage = state.waiting.pop(self._next_stage())
            ended = yield from self._visit(stage)
            if ended:
                break
        yield from self._confirm()
        yield from self._open_test()

    # Stages

    def _next_stage(self) -> int:
        """Place of the stage to visit now: the next one, but regularisation before whatever would
        only fit better what is fitted. What it passes over comes after it, with its budget."""
        waiting = self.state.waiting
        regularise = next((i for i, s in enumerate(waiting) if s.name == "regularization"), 0)
        fitting = waiting[0].phase == "raise performance"
        if not regularise or not fitting or not fits_already(self._incumbent.findings):
            return 0
        self._until["regularization"] = waiting[regularise - 1].until
        for stage in waiting[:regularise]:
            self._until[stage.name] = waiting[regularise].until
        return regularise

    def _visit(self, stage: Stage) -> Flow:
        """Work through one stage; returns True when the user ends the session."""
        state, incumbent = self.state, self._incumbent
        closed = reason_to_skip(stage, incumbent.findings, incumbent.value is not None)
        if closed:
            yield StageSkipped(stage, closed)
            return False
        state.visits[stage.name] = state.visits.get(stage.name, 0) + 1
        yield StageEntered(stage, state.visits[stage.name] > 1, incumbent.findings)
        failures, refused, outcome, ended = 0, set[tuple[str, str]](), "", False
        for _ in range(stage.most_trials):
            if passed(stage, self._incumbent.findings, self._incumbent.value is not None):
                outcome = "its exit gate is open"
                break
            advice = yield from self._advise(stage, refused)
            if not advice.proposals:
                held = f" (held back: {'; '.join(advice.refused)})" if advice.refused else ""
                outcome = f"no rule has more to propose{held}"
                break
            proposals = self._affordable_ones(stage, advice.proposals)
            if not proposals:
                outcome = "its share of the budget is spent"
                break
            choice = yield Choose(stage, proposals)
            assert isinstance(choice, Choice)
            if choice.action != "try":
                outcome, ended = "left on request", choice.action == "finish"
                break
            proposal = proposals[choice.index]
            accepted = yield from self._try(stage, proposal)
            failures = 0 if accepted else failures + 1
            refused.add(_mark(proposal))
            if failures >= stage.most_failures:
                outcome = f"{failures} proposals in a row were not accepted"
                break
        yield StageLeft(stage, outcome or f"{stage.most_trials} trials are its limit")
        return ended

    def _advise(self, stage: Stage, refused: set[tuple[str, str]]) -> Flow:
        """Proposals for the incumbent, after the probes that undecided rules ask for."""
        for _ in range(len(PROBES) + 1):
            advice = propose(
                stage.name,
                self._incumbent.recipe,
                self._facts(),
                self._rules,
                Arbitration.of(self._incumbent.findings),
                self._tried,
                to_mend(self._incumbent.findings) if stage.name == "sanity" else (),
            )
            due = [probe for probe in advice.probes if self._probe_due(stage, probe)]
            if not due:
                break
            yield from self._probe(due[0], self._incumbent.recipe)
        fresh = tuple(p for p in advice.proposals if _mark(p) not in refused)
        faults = faults_of_data(self._incumbent.findings)
        if faults:
            fresh = tuple(p for p in fresh if p.treats in faults)
        if stage.name == "sanity" and only_odd(self._incumbent.findings):
            fresh = tuple(p for p in fresh if p.treats == ODD)
        return Advice(fresh, advice.probes, advice.refused)

    def _check(self) -> Flow:
        """Look at the data and the model before anything is trained."""
        state = self.state
        found = yield from self._probe("preflight", state.start)
        if found:
            seen = symptoms.detect(state.start, [found])
            state.checked = tuple(f for f in seen if f.outcome != "not enough data")

    def _facts(self) -> dict[str, FactValue]:
        facts = dict(self._incumbent.facts)
        key = _probe_key(self._incumbent.recipe)
        for (_, where), found in self._probed.items():
            if where == key:
                facts |= found
        return facts

    def _probe_due(self, stage: Stage, probe: str) -> bool:
        recipe, data = self._incumbent.recipe, self._incumbent.facts
        if probe not in PROBES or (probe, _probe_key(recipe)) in self._probed:
            return False
        examples = data.get("train_examples")
        if not isinstance(examples, int | float) or not examples:
            return False
        cost = probe_epochs(probe, recipe, int(examples))
        return cost <= PROBE_SHARE * recipe.train.epochs and self._affordable(stage, cost)

    def _probe(self, probe: str, recipe: Recipe) -> Flow:
        request = RunProbe(self._next_number(), probe, recipe)
        result = yield request
        assert isinstance(result, Result)
        found = result.probed
        self.state.probes.append((request, result))
        self._probed[probe, _probe_key(request.recipe)] = dict(found.facts) if found else {}
        if found:
            examples = found.steps * request.recipe.train.batch_size
            # the checks before training come with every session: what is asked for is trainings
            epochs = 0.0 if probe == "preflight" else found.epochs
            self.state.budget.spend(epochs, examples, result.seconds)
        if found and probe in CHECKS:
            self._checks.append((recipe, found))
            if self.state.incumbent is not None:
                self.state.incumbent = self._seen(self._incumbent.trial, self._incumbent.result)
        return found

    # Trials and decisions

    def _try(self, stage: Stage, proposal: Proposal) -> Flow:
        """Run a proposal against the incumbent and keep it if the evidence says so."""
        state, incumbent = self.state, self._incumbent
        recipe = incumbent.recipe.changed(proposal.change)
        candidate = yield from self._train("candidate", recipe, self._race(recipe))
        decision = self._judge(proposal, [(candidate, incumbent)])
        pairs = [(candidate, incumbent)]
        while decision.more_seeds_may_help and self._affordable(stage, 2 * recipe.train.epochs):
            pair = yield from self._another_pair(candidate, incumbent, len(pairs))
            if _predictions(pair, state.scale) is None:
                decision = _without_pair(pair, decision)
                break
            pairs.append(pair)
            decision = self._judge(proposal, pairs)
        accepted = decision.verdict == "accepted"
        reopens = self._accept(stage, candidate, proposal) if accepted else ()
        decided = Decided(
            stage,
            proposal,
            candidate.trial.number,
            decision,
            candidate.value,
            incumbent.value,
            reopens,
        )
        state.decisions.append(decided)
        yield decided
        return accepted

    def _another_pair(self, candidate: Attempt, incumbent: Attempt, offset: int) -> Flow:
        made = []
        for attempt in (candidate, incumbent):
            seed = (attempt.recipe.train.seed + offset) % SEEDS
            recipe = attempt.recipe.changed({"train.seed": seed})
            known = next((a for a in self.state.attempts if a.recipe == recipe), None)
            made.append(known or (yield from self._train("repeat", recipe)))
        return tuple(made)

    def _judge(self, proposal: Proposal, pairs: Sequence[tuple[Attempt, Attempt]]) -> Decision:
        candidate, incumbent = pairs[0]
        finished = candidate.result.finished
        if finished is None or finished.status == "failed":
            return Decision("rejected", f"the trial failed: {candidate.result.error}")
        measured = [_predictions(pair, self.state.scale) for pair in pairs]
        comparable = [pair for pair in measured if pair is not None]
        comparison = self._compare(comparable)
        if finished.status in ("diverged", "stopped"):
            return Decision("rejected", finished.message, comparison)
        if incumbent.result.predictions is None:
            return Decision("accepted", "it trains; the incumbent never gave a finite result")
        if comparison is None:
            return Decision("rejected", "no finite validation result to compare")
        return self._weigh(proposal, pairs, comparison)

    def _compare(self, pairs: list[tuple[Predictions, Predictions]]) -> Comparison | None:
        return evidence.compare(self.state.start, pairs, self.state.scale) if pairs else None

    def _weigh(
        self,
        proposal: Proposal,
        pairs: Sequence[tuple[Attempt, Attempt]],
        comparison: Comparison,
    ) -> Decision:
        candidate, incumbent = pairs[0]
        decision = evidence.decide(comparison, proposal.rule.criterion, proposal.rule.price)
        clear = {f.symptom for f in candidate.findings if f.outcome == "clear"}
        cured = incumbent.blocking & clear
        first = min((symptoms.ORDER[name] for name in cured), default=0)
        graver = {
            name
            for name in candidate.blocking - incumbent.blocking
            if symptoms.ORDER[name] <= first
        }
        meaningless = first == DATA_CLASS  # scores under such a fault say nothing
        undecided = decision.verdict == "undecided" and comparison.gain > -comparison.sigma
        if cured and not graver and (undecided or meaningless):
            what = ", ".join(sorted(cured)).replace("_", " ")
            return Decision("accepted", f"cures {what}: {comparison}", comparison)
        return decision

    def _accept(self, stage: Stage, candidate: Attempt, proposal: Proposal) -> tuple[str, ...]:
        """Make the candidate the incumbent and put back the stages that its change reopens."""
        state = self.state
        state.incumbent = candidate
        waiting = {waiting.name for waiting in state.waiting} | {stage.name}
        reopens = tuple(
            name
            for name in reopened_by(list(proposal.change))
            if name not in waiting and 0 < state.visits.get(name, 0) < MOST_VISITS
        )
        back = [other for other in STAGES if other.name in reopens]
        for other in back:
            self._until[other.name] = max(other.until, self._until.get(stage.name, stage.until))
        state.waiting = sorted(back + state.waiting, key=STAGES.index)
        return reopens

    def _train(self, purpose: Purpose, recipe: Recipe, race: Sequence[float | None] = ()) -> Flow:
        trial = Train(self._next_number(), purpose, recipe, tuple(race))
        result = yield trial
        assert isinstance(result, Result)
        finished = result.finished
        if finished:
            self.state.budget.spend(finished.epochs, finished.examples, result.seconds)
        self._tried.add(recipe.digest())
        attempt = self._seen(trial, result)
        self.state.attempts.append(attempt)
        return attempt

    def _seen(self, trial: Train, result: Result) -> Attempt:
        """The trial with its symptoms, and those of what was checked of its recipe."""
        recipe, checks = trial.recipe, applicable(self._checks, trial.recipe)
        findings = tuple(symptoms.detect(recipe, [*checks, *result.events]))
        checked = {name: value for event in checks for name, value in event.facts.items()}
        facts = checked | measure(recipe, result.events) | symptoms.as_facts(findings)
        return Attempt(trial, result, facts, findings)

    def _race(self, candidate: Recipe) -> list[float | None]:
        """Floors that stop a hopeless candidate; none where curves are not comparable."""
        incumbent = self._incumbent
        predictions, recipe = incumbent.result.predictions, incumbent.recipe
        comparable = ("schedule", "train", "regularization")
        same = all(getattr(candidate, part) == getattr(recipe, part) for part in comparable)
        if predictions is None or not same:
            return []
        error = evidence.metric_error(recipe, predictions, self.state.scale)
        return evidence.race_floors(recipe, incumbent.result.curve(), error)

    # The end

    def _confirm(self) -> Flow:
        """Train the winner on a seed that no decision has seen."""
        best = self._incumbent
        recipe = best.recipe.changed({"train.seed": (best.recipe.train.seed + FRESH_SEED) % SEEDS})
        start = self.state.baseline
        unchanged = start is not None and best.recipe == start.recipe
        if unchanged or not self.state.budget.allows(recipe.train.epochs):
            return
        self.state.confirmation = yield from self._train("confirmation", recipe)

    def _open_test(self) -> Flow:
        state, best = self.state, self._incumbent
        trials = {"best": best} | ({"baseline": state.baseline} if state.baseline else {})
        if best.blocking:
            faults = ", ".join(sorted(best.blocking)).replace("_", " ")
            data = faults_of_data(best.findings)
            what = "a fault of the data is open" if data else "it does not train yet"
            yield Remark(f"{what} ({faults}), so the test set stays sealed")
            return
        usable = {
            name: attempt.trial.number
            for name, attempt in trials.items()
            if attempt.result.predictions is not None
        }
        if not usable:
            yield Remark("nothing could be trained, so the test set stays sealed")
            return
        answer = yield OpenTest(usable)
        assert isinstance(answer, TestResult)
        state.test = answer

    # Small helpers

    @property
    def _incumbent(self) -> Attempt:
        assert self.state.incumbent is not None
        return self.state.incumbent

    def _affordable(self, stage: Stage, epochs: float) -> bool:
        """Within the stage's share, and with one training left for the confirmation."""
        budget, reserve = self.state.budget, float(self._incumbent.recipe.train.epochs)
        until = self._until.get(stage.name, stage.until)
        if stage.name == "sanity" and in_earnest(self._incumbent.findings):
            reserve = 0.0
        elif stage.name == "sanity":  # settings that are wrong leave something for the search
            until = SETTINGS_SHARE
        if not budget.holds(LEAST_TRAININGS * self.state.start.train.epochs):
            reserve = 0.0
        return budget.allows(epochs, until) and budget.allows(epochs + reserve)

    def _affordable_ones(
        self, stage: Stage, proposals: tuple[Proposal, ...]
    ) -> tuple[Proposal, ...]:
        return tuple(p for p in proposals if self._affordable(stage, self._epochs(p)))

    def _epochs(self, proposal: Proposal) -> float:
        return float(proposal.change.get("train.epochs", self._incumbent.recipe.train.epochs))

    def _next_number(self) -> int:
        self._experiments += 1
        return self._experiments


def _mark(proposal: Proposal) -> tuple[str, str]:
    return proposal.rule.id, repr(sorted(proposal.change.items()))


def _probe_key(recipe: Recipe) -> str:
    """What a probe's result depends on: the recipe without rate, schedule, length and the like."""
    return recipe.changed(
        {
            "regularization.dropout": 0.0,
            "regularization.augmentation": {},
            "optimizer.lr": 0.001,
            "schedule": {"kind": "constant"},
            "train.epochs": 1,
            "train.early_stopping": None,
        }
    ).digest()


def _without_pair(pair: tuple[Attempt, Attempt], before: Decision) -> Decision:
    """What a repeat that gave no result means."""
    candidate, _ = pair
    seed = candidate.recipe.train.seed
    if candidate.result.predictions is None:
        return Decision("rejected", f"it does not train with seed {seed}", before.comparison)
    return Decision(
        "undecided", f"the incumbent does not train with seed {seed}", before.comparison
    )


def _predictions(
    pair: tuple[Attempt, Attempt], scale: float
) -> tuple[Predictions, Predictions] | None:
    ours, theirs = (attempt.predictions(scale) for attempt in pair)
    return (ours, theirs) if ours is not None and theirs is not None else None
