"""Real sessions: worker processes, SQLite, and kills at random moments."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from safetensors.numpy import load_file

from advisor import recipe_file
from advisor.auto import drive, first_proposal, request_key
from advisor.cli import main
from advisor.events import TrialFinished
from advisor.facts import VOCABULARY
from advisor.ledger import Entry, Ledger, LedgerError
from advisor.requests import Answer, Choose, OpenTest, Request, RunProbe, Train
from advisor.rulebook import installed
from advisor.session import Session
from advisor.state import State
from advisor.trial_files import read_events, read_result

RECIPE = """
name: iris
task: classification
data: {source: "sklearn:iris"}
model: {kind: mlp, hidden: [16], activation: sigmoid}
initialization: xavier_normal
optimizer: {kind: adam, lr: 1e-5}
train: {batch_size: 4, epochs: 6, seed: 1}
tune: {budget: 60e}
"""
TIMES = ("seconds", "cost", "session", "best_recipe")


class Silent:
    """An observer that only counts what it hears."""

    def __init__(self) -> None:
        self.asked_for: list[str] = []

    def asked(self, request: Request, state: State) -> None:
        if isinstance(request, Train | RunProbe | Choose | OpenTest):
            self.asked_for.append(request_key(request))

    def event(self, event: object, trial: int) -> None:
        pass

    def answered(self, request: Request, answer: Answer, state: State) -> None:
        pass


def auto(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    """`advisor auto` in a process of its own, so that it can be killed like one."""
    command = [sys.executable, "-m", "advisor.cli", *arguments, "--json"]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=folder
    )


def summary_of(process: subprocess.Popen[str]) -> dict[str, object]:
    out, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors
    lines = [json.loads(line) for line in out.splitlines()]
    found: dict[str, object] = lines[-1]
    assert found["event"] == "summary"
    return found


def decisions(folder: Path) -> list[Entry]:
    """The ledger without times, which differ from run to run."""
    with Ledger.open(folder) as ledger:
        return [
            Entry(entry.request, {k: v for k, v in entry.answer.items() if k not in TIMES})
            for entry in ledger.entries()
        ]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, object], float]:
    """A whole session, its summary and how long it took."""
    pytest.importorskip("torch")
    place = tmp_path_factory.mktemp("undisturbed")
    (place / "iris.yaml").write_text(RECIPE)
    began = time.monotonic()
    found = summary_of(auto(place, "auto", "iris.yaml", "--out", "s", "--backend", "torch"))
    return place / "s", found, time.monotonic() - began


def test_a_session_improves_a_sick_recipe_and_leaves_what_it_promises(
    undisturbed: tuple[Path, dict[str, object], float],
) -> None:
    folder, found, _ = undisturbed
    baseline, best, cost = found["baseline"], found["best"], found["cost"]
    assert isinstance(baseline, dict)
    assert isinstance(best, dict)
    assert isinstance(cost, dict)
    assert best["value"] > baseline["value"] + 0.2
    assert cost["epochs"] <= 60
    test = found["test"]
    assert isinstance(test, dict)
    assert test["opened"] == 1
    whole = found["session_symptoms"]
    assert isinstance(whole, list)
    assert {entry["symptom"]: entry["outcome"] for entry in whole}["test_mismatch"] == "clear"
    assert recipe_file.read(folder / "best.yaml").name == "iris"
    assert load_file(folder / "best.safetensors")
    assert json.loads((folder / "summary.json").read_text()) == found


@pytest.mark.parametrize("moment", range(2))
def test_a_session_killed_at_any_moment_resumes_as_if_nothing_had_happened(
    moment: int, undisturbed: tuple[Path, dict[str, object], float], tmp_path: Path
) -> None:
    reference, found, duration = undisturbed
    (tmp_path / "iris.yaml").write_text(RECIPE)
    process = auto(tmp_path, "auto", "iris.yaml", "--out", "s", "--backend", "torch")
    assert process.stdout is not None
    process.stdout.readline()  # the session exists from its first line on
    chance = random.Random(moment)
    time.sleep(chance.uniform(moment / 2, (moment + 1) / 2) * duration * 0.8)
    process.kill()
    process.communicate()
    before = decisions(tmp_path / "s")
    resumed = summary_of(auto(tmp_path, "resume", "s"))
    after = decisions(tmp_path / "s")
    assert after[: len(before)] == before, "a finished trial was lost or repeated"
    assert after == decisions(reference)
    same = set(found) - set(TIMES)
    assert {k: resumed[k] for k in same} == {k: found[k] for k in same}
    for name in ("test", "best"):
        assert resumed[name] == found[name]


def test_a_replay_runs_nothing_and_gives_the_same_state(
    undisturbed: tuple[Path, dict[str, object], float],
) -> None:
    folder, found, _ = undisturbed

    class Never:
        def __getattr__(self, name: str) -> object:
            pytest.fail(f"the replay asked the runner for {name}")

    recipe = recipe_file.read(folder / "start.yaml")
    with Ledger.open(folder) as ledger:
        observer = Silent()
        session = Session(recipe, installed(VOCABULARY))
        state = drive(session, ledger, Never(), observer, first_proposal)  # type: ignore[arg-type]
        entries = ledger.entries()
    assert observer.asked_for == [entry.request for entry in entries]
    best = found["best"]
    assert isinstance(best, dict)
    assert state.incumbent is not None
    assert state.incumbent.value == best["value"]


def test_a_ledger_of_another_session_is_refused(
    undisturbed: tuple[Path, dict[str, object], float],
) -> None:
    folder, _, _ = undisturbed
    other = recipe_file.read(folder / "start.yaml").changed({"optimizer.lr": 0.5})
    with Ledger.open(folder) as ledger, pytest.raises(LedgerError, match="another version"):
        drive(Session(other, ()), ledger, None, Silent(), first_proposal)  # type: ignore[arg-type]


def test_a_torn_last_line_is_passed_over(tmp_path: Path) -> None:
    ended = '{"event": "trial_finished", "status": "finished", "epochs": 1.0, "steps": 2, '
    ended += '"examples": 8, "seconds": 1.0, "train_loss": null, "train_metric": null, '
    ended += '"validation_loss": null, "validation_metric": null, "best_step": null}\n'
    (tmp_path / "events.jsonl").write_text(ended + '{"event": "evalu')
    events = read_events(tmp_path / "events.jsonl")
    assert [type(event) for event in events] == [TrialFinished]
    assert read_result(tmp_path).finished == events[0]


def test_a_torn_line_in_the_middle_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "events.jsonl").write_text('{"event": "evalu\n{"event": "evalu\n')
    with pytest.raises(ValueError, match=r"\S"):
        read_events(tmp_path / "events.jsonl")


@pytest.fixture(scope="module")
def on_points(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a small csv file of its own, and a whole session on it."""
    pytest.importorskip("torch")
    place, draws = tmp_path_factory.mktemp("points"), random.Random(0)
    rows = []
    for _ in range(60):
        kind = draws.choice(["a", "b"])
        where = (2 if kind == "a" else -2) + draws.random()
        rows.append(f"{where:.3f},{draws.random():.3f},{kind}")
    (place / "points.csv").write_text("x,y,kind\n" + "\n".join(rows) + "\n")
    text = RECIPE.replace('source: "sklearn:iris"', 'source: "csv:points.csv"')
    (place / "points.yaml").write_text(text.replace("60e", "12e"))
    summary_of(auto(place, "auto", "points.yaml", "--out", "s", "--backend", "torch"))
    return place


