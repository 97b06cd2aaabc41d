"""A session that a person steers with every action there is, with real trainings, and that goes on
without them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from advisor import recipe_file, report, summary
from advisor.auto import Start, begin, drive, first_proposal
from advisor.crew import Crew
from advisor.facts import VOCABULARY
from advisor.ledger import Entry, Ledger, read
from advisor.recipe import Recipe
from advisor.requests import ACTIONS, Choice, Choose
from advisor.rulebook import installed
from advisor.runner import Runner
from advisor.session import ChoiceError, Session, problem_of
from advisor.state import State
from tests.report.made import Silent

RULES = tuple(installed(VOCABULARY))
RATE = "optimizer.lr"
STEPS = (
    Choice("lock", fields=("train.batch_size", "model.hidden")),
    Choice("unlock", fields=("model.hidden",)),
    Choice("look", 0),
    Choice("look", None, {RATE: 0.02}),
    Choice("refuse", 0),
    Choice("try", 0, {RATE: 0.01}),
    Choice("own", change={"model.hidden": [12], "schedule.kind": "cosine"}),
    Choice("back", trial=2),
    Choice("own", change={RATE: 0.01, "model.activation": "tanh"}, by="person"),
    Choice("leave"),
)


def recipe(budget: str = "20t") -> Recipe:
    return Recipe.model_validate(
        {
            "name": "iris",
            "task": "classification",
            "data": {"source": "sklearn:iris"},
            "model": {"kind": "mlp", "hidden": (16,), "activation": "sigmoid"},
            "optimizer": {"kind": "adam", "lr": 1e-5},
            "train": {"batch_size": 8, "epochs": 4, "seed": 1},
            "tune": {"budget": budget},
        }
    )


class GoneError(Exception):
    """The person closes the terminal."""


class Person:
    """Does all of `STEPS`, the edit once there is a rate to edit, and then is gone."""

    def __init__(self) -> None:
        self.left = list(STEPS)

    def choose(self, request: Choose, state: State) -> Choice:
        if not self.left:
            raise GoneError
        if self.left[0].action == "try" and RATE not in request.proposals[0].change:
            return Choice("leave")
        choice = self.left.pop(0)
        problem = problem_of(choice, request, state)
        assert problem is None, f"{choice}: {problem}"
        return choice


def entries(folder: Path) -> list[Entry]:
    with Ledger.open(folder) as ledger:
        return ledger.entries()


@pytest.fixture(scope="module")
def crew() -> Iterator[Crew]:
    pytest.importorskip("torch")
    with Crew(lambda cpus: Runner("torch", "cpu", cpus=cpus)) as made:
        yield made


@pytest.fixture(scope="module")
def left(crew: Crew, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, State]:
    """The folder of a session whose person is gone, and what it knew by then."""
    folder = tmp_path_factory.mktemp("steered") / "s"
    start = Start(recipe(), RULES, "torch", "cpu")
    session = Session(recipe(), RULES)
    with begin(start, folder, crew.runner) as ledger, pytest.raises(GoneError):
        drive(session, ledger, crew, Silent(), Person().choose)
    return folder, session.state


@pytest.fixture(scope="module")
def resumed(left: tuple[Path, State]) -> tuple[Path, list[Entry], dict[str, object]]:
    """The same folder after `advisor resume`, what was in its ledger before, and the summary."""
    folder, _ = left
    before = entries(folder)
    command = [sys.executable, "-m", "advisor.cli", "resume", str(folder), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return folder, before, json.loads(done.stdout.splitlines()[-1])


def test_every_action_leaves_its_mark(left: tuple[Path, State]) -> None:
    _, state = left
    assert {choice.action for choice in STEPS} == {*ACTIONS} - {"finish"}
    assert state.locked == ("train.batch_size",)
    assert [look.epochs for look in state.looks] == [2, 2]
    assert {d.proposal.origin for d in state.decisions} >= {"edited", "own"}
    assert state.given_up
    assert state.best.recipe.model.activation == "tanh"  # type: ignore[union-attr]


def test_the_ledger_holds_each_choice_as_it_was_made(left: tuple[Path, State]) -> None:
    folder, _ = left
    told = [e.answer for e in entries(folder) if e.request.startswith("choose ")]
    made = [Choice.from_json(answer) for answer in told]
    assert [one for one in made if one.action != "leave"] == [*STEPS[:-1]]


def test_a_choice_that_cannot_be_carried_out_is_not_written_down(left: tuple[Path, State]) -> None:
    folder, _ = left
    before = entries(folder)
    wrong = Choice("own", change={"train.batch_size": 16})
    with Ledger.open(folder) as ledger, pytest.raises(ChoiceError, match="batch_size is locked"):
        drive(Session(recipe(), RULES), ledger, None, Silent(), lambda *asked: wrong)  # type: ignore[arg-type]
    assert entries(folder) == before


def test_it_goes_on_without_the_person(
    resumed: tuple[Path, list[Entry], dict[str, object]],
) -> None:
    folder, before, found = resumed
    after = entries(folder)
    assert after[: len(before)] == before
    assert len(after) > len(before)
    assert found["looks"] == 2
    best = recipe_file.read(folder / "best.yaml")
    assert best.train.batch_size == 8
    assert best.tune == recipe().tune
    record = json.loads((folder / "record.json").read_text())
    assert record["repeat"]["by_hand"] >= len(STEPS)


def test_its_replay_runs_nothing_and_comes_to_the_same(
    resumed: tuple[Path, list[Entry], dict[str, object]],
) -> None:
    folder, _, found = resumed
    session = Session(recipe(), RULES)
    with Ledger.open(folder) as ledger:
        state = drive(session, ledger, None, Silent(), first_proposal)  # type: ignore[arg-type]
    assert json.loads(json.dumps(summary.summary(state, folder))) == found


def test_its_report_can_be_written(resumed: tuple[Path, list[Entry], dict[str, object]]) -> None:
    folder, _, _ = resumed
    story = report.replay(Session(recipe(), RULES), read(folder))
    text = report.write(story).read_text()
    assert "only looked at" in text
    assert "Your own change" in text
    assert "edited by hand" in text


def test_a_ledger_of_before_these_choices_replays(crew: Crew, tmp_path: Path) -> None:
    """An older version wrote down an action and an index, and nothing else."""
    folder = tmp_path / "old"
    start = Start(recipe("5t"), RULES, "torch", "cpu")
    session = Session(recipe("5t"), RULES)
    with begin(start, folder, crew.runner) as ledger:
        drive(session, ledger, crew, Silent(), first_proposal)
    with Ledger.open(folder) as ledger:
        for number, entry in enumerate(ledger.entries(), 1):
            if entry.request.startswith("choose "):
                old = {key: entry.answer[key] for key in ("action", "index")}
                statement = "UPDATE answers SET answer = ? WHERE number = ?"
                ledger._rows.execute(statement, (json.dumps(old), number))
        again = drive(Session(recipe("5t"), RULES), ledger, None, Silent(), first_proposal)  # type: ignore[arg-type]
    assert [d.decision for d in again.decisions] == [d.decision for d in session.state.decisions]
