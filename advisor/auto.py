"""Drives a session: runs what it asks for, writes each answer down, and tells it.

Who answers a proposal is an argument, so a headless run and a terminal interface are the same
code with another `choose`.
"""

from __future__ import annotations

import hashlib
import json
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from advisor import __version__, recipe_file
from advisor.crew import Crew
from advisor.events import Event
from advisor.experience import Experience, learning
from advisor.ledger import Entry, Ledger, LedgerError
from advisor.machine import machine
from advisor.recipe import Recipe
from advisor.requests import (
    Answer,
    Choice,
    Choose,
    OpenTest,
    Request,
    Result,
    Results,
    RunProbe,
    TestResult,
    Train,
    TrainAll,
)
from advisor.rulebook import Rule
from advisor.runner import Runner
from advisor.session import ChoiceError, Session, Settings, problem_of
from advisor.state import State
from advisor.trial_files import Cost, is_whole, read_result, trial_folder

Chooser = Callable[[Choose, State], Choice]


class Observer(Protocol):
    """Watches a session; every method may do nothing."""

    def asked(self, request: Request, state: State) -> None:
        """The session asks for something, or announces something."""

    def event(self, event: Event, trial: int) -> None:
        """The trial or probe of this number, in progress, reports."""

    def answered(self, request: Request, answer: Answer, state: State) -> None:
        """The request is answered; `replayed` answers come here as well."""


@dataclass(frozen=True)
class Both:
    """Two observers; the first hears everything first."""

    first: Observer
    second: Observer

    def asked(self, request: Request, state: State) -> None:
        self.first.asked(request, state)
        self.second.asked(request, state)

    def event(self, event: Event, trial: int) -> None:
        self.first.event(event, trial)
        self.second.event(event, trial)

    def answered(self, request: Request, answer: Answer, state: State) -> None:
        self.first.answered(request, answer, state)
        self.second.answered(request, answer, state)


def first_proposal(request: Choose, state: State) -> Choice:
    """What a headless run answers: try the first proposal."""
    return Choice("try", 0)


@dataclass(frozen=True)
class Start:
    """Everything a new session is begun with."""

    recipe: Recipe
    rules: Sequence[Rule]
    backend: str
    device: str
    rule_folders: tuple[str, ...] = ()
    deterministic: bool = False
    settings: Settings = field(default_factory=Settings)
    experience: Experience | None = None
    """what is known of the rules; None: nothing is learned from this session either"""


