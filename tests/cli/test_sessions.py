"""Commands that train, whole: what they print, what they leave, and how they end. Those that are
not interrupted run in this process, with workers of their own."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from advisor.cli import main
from advisor.host.client import Client, HostError
from advisor.recipe_file import read

RECIPE = """\
name: wine
task: classification
data: {source: "sklearn:wine"}
model: {kind: mlp, hidden: [8]}
optimizer: {kind: sgd, lr: 0.01}
train: {batch_size: 16, epochs: 3}
tune: {budget: 12e}
"""


@pytest.fixture
def recipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "wine.yaml"
    path.write_text(RECIPE)
    monkeypatch.chdir(tmp_path)
    return path


@pytest.fixture
def advisor(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[str, str]]:
    """Runs a command and returns what it said on standard output and on standard error."""

    def run(*words: object, code: int = 0) -> tuple[str, str]:
        ended = main([*map(str, words)])
        said = capsys.readouterr()
        assert ended == code, said.err
        return said.out, said.err

    return run


def objects(text: str) -> Sequence[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_run_trains_once(
    recipe: Path, tmp_path: Path, backend_name: str, advisor: Callable[..., tuple[str, str]]
) -> None:
    words = ("run", recipe, "--backend", backend_name, "--seed", 5, "--json", "--out", "out")
    *events, last = objects(advisor(*words)[0])
    assert {"trial_started", "evaluated", "trial_finished"} <= {e["event"] for e in events}
    assert {"status", "validation", "train", "symptoms", "cost"} <= set(last)
    assert last["event"] == "summary"
    assert last["status"] == "finished"
    assert set(last["validation"]) == {"metric", "value", "loss"}
    assert last["cost"]["epochs"] == 3
    assert read(tmp_path / "out" / "recipe.yaml").train.seed == 5
    assert (tmp_path / "out" / "best.safetensors").exists()


@pytest.mark.parametrize("backend_name", ["torch"])  # the backends have no part in it
def test_auto_is_interrupted_and_resumed(
    recipe: Path, tmp_path: Path, backend_name: str, advisor: Callable[..., tuple[str, str]]
) -> None:
    words = ("auto", str(recipe), "--backend", backend_name, "--json", "--out", "my session")
    command = [sys.executable, "-m", "advisor.cli", *words]
    with subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        for line in process.stdout:
            if json.loads(line)["event"] == "trial_started":
                watcher = Client.attach(tmp_path / "my session")
                assert watcher.kind() == "auto"
                with pytest.raises(HostError, match="driven by `advisor auto`"):
                    watcher.stop()
                process.send_signal(signal.SIGINT)
                break
        told = process.stderr.read()
        assert process.wait() == 130
    assert told == "interrupted; go on with: advisor resume 'my session'\n"
    assert not watcher.alive()
    assert journal(tmp_path / "my session")[-1]["why"] == "stopped"

    *lines, last = objects(advisor("resume", "my session", "--json")[0])
    assert last["event"] == "summary"
    assert watcher.finished()
    within = {"trial_started", "steps_done", "evaluated", "trial_finished", "probe_finished"}
    shown = [line for line in lines if line["event"] not in within]
    assert _without_numbers(shown) == _without_numbers(journal(tmp_path / "my session")[:-2])
    assert last["baseline"]["metric"] == "accuracy"
    assert (
        read(
            last["best_recipe"]
            if Path(last["best_recipe"]).is_absolute()
            else tmp_path / last["best_recipe"]
        ).name
        == "wine"
    )

    again, _ = advisor("resume", "my session")
    assert "Before and after" in again
    assert "best.yaml" in again
    out, refused = advisor("auto", recipe, "--out", "my session", code=2)
    assert "already holds a session" in refused
    assert out == ""


def journal(folder: Path) -> Sequence[dict[str, Any]]:
    return objects((folder / "journal.jsonl").read_text())


def _without_numbers(lines: Sequence[dict[str, Any]]) -> Sequence[dict[str, Any]]:
    """Lines that both have; each counts its own, and the journal has one for the mode."""
    own = ("n", "ask", "folder")
    return [
        {k: v for k, v in line.items() if k not in own} for line in lines if line["event"] != "mode"
    ]


def test_several_seeds_are_several_sessions(
    recipe: Path, tmp_path: Path, advisor: Callable[..., tuple[str, str]]
) -> None:
    pytest.importorskip("torch")
    words = ("auto", recipe, "--seed", "0,1", "--budget", "1t", "--json", "--out", "both")
    found = objects(advisor(*words)[0])
    assert [line["seed"] for line in found if line["event"] == "session"] == [0, 1]
    assert sum(line["event"] == "summary" for line in found) == 2
    assert found[-1]["event"] == "seeds"
    assert [one["seed"] for one in found[-1]["sessions"]] == [0, 1]
    for seed in (0, 1):
        assert read(tmp_path / "both" / f"seed-{seed}" / "start.yaml").train.seed == seed


def test_nothing_trained_is_exit_3(recipe: Path, advisor: Callable[..., tuple[str, str]]) -> None:
    pytest.importorskip("torch")
    bad = ("--set", "optimizer.lr=1000", "--set", "task=regression", "--set", "loss=mse")
    words = ("run", recipe, *bad, "--set", "data.source=sklearn:diabetes", "--json")
    last = objects(advisor(*words, code=3)[0])[-1]
    assert last["status"] == "diverged"
    assert last["validation"] is None


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("run", "none.yaml"), "none.yaml"),
        (("run", "wine.yaml", "--set", "optimizer.rate=1"), "unknown field"),
        (("run", "wine.yaml", "--backend", "troch"), "did you mean 'torch'?"),
        (("run", "wine.yaml", "--out", "."), "not empty"),
        (("run", "wine.yaml", "--out", "wine.yaml"), "cannot be the output folder"),
        (("auto", "wine.yaml", "--rules", "none"), "not a folder"),
        (("auto", "wine.yaml", "--budget", "1e"), "1e is less than one training (3 epochs)"),
        (("resume", "."), "holds no session"),
        (("compare", "wine.yaml", "--backends", "torch,numpy"), "numpy"),
    ],
)
def test_bad_input_is_one_message_and_no_folder(
    recipe: Path,
    tmp_path: Path,
    words: tuple[str, ...],
    told: str,
    advisor: Callable[..., tuple[str, str]],
) -> None:
    out, errors = advisor(*words, "--json", code=2)
    assert out == ""
    assert told in errors
    assert "Traceback" not in errors
    assert [path.name for path in tmp_path.iterdir()] == ["wine.yaml"]