@pytest.fixture
def points(on_points: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The csv file, put back at the end; a copy of the session is in the working folder."""
    file = on_points / "points.csv"
    before = file.read_text()
    shutil.copytree(on_points / "s", tmp_path / "s")
    monkeypatch.chdir(tmp_path)
    yield file
    file.write_text(before)


def refused(capsys: pytest.CaptureFixture[str]) -> str:
    """What is said of a session that cannot be resumed."""
    assert main(["resume", "s", "--json"]) == 2
    return capsys.readouterr().err


def test_a_session_is_not_resumed_on_other_data(
    points: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = decisions(Path("s"))
    points.write_text(points.read_text().replace(",a\n", ",b\n", 3))
    assert "not the data" in refused(capsys)
    points.unlink()
    told = refused(capsys)
    assert "points.csv" in told
    assert "Traceback" not in told
    assert decisions(Path("s")) == before


def test_a_trial_whose_files_are_gone_is_not_replayed_as_something_else(
    points: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("s/trials/001/events.jsonl").unlink()
    assert "files are gone" in refused(capsys)


def test_every_opening_of_the_test_split_is_counted(tmp_path: Path) -> None:
    with Ledger.create(tmp_path / "s", {}) as ledger:
        assert [ledger.count_opening() for _ in range(3)] == [1, 2, 3]
    with Ledger.open(tmp_path / "s") as again:
        assert again.count_opening() == 4