def begin(start: Start, folder: Path, runner: Runner) -> Ledger:
    """Check the recipe, the data and the backend, and only then make the session's folder.

    Raises UserError and LedgerError.
    """
    checked = runner.check(start.recipe)
    header = {
        "advisor": __version__,
        "recipe": json.loads(start.recipe.model_dump_json()),
        "rules": rules_digest(start.rules),
        "rule_folders": list(start.rule_folders),
        "backend": start.backend,
        "device": start.device,
        "deterministic": start.deterministic,
        "workers": start.settings.workers,
        "id": uuid.uuid4().hex,
        "experience": None if start.experience is None else start.experience.as_json(),
        "data": checked,
        "backend_info": runner.info(),
        "machine": machine(),
        "began": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    ledger = Ledger.create(folder, header)
    (folder / "start.yaml").write_text(recipe_file.dump(start.recipe), encoding="utf-8")
    return ledger


def settings_of(header: Mapping[str, Any]) -> Settings:
    """How the session of this ledger works."""
    return Settings(header.get("workers", 1), learning.begun_with(header))


def rules_digest(rules: Sequence[Rule]) -> str:
    """A hash of what the rules say, so that a session is not resumed under other rules."""
    content = [
        (
            rule.id,
            (rule.stage, rule.maturity, rule.treats, rule.rank, rule.probe),
            (rule.price, rule.criterion),
            [condition.text for condition in rule.when],
            [(path, getattr(value, "text", value)) for path, value in rule.change.items()],
        )
        for rule in rules
    ]
    return hashlib.sha256(repr(sorted(content)).encode()).hexdigest()[:16]


def drive(
    session: Session, ledger: Ledger, crew: Crew, observer: Observer, choose: Chooser
) -> State:
    """Work until the session is over: first replay what the ledger holds, then go on from there.

    Raises LedgerError when the ledger holds answers to other questions than the session asks, and
    ChoiceError, before it is written down, for a choice that cannot be carried out.
    """
    recorded = ledger.entries()
    while (request := session.request) is not None:
        observer.asked(request, session.state)
        if not isinstance(request, Train | TrainAll | RunProbe | Choose | OpenTest):
            session.tell(None)
            continue
        key = request_key(request)
        if recorded:
            entry = recorded.pop(0)
            if entry.request != key:
                raise LedgerError(
                    f"{ledger.folder}: the session asks for {key!r} where the ledger has "
                    f"{entry.request!r}; it was written by another version of the program"
                )
        else:
            entry = Entry(key, _carry_out(request, session.state, ledger, crew, observer, choose))
            ledger.append(entry)
        answer = read_answer(request, entry.answer, ledger.folder)
        session.tell(answer)
        observer.answered(request, answer, session.state)
    return session.state


def request_key(request: Request) -> str:
    """Names a request, so that a recorded answer is never given to another question."""
    match request:
        case Train():
            return f"{request.purpose} {request.number} {request.recipe.digest()}"
        case TrainAll():
            return " + ".join(request_key(trial) for trial in request.trials)
        case RunProbe():
            return f"{request.probe} {request.number} {request.recipe.digest()}"
        case Choose():
            return f"choose {request.stage.name} {' '.join(p.rule.id for p in request.proposals)}"
        case OpenTest():
            return _test_key(request)
        case _:
            raise TypeError(f"{type(request).__name__} needs no answer")


def _test_key(request: OpenTest) -> str:
    named = [f"{name}={number}" for name, number in sorted(request.trials.items())]
    members = "+".join(map(str, request.ensemble))
    return " ".join(["test", *named, *([f"ensemble={members}"] if members else [])])


def read_answer(request: Request, answer: Mapping[str, Any], folder: Path) -> Answer:
    """An answer from its ledger form; results come from the trial's folder."""
    match request:
        case Choose():
            return Choice.from_json(answer)
        case OpenTest():
            return TestResult(answer["facts"], answer["opened"])
        case TrainAll():
            results = tuple(_replayed(folder, trial) for trial in answer["trials"])
            return Results(results, answer["seconds"])
        case _:
            return _replayed(folder, answer)


def _replayed(folder: Path, answer: Mapping[str, Any]) -> Result:
    place = folder / answer["folder"]
    if not (place / "events.jsonl").exists():
        raise LedgerError(f"{place}: this trial's files are gone; it cannot be replayed")
    result = read_result(place, answer["seconds"], answer["error"])
    if not is_whole(result):
        raise LedgerError(f"{place}: this trial's files are damaged; it cannot be replayed")
    return result


def _carry_out(
    request: Train | TrainAll | RunProbe | Choose | OpenTest,
    state: State,
    ledger: Ledger,
    crew: Crew,
    observer: Observer,
    choose: Chooser,
) -> dict[str, Any]:
    match request:
        case Choose():
            return _chosen(request, state, choose).as_json()
        case OpenTest():
            return _open_test(request, state, ledger, crew.runner)
        case TrainAll():
            began = time.perf_counter()
            run = crew.in_step if request.together else crew.experiments
            costs = run(request.trials, ledger.folder, observer.event)
            told = [_told(trial, cost) for trial, cost in zip(request.trials, costs, strict=True)]
            seconds = max(time.perf_counter() - began, _least_seconds(costs, crew.workers))
            return {"trials": told, "seconds": seconds, "together": request.together}
        case _:
            return _told(request, crew.experiment(request, ledger.folder, observer.event))


def _least_seconds(costs: Sequence[Cost], workers: int) -> float:
    """What trials side by side take at least, those that an earlier process began included."""
    each = [cost.seconds for cost in costs]
    return max(*each, sum(each) / workers)


def _chosen(request: Choose, state: State, choose: Chooser) -> Choice:
    choice = choose(request, state)
    problem = problem_of(choice, request, state)
    if problem is not None:
        raise ChoiceError(problem)
    return choice


def _told(request: Train | RunProbe, cost: Cost) -> dict[str, Any]:
    place = trial_folder(Path(), request.number).as_posix()
    return {"folder": place, "seconds": cost.seconds, "error": cost.error}


def _open_test(request: OpenTest, state: State, ledger: Ledger, runner: Runner) -> dict[str, Any]:
    folder = ledger.folder

    def trial(number: int) -> tuple[Recipe, Path]:
        return state.attempt(number).recipe, trial_folder(folder, number).resolve()

    trials = {name: trial(number) for name, number in request.trials.items()}
    members = [trial(number) for number in request.ensemble]
    opened = ledger.count_opening()  # before the split is read: a kill in between is counted too
    found = Result(runner.test(trials, folder, members)).probed
    return {"facts": dict(found.facts) if found else {}, "opened": opened}
