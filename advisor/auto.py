"""Drives a session: runs what it asks for, writes each answer down, and tells it.

Who answers a proposal is an argument, so a headless run and a terminal interface are the same
code with another `choose`.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

from safetensors.numpy import load_file

from advisor import __version__, recipe_file
from advisor.events import Event, ProbeFinished, StepsDone, TrialFinished, from_json, to_json
from advisor.evidence import Predictions
from advisor.ledger import Entry, Ledger, LedgerError
from advisor.recipe import Recipe
from advisor.requests import (
    Answer,
    Choice,
    Choose,
    OpenTest,
    Request,
    Result,
    RunProbe,
    TestResult,
    Train,
)
from advisor.rulebook import Rule
from advisor.runner import Runner, UnfitError, WorkerError
from advisor.session import Session
from advisor.state import State

Chooser = Callable[[Choose, State], Choice]


class Observer(Protocol):
    """Watches a session; every method may do nothing."""

    def asked(self, request: Request, state: State) -> None:
        """The session asks for something, or announces something."""

    def event(self, event: Event) -> None:
        """A trial or probe in progress reports."""

    def answered(self, request: Request, answer: Answer, state: State) -> None:
        """The request is answered; `replayed` answers come here as well."""


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
        "data": checked,
        "backend_info": runner.info(),
    }
    ledger = Ledger.create(folder, header)
    (folder / "start.yaml").write_text(recipe_file.dump(start.recipe), encoding="utf-8")
    return ledger


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
    session: Session, ledger: Ledger, runner: Runner, observer: Observer, choose: Chooser
) -> State:
    """Work until the session is over: first replay what the ledger holds, then go on from there.

    Raises LedgerError when the ledger holds answers to other questions than the session asks.
    """
    recorded = ledger.entries()
    while (request := session.request) is not None:
        observer.asked(request, session.state)
        if not isinstance(request, Train | RunProbe | Choose | OpenTest):
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
            entry = Entry(key, _carry_out(request, session.state, ledger, runner, observer, choose))
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
        case RunProbe():
            return f"{request.probe} {request.number} {request.recipe.digest()}"
        case Choose():
            return f"choose {request.stage.name} {' '.join(p.rule.id for p in request.proposals)}"
        case OpenTest():
            return "test " + " ".join(f"{k}={n}" for k, n in sorted(request.trials.items()))
        case _:
            raise TypeError(f"{type(request).__name__} needs no answer")


def read_answer(request: Request, answer: Mapping[str, Any], folder: Path) -> Answer:
    """An answer from its ledger form; results come from the trial's folder."""
    match request:
        case Choose():
            return Choice(answer["action"], answer["index"])
        case OpenTest():
            return TestResult(answer["facts"], answer["opened"])
        case _:
            place = folder / answer["folder"]
            if not (place / "events.jsonl").exists():
                raise LedgerError(f"{place}: this trial's files are gone; it cannot be replayed")
            result = read_result(place, answer["seconds"], answer["error"])
            if not is_whole(result):
                raise LedgerError(f"{place}: this trial's files are damaged; it cannot be replayed")
            return result


def read_result(folder: Path, seconds: float = 0.0, error: str = "") -> Result:
    """What a trial's folder holds. A torn last line, left by a kill, is passed over."""
    events = read_events(folder / "events.jsonl")
    predictions, file = None, folder / "validation.safetensors"
    if file.exists():
        arrays = load_file(file)
        predictions = Predictions(arrays["outputs"], arrays["targets"])
    return Result(events, predictions, seconds, error)


def is_whole(result: Result) -> bool:
    """Whether a finished trial's files hold its end, and its outputs where it has any."""
    ended = result.events and isinstance(result.events[-1], TrialFinished | ProbeFinished)
    finished = result.finished
    measured = finished is not None and finished.validation_metric is not None
    return bool(ended) and (result.predictions is not None or not measured)


def read_events(path: Path) -> list[Event]:
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    events = []
    for number, line in enumerate(lines, 1):
        try:
            events.append(from_json(line))
        except ValueError:
            if number != len(lines):
                raise
    return events


def trial_folder(folder: Path, number: int) -> Path:
    """Where the trial or probe of this number keeps its files."""
    return folder / "trials" / f"{number:03d}"


def _carry_out(
    request: Train | RunProbe | Choose | OpenTest,
    state: State,
    ledger: Ledger,
    runner: Runner,
    observer: Observer,
    choose: Chooser,
) -> dict[str, Any]:
    match request:
        case Choose():
            return asdict(choose(request, state))
        case OpenTest():
            return _open_test(request, state, ledger, runner)
        case _:
            return _experiment(request, ledger.folder, runner, observer)


def _open_test(request: OpenTest, state: State, ledger: Ledger, runner: Runner) -> dict[str, Any]:
    folder = ledger.folder
    recipes = {a.trial.number: a.recipe for a in state.attempts}
    trials = {
        name: (recipes[number], trial_folder(folder, number).resolve())
        for name, number in request.trials.items()
    }
    opened = ledger.count_opening()  # before the split is read: a kill in between is counted too
    found = Result(runner.test(trials, folder)).probed
    return {"facts": dict(found.facts) if found else {}, "opened": opened}


def _experiment(
    request: Train | RunProbe, folder: Path, runner: Runner, observer: Observer
) -> dict[str, Any]:
    place = trial_folder(folder, request.number)
    if place.exists():  # left by a run that was killed; its training starts again
        shutil.rmtree(place)
    place.mkdir(parents=True)
    (place / "recipe.yaml").write_text(recipe_file.dump(request.recipe), encoding="utf-8")
    began, error = time.perf_counter(), ""
    try:
        if isinstance(request, Train):
            runner.train(request.recipe, place, observer.event, request.race)
        else:
            runner.probe(request.probe, request.recipe, place, observer.event)
    except (WorkerError, UnfitError) as failure:
        error = str(failure)
        _note_failure(place, failure, observer)
    relative = place.relative_to(folder).as_posix()
    return {"folder": relative, "seconds": time.perf_counter() - began, "error": error}


def _note_failure(place: Path, failure: Exception, observer: Observer) -> None:
    """End the trial's events with what it had spent and why it failed."""
    if isinstance(failure, WorkerError) and failure.detail:
        (place / "error.txt").write_text(failure.detail, encoding="utf-8")
    events = read_events(place / "events.jsonl")
    steps = [event for event in events if isinstance(event, StepsDone)]
    last = steps[-1] if steps else None
    ended = TrialFinished(
        "failed",
        last.epoch if last else 0.0,
        last.step if last else 0,
        0,
        last.seconds if last else 0.0,
        *(None, None, None, None, None),
        str(failure),
    )
    lines = [to_json(event) for event in [*events, ended]]
    (place / "events.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    observer.event(ended)
