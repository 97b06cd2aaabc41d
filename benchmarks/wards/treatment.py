"""A session from a sick recipe, as `advisor auto` would lead it, with few trials."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from advisor import symptoms
from advisor.advice import Proposal
from advisor.events import Event, ProbeFinished, TrialFinished
from advisor.probes import PROBES
from advisor.recipe import Recipe
from advisor.requests import Choice, Choose, OpenTest, Result, Results, RunProbe, Train, TrainAll
from advisor.rulebook import Rule
from advisor.runner import Runner, UnfitError, WorkerError
from advisor.session import Session
from advisor.state import State
from advisor.symptoms import Finding
from advisor.trial_files import read_events, read_result

MOST_TRIALS = 6
"""The rulebook's cap on trials, repeats with other seeds included, the first training not."""
BUDGET = f"{MOST_TRIALS + 2}t"
"""The first training, the trials, and the one that a session keeps back for its confirmation."""
Enough = Callable[[float | None], bool]
"""Whether this validation metric is as good as the healthy twin's."""


@dataclass
class Treatment:
    """What a session made of one sick recipe."""

    state: State
    first: Proposal | None = None
    """the first change that it would try"""
    trials: int = 0
    stages: list[str] = field(default_factory=list)
    tried: list[Mapping[str, Any]] = field(default_factory=list)
    preflight: Sequence[Event] = ()

    @property
    def start(self) -> float | None:
        return self.state.baseline.value if self.state.baseline else None

    @property
    def end(self) -> float | None:
        return self.state.incumbent.value if self.state.incumbent else None

    def findings(self) -> list[Finding]:
        """Of the first training, the checks before it included."""
        first = self.state.baseline
        if first is None:
            return []
        events = [*self.preflight, *first.result.events]
        return symptoms.detect(first.recipe, events)


class Ward:
    """One worker, and the folder in which its trials are kept."""

    def __init__(self, runner: Runner, rules: Sequence[Rule], folder: Path) -> None:
        self.runner, self.rules, self.folder = runner, rules, folder
        self._made = 0

    def train(self, recipe: Recipe, race: Sequence[float | None] = ()) -> Result:
        """Raises UserError where the program refuses the recipe or the data."""
        return self._done(lambda place: self.runner.train(recipe, place, race=race))

    def probe(self, name: str, recipe: Recipe) -> Result:
        return self._done(lambda place: self.runner.probe(name, recipe, place))

    def _done(self, work: Callable[[Path], object]) -> Result:
        self._made += 1
        place, began, error = self.folder / f"{self._made:05d}", time.perf_counter(), ""
        try:
            work(place)
        except (WorkerError, UnfitError) as failure:
            error = str(failure)
        result = read_result(place, time.perf_counter() - began, error)
        if not error:
            return result
        ended = TrialFinished("failed", 0.0, 0, 0, 0.0, *(None, None, None, None, None), error)
        return Result([*read_events(place / "events.jsonl"), ended], None, result.seconds, error)

    def treat(self, recipe: Recipe, enough: Enough, *, trials: int = MOST_TRIALS) -> Treatment:
        """Try first proposals until it is cured or `trials` are spent; 0: only the first advice.

        Raises UserError.
        """
        session = Session(recipe.changed({"tune.budget": BUDGET}), self.rules)
        treatment = Treatment(session.state)
        while (request := session.request) is not None:
            match request:
                case Train():
                    if request.purpose == "confirmation" or treatment.trials >= max(trials, 1):
                        break
                    treatment.trials += request.purpose != "baseline"
                    session.tell(self.train(request.recipe, request.race))
                case TrainAll():
                    if treatment.trials + len(request.trials) > trials:
                        break
                    treatment.trials += len(request.trials)
                    results = [self.train(one.recipe, one.race) for one in request.trials]
                    session.tell(Results(tuple(results), sum(one.seconds for one in results)))
                case RunProbe():
                    session.tell(self.probe(request.probe, request.recipe))
                case Choose():
                    treatment.first = treatment.first or request.proposals[0]
                    if treatment.trials >= trials or enough(treatment.end):
                        break
                    treatment.stages.append(request.stage.name)
                    treatment.tried.append(request.proposals[0].change)
                    session.tell(Choice("try", 0))
                case OpenTest():
                    break
                case _:
                    session.tell(None)
        treatment.preflight = self._checked(treatment.state)
        return treatment

    def preflight(self, recipe: Recipe) -> Sequence[Event]:
        """What the checks before a training find; nothing where the program has none."""
        if "preflight" not in PROBES:
            return ()
        return _probes(self.probe("preflight", recipe))

    def _checked(self, state: State) -> Sequence[Event]:
        """The checks that the session ran before its first training; run now if it ran none."""
        if state.baseline is None:
            return ()
        asked = [result for request, result in state.probes if request.probe == "preflight"]
        return _probes(asked[0]) if asked else self.preflight(state.baseline.recipe)


def _probes(result: Result) -> Sequence[Event]:
    return [event for event in result.events if isinstance(event, ProbeFinished)]
