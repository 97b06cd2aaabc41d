"""The session in its order: stages entered, reopened and skipped, and what was done in each."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace

from pydantic import ValidationError

from advisor.advice import Proposal
from advisor.choice_words import chosen_words, locked_words, looked_words, returned_words
from advisor.recipe import Recipe
from advisor.report.gather import trials
from advisor.report.model import Proposed, Said, Told, Trial, Verdict, Visit
from advisor.report.replay import Moment, Story
from advisor.requests import (
    Answer,
    Choice,
    Choose,
    Decided,
    Ensemble,
    Finals,
    Locked,
    Looked,
    Remark,
    Result,
    Results,
    Returned,
    RunProbe,
    StageEntered,
    StageLeft,
    StageSkipped,
    Train,
    TrainAll,
)

BEFORE = ("start", "the start", "the recipe as it was given")
AFTER = ("end", "the end", "the winner on a fresh seed, and the sealed test split")


def visits(story: Story) -> tuple[Visit, ...]:
    """What was done, in order; what belongs to no stage is in visits of the kind "outside"."""
    teller = _Teller(story.state.start)
    for moment in story.moments:
        teller.tell(moment)
    return tuple(visit for visit in teller.visits if visit.kind != "outside" or visit.steps)


def trained(moment: Moment) -> Iterator[tuple[Train, Result, float]]:
    """The trainings of a moment with their results, and the epochs that the session had spent
    after each; none for any other request."""
    request, answer = moment.request, moment.answer
    pairs: list[tuple[Train, Result]] = []
    if isinstance(request, Train) and isinstance(answer, Result):
        pairs = [(request, answer)]
    elif isinstance(request, TrainAll) and isinstance(answer, Results):
        pairs = list(zip(request.trials, answer.results, strict=True))
    spent = moment.epochs - sum(r.finished.epochs for _, r in pairs if r.finished)
    for trial, result in pairs:
        spent += result.finished.epochs if result.finished else 0.0
        yield trial, result, spent


@dataclass
class _Teller:
    """Puts moments into visits."""

    incumbent: Recipe
    visits: list[Visit] = field(default_factory=list)
    recipes: dict[int, Recipe] = field(default_factory=dict)
    """of the trials so far"""
    seedless: dict[str, int] = field(default_factory=dict)
    """the first trial of each recipe, whatever its seed"""
    offered: tuple[Proposal, ...] = ()
    reopened: dict[str, int] = field(default_factory=dict)
    """stage -> the trial whose change put it back"""
    spent: float = 0.0

    def tell(self, moment: Moment) -> None:
        request, answer = moment.request, moment.answer
        self.visits = self.visits or [self._outside(BEFORE)]
        match request:
            case Train() | TrainAll():
                self._trained(moment)
            case RunProbe() if isinstance(answer, Result):
                self._add(trials.probe(request, answer))
            case Choose():
                self._chosen(request, answer)
            case Decided():
                self._decided(request)
            case Looked() | Returned() | Locked():
                self._noted(request)
            case StageLeft():
                self.visits[-1] = replace(self.visits[-1], outcome=request.outcome)
            case StageEntered() | StageSkipped():
                self._stage(request)
            case Finals():
                self._add(trials.finals(request, self.incumbent.metric))
            case Ensemble():
                self._add(trials.ensemble(request, self.incumbent.metric))
            case Remark():
                self._add(Said(request.text))
        self.spent = moment.epochs

    def _outside(self, words: tuple[str, str, str]) -> Visit:
        stage, phase, about = words
        return Visit(len(self.visits), stage, phase, about, "outside", "", None, (), self.spent)

    def _add(self, step: Told) -> None:
        if self.visits[-1].kind == "skipped" or self.visits[-1].outcome:
            self.visits.append(self._outside(AFTER))
        last = self.visits[-1]
        self.visits[-1] = replace(last, steps=(*last.steps, step))

    def _stage(self, note: StageEntered | StageSkipped) -> None:
        stage, place = note.stage, len(self.visits)
        entered = Visit(
            place,
            stage.name,
            stage.phase,
            stage.about,
            "entered",
            "",
            self.reopened.pop(stage.name, None),
            (),
            self.spent,
        )
        if isinstance(note, StageSkipped):
            entered = replace(entered, kind="skipped", outcome=note.reason)
        elif note.reopened:
            entered = replace(entered, kind="reopened")
        self.visits.append(entered)

    def _trained(self, moment: Moment) -> None:
        for request, result, spent in trained(moment):
            made = replace(trials.trial(request, result, spent), repeats=self._first(request))
            if request.purpose == "candidate":
                made = replace(made, proposed=self._proposed(request.recipe))
            self._add(made)

    def _first(self, request: Train) -> int | None:
        """The first trial of this recipe, whatever its seed; None where this is the first."""
        recipe = request.recipe.changed({"train.seed": 0})
        self.recipes[request.number] = request.recipe
        first = self.seedless.setdefault(recipe.digest(), request.number)
        return first if first != request.number else None

    def _chosen(self, request: Choose, answer: Answer) -> None:
        """What a person made of the proposals; what is tried is told with its trial."""
        self.offered = request.proposals
        if isinstance(answer, Choice) and answer.action == "refuse":
            self._add(Said(chosen_words(answer, request, self.incumbent.flat())))

    def _noted(self, note: Looked | Returned | Locked) -> None:
        if isinstance(note, Looked):
            self._with(note.trial, trials.proposed(note.proposal, self.incumbent), None)
            self._add(Said(f"Trial {note.trial} was only {looked_words(note)}"))
        elif isinstance(note, Returned):
            self._add(Said(returned_words(note)))
            self.incumbent = self.recipes.get(note.trial, self.incumbent)
            self.reopened |= dict.fromkeys(note.reopens, note.trial)
        else:
            self._add(Said(locked_words(note)))

    def _proposed(self, recipe: Recipe) -> Proposed | None:
        """The proposal that this recipe tries, which is not yet told."""
        for proposal in self.offered:
            with suppress(ValidationError, KeyError):  # where a person has unlocked fields
                if self.incumbent.changed(proposal.change).digest() == recipe.digest():
                    return trials.proposed(proposal, self.incumbent)
        return None

    def _decided(self, decided: Decided) -> None:
        """Write the verdict on the trial, which need not be the last."""
        verdict = trials.verdict(decided, self.incumbent.metric)
        self._with(decided.trial, trials.proposed(decided.proposal, self.incumbent), verdict)
        if verdict.verdict == "accepted":
            self.incumbent = self.recipes.get(decided.trial, self.incumbent)
            self.reopened |= dict.fromkeys(decided.reopens, decided.trial)

    def _with(self, number: int, about: Proposed, verdict: Verdict | None) -> None:
        """Write on a trial, of whatever visit, what it was about, where that is not told yet, and
        its verdict, the latest of several: what leads is decided about again."""

        def written(step: Told) -> Told:
            if not isinstance(step, Trial) or step.number != number:
                return step
            known = step.proposed or about
            return replace(step, proposed=known, verdict=verdict or step.verdict)

        self.visits = [
            replace(visit, steps=tuple(map(written, visit.steps))) for visit in self.visits
        ]
