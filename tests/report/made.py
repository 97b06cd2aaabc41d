"""Sessions for the report's tests: make-believe trainings, in real folders with real ledgers."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from safetensors.numpy import save_file

from advisor import auto, report
from advisor.cli import rules
from advisor.events import Event, ProbeFinished, to_json
from advisor.evidence import Predictions
from advisor.ledger import Ledger, Record
from advisor.recipe import Recipe
from advisor.report import Story
from advisor.report.replay import Told
from advisor.requests import Result, RunProbe, Train
from advisor.rulebook import Rule
from advisor.session import Session, Settings
from advisor.trial_files import Cost, trial_folder
from tests import simulation


@cache
def known_rules() -> tuple[Rule, ...]:
    return rules.load([])


def header(recipe: Recipe, /, **changes: Any) -> dict[str, Any]:
    """What `advisor.auto.begin` would write."""
    sizes = {"train": 800, "validation": 200, "test": 200, "outputs": 5, "input_shape": [20]}
    return {
        "advisor": "0.1.0",
        "recipe": json.loads(recipe.model_dump_json()),
        "rules": auto.rules_digest(known_rules()),
        "rule_folders": [],
        "backend": "torch",
        "device": "auto",
        "deterministic": False,
        "workers": 1,
        "data": {"fingerprint": "f" * 63, **sizes},
        "backend_info": {"versions": {"torch": "2.13.0"}, "devices": ["cpu"]},
        **changes,
    }


def story(
    recipe: Recipe | None = None, steps: int | None = None, folder: Path = Path("session")
) -> Story:
    """A session told in memory: all of it, or what it is after so many answers."""
    start = recipe or simulation.recipe()
    session = Session(start, known_rules())
    collected = report.Collector(Silent())
    answered = 0
    while (request := session.request) is not None:
        collected.asked(request, session.state)
        answer = simulation.answer(request)
        if answer is not None and answered == steps:
            break
        answered += answer is not None
        session.tell(answer)
        if answer is not None:
            collected.answered(request, answer, session.state)
    times = tuple(f"2026-01-31T12:{n // 60 % 60:02}:{n % 60:02}+00:00" for n in range(answered))
    record = Record(folder, header(start), (), times, int(session.request is None))
    return collected.story(session, record)


def recorded(folder: Path, recipe: Recipe | None = None, **settings: Any) -> Story:
    """A whole session in `folder`, driven like a real one but for its trainings."""
    start = recipe or simulation.recipe()
    chosen = Settings(**settings)
    session = Session(start, known_rules(), chosen)
    collected = report.Collector(Silent())
    with Ledger.create(folder, header(start, workers=chosen.workers)) as ledger:
        crew: Any = Crew()
        auto.drive(session, ledger, crew, collected, auto.first_proposal)
    return collected.story(session, read(folder))


def read(folder: Path) -> Record:
    from advisor.ledger import read

    return read(folder)


def again(recipe: Recipe | None = None, **settings: Any) -> Told:
    """A new session, to be told what another one was."""
    return Session(recipe or simulation.recipe(), known_rules(), Settings(**settings))


class Silent:
    """An observer that does nothing."""

    def asked(self, *told: object) -> None:
        pass

    def event(self, *told: object) -> None:
        pass

    def answered(self, *told: object) -> None:
        pass


class Crew:
    """Trains nothing, and leaves the files that a training would."""

    workers = 1

    def __init__(self) -> None:
        self.runner = self

    def experiment(
        self, request: Train | RunProbe, folder: Path, observe: Callable[[Event, int], None]
    ) -> Cost:
        place = trial_folder(folder, request.number)
        place.mkdir(parents=True)
        result = simulation.answer(request)
        assert isinstance(result, Result)
        leave(place, result.events, result.predictions)
        return Cost(result.seconds)

    def experiments(
        self,
        requests: Sequence[Train],
        folder: Path,
        observe: Callable[[Event, int], None],
    ) -> list[Cost]:
        return [self.experiment(request, folder, observe) for request in requests]

    in_step = experiments

    def test(self, trials: dict[str, Any], folder: Path, *others: object) -> list[Event]:
        facts: dict[str, Any] = {}
        for name in trials:
            facts |= {f"{name}_metric": 0.9, f"{name}_loss": 0.3, f"{name}_examples": 200.0}
        return [ProbeFinished("test", facts, 0.0, 0, 0.1)]


def leave(place: Path, events: Sequence[Event], predictions: Predictions | None) -> None:
    """A trial's files."""
    (place / "events.jsonl").write_text("".join(to_json(event) + "\n" for event in events))
    if predictions is not None:
        arrays = {"outputs": predictions.outputs, "targets": predictions.targets}
        save_file(arrays, place / "validation.safetensors")
