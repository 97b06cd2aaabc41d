"""A session told in lines: what it looks at, what it proposes and why, and what came of it."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from advisor.advice import Proposal
from advisor.choice_words import chosen_words, locked_words, looked_words, returned_words
from advisor.cli.narrate_finals import ensemble_lines, finals_lines, fresh_words
from advisor.cli.narrate_trials import change_words, trial_words, tried_words, tries
from advisor.events import Event, TrialFinished
from advisor.recipe import Recipe
from advisor.requests import (
    Answer,
    Choice,
    Choose,
    Decided,
    Ensemble,
    Finals,
    Locked,
    Looked,
    OpenTest,
    Remark,
    Request,
    Result,
    Results,
    Returned,
    RunProbe,
    StageEntered,
    StageLeft,
    StageSkipped,
    TestResult,
    Train,
    TrainAll,
)
from advisor.session_symptoms import judged
from advisor.state import State
from advisor.summary import changes, measured
from advisor.symptoms import Finding
from advisor.symptoms.remedies import REMEDIES
from advisor.text import change, clean, counted, number
from advisor.verdict_words import PASSED, SIGNS, verdict_word

COLOURS = {"accepted": "green", "rejected": "red", "undecided": "yellow", PASSED: "yellow"}
STAYS = "undecided, the simpler recipe stays"
MOST_BEHIND = 2
"""Proposals that are named after the first."""


class Narrator:
    """An observer that prints; the sole voice when output is piped."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._phase = ""
        self._proposed: tuple[Proposal, ...] = ()
        self._behind: tuple[Proposal, ...] = ()
        """those after the first that are still to be named"""

    def asked(self, request: Request, state: State) -> None:
        if isinstance(request, TrainAll):
            self._round(request, state)
        self._name_others(state)
        match request:
            case Train():
                self._trial(request, state)
            case TrainAll():
                for trial in request.trials:
                    self._trial(trial, state, in_round=True)
            case RunProbe():
                first = request.probe == "preflight"
                what = "checks before training" if first else _words(request.probe)
                self.say(f"  probe {request.number}: {what}")
            case Choose():
                self._proposal(request.proposals[0], state)
                self._proposed = request.proposals
                self._behind = request.proposals[1:]
            case OpenTest():
                self.say("\n[bold]test[/] the sealed split is opened, once")
            case StageEntered():
                self._stage(request)
            case StageSkipped():
                self._header(request.stage.phase)
                self.say(f"[bold]{request.stage.name}[/] [dim]skipped: {_text(request.reason)}[/]")
            case StageLeft():
                self.say(f"  [dim]left: {_text(request.outcome)}; spent {state.budget}[/]")
            case Decided():
                self._decision(request)
            case Looked():
                self.say(f"    [cyan]o[/] {_text(looked_words(request))}")
            case Returned():
                self.say(f"  [bold blue]<[/] {_text(returned_words(request))}")
            case Locked():
                self.say(f"  [dim]{_text(locked_words(request))}[/]")
            case Finals():
                self._lines(finals_lines(request, state))
            case Ensemble():
                self._lines(ensemble_lines(request, state))
            case Remark():
                self.say(_text(request.text))

    def event(self, event: Event, trial: int) -> None:
        pass

    def answered(self, request: Request, answer: Answer, state: State) -> None:
        if isinstance(request, Train) and isinstance(answer, Result):
            self._result(request, answer, state)
        elif isinstance(request, TrainAll) and isinstance(answer, Results):
            for trial, result in zip(request.trials, answer.results, strict=True):
                self.say(f"  trial {trial.number}")
                self._result(trial, result, state)
        elif isinstance(request, RunProbe) and isinstance(answer, Result):
            if request.probe == "preflight" and answer.probed:
                self._checked(answer, state)
            else:
                self._probed(answer)
        elif isinstance(request, Choose) and isinstance(answer, Choice):
            if told := chosen_words(answer, request, state.best.recipe.flat()):
                self._name_others(state)
                self.say(f"    [dim]{_text(told)}[/]")
        elif isinstance(answer, TestResult):
            for name in ("baseline", "best", "ensemble"):
                value, loss = (answer.facts.get(f"{name}_{what}") for what in ("metric", "loss"))
                if value is not None:
                    self.say(f"  {name}: {state.start.metric} {number(value)}, loss {number(loss)}")

    def _lines(self, lines: Iterable[str]) -> None:
        first, *others = map(_text, lines)
        self.say(f"\n[bold]{first}[/]")
        for line in others:
            self.say(line)

    def say(self, text: str) -> None:
        """Print a line; on a terminal, long ones are wrapped at words under their indent."""
        if not self.console.is_terminal:
            self.console.print(text, highlight=False, soft_wrap=True)
            return
        body = text.lstrip(" ")
        told = Text.from_markup(body)
        told.no_wrap = False
        self.console.print(Padding(told, (0, 0, 0, len(text) - len(body))), soft_wrap=False)

    def _header(self, phase: str) -> None:
        if phase != self._phase:
            self._phase = phase
            self.say(f"\n[bold cyan]{phase.upper()}[/]")

    def _stage(self, entered: StageEntered) -> None:
        self._header(entered.stage.phase)
        again = " (reopened)" if entered.reopened else ""
        self.say(f"[bold]{entered.stage.name}[/]{again} [dim]{entered.stage.about}[/]")

    def _round(self, request: TrainAll, state: State) -> None:
        """What is trained now is introduced with its trial, and not named as what comes after."""
        self._behind = tuple(
            other
            for other in self._behind
            if not any(tries(trial, other, state) for trial in request.trials)
        )

    def _name_others(self, state: State) -> None:
        """What was proposed after the first; of the same rule, by the change."""
        for other in self._behind[:MOST_BEHIND]:
            alike = other.rule.id == self._proposed[0].rule.id
            told = change_words(other, state) if alike else other.rule.title
            self.say(f"    [dim]then: {_text(told)}[/]")
        self._behind = ()

    def _trial(self, request: Train, state: State, in_round: bool = False) -> None:
        recipe = request.recipe
        told = f"  trial {request.number}, {trial_words(request, state)}"
        if request.purpose == "baseline":
            self.say(f"\n[bold]The starting recipe[/] {_text(recipe.name)}")
            self.say(
                f"  {_model(recipe)}, {recipe.optimizer.kind} at "
                f"{number(recipe.optimizer.lr)}, batch {recipe.train.batch_size}, "
                f"{counted(recipe.train.epochs, 'epoch')}, seed {recipe.train.seed}"
            )
        elif request.purpose == "candidate" and (in_round or not self._is_known(request, state)):
            told += f": {_text(tried_words(request, self._proposed, state))}"
        self.say(told)

    def _is_known(self, request: Train, state: State) -> bool:
        """Whether it tries the proposal that was told in full."""
        return bool(self._proposed) and tries(request, self._proposed[0], state)

    def _result(self, request: Train, result: Result, state: State) -> None:
        finished = result.finished
        if finished is None:
            self.say(f"    [red]no result[/] {_text(result.error)}")
            return
        told = f"    {_words(finished.status)} after {counted(finished.epochs, 'epoch')}"
        if finished.validation_metric is not None:
            told += (
                f"{_best(finished)}: {request.recipe.metric} "
                f"{number(finished.validation_metric)} on validation, "
                f"{number(finished.train_metric)} on training; "
                f"loss {number(finished.validation_loss)}, {number(finished.train_loss)}"
            )
        self.say(told + (f" [dim]{_text(finished.message)}[/]" if finished.message else ""))
        if request.purpose == "baseline":
            self._findings(state)

    def _findings(self, state: State) -> None:
        findings: tuple[Finding, ...] = state.attempts[-1].findings if state.attempts else ()
        for finding in findings:
            if finding.outcome == "fired":
                self._fired(finding)

    def _fired(self, finding: Finding) -> None:
        told = f"{_words(finding.symptom)}[/] {_text(finding.reads)}"
        self.say(f"      [dim]so also {told}" if finding.explained_by else f"    [yellow]! {told}")
        remedy = REMEDIES.get(finding.symptom)
        if remedy is not None and finding.severity == "block" and not finding.explained_by:
            self.say(f"      [dim]first     {_text(remedy.first)}[/]")

    def _proposal(self, proposal: Proposal, state: State) -> None:
        assert state.incumbent is not None
        before = state.incumbent.recipe.flat()
        known = f" {proposal.track_record}".rstrip()
        title, rule = _text(proposal.rule.title), proposal.rule.id
        self.say(f"  [bold blue]> {title}[/] [dim]({rule}){known}[/]")
        below = {path: proposal.change[path] for path in proposal.below}
        above = {p: value for p, value in proposal.change.items() if p not in below}
        if above:
            self.say(f"    change    {_text(change(before, above))}")
        if below:
            self.say(f"    built on  trial {proposal.built_on}: {_text(change(before, below))}")
        self.say(f"    why       {_text(' '.join(proposal.reason.split()))}")
        seen = ", ".join(
            f"{name} {number(value)}"
            for name, value in proposal.evidence.items()
            if value is not False
        )
        self.say(f"    measured  {_text(seen)}")

    def _checked(self, result: Result, state: State) -> None:
        fired = [finding for finding in state.checked if finding.outcome == "fired"]
        clear = len(state.checked) - len(fired)
        told = result.probed.message if result.probed else ""
        note = f"; {_text(told)}" if told else ""
        self.say(f"    {clear} clear, {len(fired)} fired [dim]{result.seconds:.2g} s{note}[/]")
        for finding in fired:
            self._fired(finding)

    def _probed(self, result: Result) -> None:
        probed = result.probed
        if probed is None:
            self.say(f"    [red]no result[/] {_text(result.error)}")
            return
        facts = ", ".join(f"{_words(k)} {number(v)}" for k, v in probed.facts.items())
        note = f" ({_text(probed.message)})" if probed.message else ""
        self.say(f"    {facts}{note} [dim]cost {counted(probed.epochs, 'epoch')}[/]")

    def _decision(self, decided: Decided) -> None:
        decision, seen = decided.decision, decided.decision.comparison
        word = verdict_word(decision.verdict, decided.proposal.rule.id, seen.gain if seen else None)
        told = STAYS if word == "undecided" and not decided.leads else word
        head = f"[{COLOURS[word]}]{SIGNS[word]} trial {decided.trial}: {told}[/]"
        values = f"{number(decided.incumbent)} -> {number(decided.value)}"
        self.say(f"    {head} {values}; {_text(decision.reason)}")
        if decided.reopens:
            self.say(f"    reopens {', '.join(decided.reopens)}")


