"""The main flow with real trainings, in a real terminal."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from advisor import recipe_file
from tests.tui.terminal import Terminal

ADVISOR = [sys.executable, "-m", "advisor.cli"]
RECIPE = """\
version: 1
name: small
task: classification
data: {source: sklearn:digits}
model: {kind: mlp, hidden: [16], activation: sigmoid}
optimizer: {kind: adam, lr: 1e-5}
train: {batch_size: 32, epochs: 2, seed: 0}
metric: accuracy
tune: {budget: 16e}
"""


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    if shutil.which("tmux") is None:
        pytest.skip("tmux is not installed")
    pytest.importorskip("torch")
    (tmp_path / "small.yaml").write_text(RECIPE)
    variables = {
        "ADVISOR_DATA": str(tmp_path / "data"),
        "OMP_NUM_THREADS": "1",
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
    }
    with Terminal(tmp_path, (100, 30), variables) as found:
        yield found


def lines(folder: Path, event: str) -> list[dict[str, Any]]:
    text = (folder / "journal.jsonl").read_text(encoding="utf-8")
    return [line for line in map(json.loads, text.splitlines()) if line["event"] == event]


def test_from_the_picker_to_the_report(terminal: Terminal, tmp_path: Path) -> None:
    terminal.run([*ADVISOR, "tui"])
    terminal.wait("type to filter")
    terminal.type("./small.yaml")
    terminal.wait("small.yaml", gone=("0 entries",))
    terminal.press("Enter")
    terminal.wait("your turn", "proposal 1 of")
    folder = next((tmp_path / "runs").iterdir())

    terminal.press("x")
    terminal.until(lambda: len(lines(folder, "proposal")) == 2)
    assert lines(folder, "choice")[-1]["action"] == "refuse"
    first = lines(folder, "proposal")[0]["rule"]
    terminal.wait("your turn", "proposal 1 of", gone=(f"rule       {first}",))

    terminal.press("o")
    terminal.wait("a change of your own")
    terminal.type("optimizer.lr=0.01")
    terminal.wait("this changes")
    terminal.press("Enter")
    terminal.until(lambda: len(lines(folder, "decision")) == 1)
    assert lines(folder, "decision")[0]["verdict"] == "accepted"
    terminal.wait("your turn", "proposal 1 of")

    terminal.press("q")
    terminal.wait("leave the session?")
    terminal.press("Enter")
    terminal.wait("what to work on")
    terminal.press("C-q")
    terminal.wait("come back with", "ended with 0")
    terminal.run([*ADVISOR, "tui", str(folder)])
    terminal.wait("your turn")

    terminal.press("e")
    terminal.wait("edit: ", "this changes")
    terminal.press("Enter")
    terminal.until(lambda: len(lines(folder, "decision")) == 2)
    assert [line["by"] for line in lines(folder, "choice")] == ["person"] * 3
    terminal.press("A")
    terminal.wait("the session has ended")
    terminal.press("Tab", "Enter")  # Write the report
    terminal.wait("the report is")
    assert (folder / "report.html").is_file()
    best = recipe_file.read(folder / "best.yaml")
    assert best.optimizer.lr != 1e-5
    terminal.press("q")
    terminal.wait("ended with 0")


def test_a_terminal_that_cannot_draw_is_told(terminal: Terminal, tmp_path: Path) -> None:
    terminal.run(["env", "TERM=dumb", *ADVISOR, "tui", "small.yaml"])
    found = terminal.wait("ended with 2")
    assert "a terminal that can draw" in found
    assert not (tmp_path / "runs").exists()
