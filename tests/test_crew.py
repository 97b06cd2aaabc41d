"""Several workers in one session: real processes."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from advisor import trial_files
from advisor.auto import Start, begin, drive, first_proposal
from advisor.crew import Crew
from advisor.events import Evaluated, Event, StepsDone
from advisor.facts import VOCABULARY
from advisor.ledger import Ledger
from advisor.recipe import Recipe
from advisor.requests import Answer, Request, Results, Train, TrainAll
from advisor.rulebook import installed
from advisor.runner import ClosedError, Runner, UserError, WorkerError
from advisor.session import Session, Settings
from advisor.state import State
from advisor.trial_files import Cost, conclude, concluded, read_result, trial_folder
from tests.report import made

pytest.importorskip("torch")
RULES = installed(VOCABULARY)


def recipe(**changes: object) -> Recipe:
    made = Recipe.model_validate(
        {
            "task": "classification",
            "data": {"source": "sklearn:iris"},
            "model": {"kind": "mlp", "hidden": (8,)},
            "optimizer": {"kind": "adam", "lr": 1e-5},
            "train": {"batch_size": 8, "epochs": 3},
            "tune": {"budget": "14t"},
        }
    )
    return made.changed(changes)


def crew_of(workers: int) -> Crew:
    return Crew(lambda cpus: Runner("torch", "cpu", cpus=cpus), workers)


@pytest.fixture(scope="module")
def crew() -> Iterator[Crew]:
    with crew_of(2) as made:
        yield made


class Heard:
    """An observer that keeps the trials of which it heard."""

    def __init__(self) -> None:
        self.trials: list[int] = []

    def asked(self, request: Request, state: State) -> None:
        pass

    def event(self, event: Event, trial: int) -> None:
        self.trials.append(trial)

    def answered(self, request: Request, answer: Answer, state: State) -> None:
        pass


def trains(count: int) -> list[Train]:
    return [
        Train(n, "candidate", recipe(**{"optimizer.lr": 0.001 * (n + 1)})) for n in range(count)
    ]


@pytest.mark.parametrize("how", ["experiments", "in_step"])
def test_trials_side_by_side_come_out_as_alone(crew: Crew, how: str, tmp_path: Path) -> None:
    heard = Heard()
    costs = getattr(crew, how)(trains(3), tmp_path, heard.event)
    assert [cost.error for cost in costs] == [""] * 3
    assert set(heard.trials) == {0, 1, 2}
    for request in trains(3):
        ours = read_result(trial_folder(tmp_path, request.number)).finished
        crew.runner.train(request.recipe, tmp_path / "alone" / str(request.number))
        alone = read_result(tmp_path / "alone" / str(request.number)).finished
        assert ours is not None
        assert alone is not None
        assert ours.validation_loss == pytest.approx(alone.validation_loss, rel=1e-4)


@pytest.mark.parametrize("how", ["experiments", "in_step"])
def test_what_was_finished_before_a_kill_is_kept(crew: Crew, how: str, tmp_path: Path) -> None:
    requests = trains(2)
    crew.experiment(requests[0], tmp_path, lambda event, trial: None)
    first = trial_folder(tmp_path, 0) / "events.jsonl"
    written = first.stat().st_mtime_ns
    heard = Heard()
    getattr(crew, how)(requests, tmp_path, heard.event)
    assert first.stat().st_mtime_ns == written
    assert set(heard.trials) == {1}


def test_a_trial_that_does_not_fit_is_an_error_of_its_own(crew: Crew, tmp_path: Path) -> None:
    unfit = Train(7, "candidate", recipe(**{"train.batch_size": 4096}))
    costs = crew.in_step([trains(1)[0], unfit], tmp_path, lambda event, trial: None)
    assert costs[0].error == ""
    assert "4096" in costs[1].error


def test_bad_data_ends_all(tmp_path: Path) -> None:
    bad = Train(1, "candidate", recipe(**{"data.source": "csv:nowhere.csv"}))
    with crew_of(2) as crew, pytest.raises(UserError, match=r"nowhere\.csv"):
        crew.experiments([bad, trains(1)[0]], tmp_path, lambda event, trial: None)


def test_a_folder_of_another_recipe_is_no_finished_trial(tmp_path: Path) -> None:
    place = trial_folder(tmp_path, 1)
    place.mkdir(parents=True)
    conclude(place, recipe(), Cost(1.0))
    assert concluded(place, recipe()) is None  # its events are missing
    assert concluded(place, recipe(**{"optimizer.lr": 0.5})) is None
    (place / "done.json").write_text("[]")
    assert concluded(place, recipe()) is None


def session_of(folder: Path, workers: int, crew: Crew) -> State:
    settings = Settings(workers)
    start = Start(recipe(), RULES, "torch", "cpu", settings=settings)
    with begin(start, folder, crew.runner) as ledger:
        return drive(Session(recipe(), RULES, settings), ledger, crew, Heard(), first_proposal)


def test_a_session_of_two_workers_is_replayed(crew: Crew, tmp_path: Path) -> None:
    state = session_of(tmp_path / "s", 2, crew)

    class Never:
        def __getattr__(self, name: str) -> Sequence[object]:
            pytest.fail(f"the replay asked the crew for {name}")

    with Ledger.open(tmp_path / "s") as ledger:
        assert any(" + " in entry.request for entry in ledger.entries())
        session = Session(recipe(), RULES, Settings(2))
        again = drive(session, ledger, Never(), Heard(), first_proposal)  # type: ignore[arg-type]
    assert [d.decision for d in again.decisions] == [d.decision for d in state.decisions]
    assert again.best.recipe == state.best.recipe


@pytest.mark.parametrize("times", [1, 2])
def test_a_worker_that_dies_is_replaced_once(crew: Crew, times: int, tmp_path: Path) -> None:
    killed: list[int] = []

    def kill(event: Event, trial: int) -> None:
        pid = crew.runner.pid
        if isinstance(event, Evaluated) and len(killed) < times and pid not in (*killed, None):
            killed.append(pid)
            os.kill(pid, signal.SIGKILL)

    long = Train(1, "baseline", recipe(**{"train.epochs": 200}))
    cost = crew.experiment(long, tmp_path, kill)
    finished = read_result(trial_folder(tmp_path, 1)).finished
    assert finished is not None
    assert (finished.status, bool(cost.error)) == (
        ("finished", False) if times == 1 else ("failed", True)
    )


@pytest.mark.parametrize("how", ["experiments", "in_step"])
def test_nothing_begins_or_fails_once_a_crew_is_closed(how: str, tmp_path: Path) -> None:
    requests = [
        Train(n, "candidate", recipe(**{"train.epochs": 5000, "train.seed": n})) for n in range(3)
    ]
    with crew_of(1) as crew:
        closed = threading.Event()

        def close(event: Event, trial: int) -> None:
            assert not closed.is_set(), f"trial {trial} goes on"
            if isinstance(event, StepsDone):
                crew.close()
                closed.set()

        with pytest.raises(ClosedError):
            getattr(crew, how)(requests, tmp_path, close)
        assert crew.runner.pid is None
    for request in requests:
        place = trial_folder(tmp_path, request.number)
        assert concluded(place, request.recipe) is None
        assert read_result(place).finished is None


def test_a_training_that_was_taken_up_costs_what_it_took_in_all(crew: Crew, tmp_path: Path) -> None:
    long = Train(1, "baseline", recipe(**{"train.epochs": 40}))
    place = trial_folder(tmp_path, 1)
    trial_files.begin(place, long.recipe)

    def kill(event: Event) -> None:
        if isinstance(event, Evaluated) and event.epoch > 20:
            os.kill(crew.runner.pid or 0, signal.SIGKILL)

    with pytest.raises(WorkerError):
        crew.runner.train(long.recipe, place, kill, checkpoint_seconds=0.0)
    file = place / "checkpoint.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"seconds": 1000.0}))
    cost = crew.experiment(long, tmp_path, lambda event, trial: None)
    assert 1000.0 < cost.seconds < 1060.0
    assert concluded(place, long.recipe) == cost


class OneRound:
    """A session that asks for one round of trainings."""

    def __init__(self) -> None:
        self.state: Any = None
        self.request: Request | None = TrainAll(tuple(trains(3)))
        self.answer: Answer = None

    def tell(self, answer: Answer) -> None:
        self.request, self.answer = None, answer


@pytest.mark.parametrize(("workers", "least"), [(1, 3.0), (3, 1.0)])
def test_trials_side_by_side_cost_no_less_than_they_did_in_all(
    workers: int, least: float, tmp_path: Path
) -> None:
    """As after a kill when all but the ledger was written: they take no time now."""
    session: Any = OneRound()
    known: Any = made.Crew()
    known.workers = workers
    with Ledger.create(tmp_path / "s", made.header(recipe())) as ledger:
        drive(session, ledger, known, Heard(), first_proposal)
    assert isinstance(session.answer, Results)
    assert [one.seconds for one in session.answer.results] == [1.0] * 3
    assert least <= session.answer.seconds < least + 2.0