def tell_doubts(console: Console, state: State) -> None:
    """After the last table: what speaks against the session's own numbers, a line each."""
    for finding in judged(state):
        if finding.outcome == "fired":
            told = f"[yellow]! {_words(finding.symptom)}[/] {_text(finding.reads)}"
            Narrator(console).say(told)


def before_and_after(state: State) -> Table:
    """The last table: validation and test metric of the start and of the best recipe."""
    table = Table(title="Before and after", title_justify="left")
    for name in ("", "starting recipe", "best recipe"):
        table.add_column(name, justify="left" if not name else "right")
    metric = state.start.metric
    start, best = measured(state.baseline), measured(state.incumbent)
    table.add_row(f"validation {metric}", *_pair(start, best, "value"))
    table.add_row("validation loss", *_pair(start, best, "loss"))
    test = dict(state.test.facts) if state.test else {}
    table.add_row(
        f"test {metric}", *(number(test.get(f"{w}_metric")) for w in ("baseline", "best"))
    )
    if fresh := fresh_words(state):
        table.add_row(fresh[0], "", fresh[1])
    for path, (old, new) in changes(state).items():
        table.add_row(clean(path), number(old), number(new))
    return table


def spent_words(state: State) -> str:
    """`363 epochs, 10 of them on the starting recipe`."""
    first = state.baseline.result.finished if state.baseline else None
    told = counted(state.budget.epochs, "epoch")
    return f"{told}, {number(first.epochs)} of them on the starting recipe" if first else told


def _best(finished: TrialFinished) -> str:
    """Which evaluation the values are from."""
    best = finished.best_epoch
    return "" if best is None else f", best at epoch {number(best)}"


def _pair(start: dict[str, object] | None, best: dict[str, object] | None, key: str) -> list[str]:
    return [number(found[key]) if found else "none" for found in (start, best)]


def _text(text: str) -> str:
    return escape(clean(text))


def _words(name: str) -> str:
    return name.replace("_", " ")


def _model(recipe: Recipe) -> str:
    activation = getattr(recipe.model, "activation", None)
    return recipe.model.kind if activation is None else f"{recipe.model.kind}, {activation}"
