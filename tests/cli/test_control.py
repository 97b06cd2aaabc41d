"""`advisor control`, whole: a real session against real searches, small."""

from __future__ import annotations

import html
import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from advisor.cli import main

RECIPE = """\
name: wine
task: classification
data: {source: "sklearn:wine"}
model: {kind: mlp, hidden: [8]}
optimizer: {kind: sgd, lr: 0.01}
train: {batch_size: 16, epochs: 2}
tune: {budget: 4e}
"""


def objects(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a finished session in `done`."""
    pytest.importorskip("torch")
    folder = tmp_path_factory.mktemp("control")
    (folder / "wine.yaml").write_text(RECIPE)
    words = [str(folder / "wine.yaml"), "--out", str(folder / "done"), "--no-experience"]
    assert main(["auto", *words, "--json"]) == 0
    return folder


def test_a_control_is_interrupted_and_goes_on(
    session: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(session)
    command = [sys.executable, "-m", "advisor.cli", "control", "done", "--json"]
    with subprocess.Popen(
        command, cwd=session, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        first = json.loads(process.stdout.readline())
        process.send_signal(signal.SIGINT)
        process.stdout.read()
        assert process.stderr.read() == "interrupted; go on with: advisor control done\n"
        assert process.wait() == 130
    assert first["method"] == "random"
    assert first["change"] == {}

    assert main(["control", "done", "--json"]) == 0
    *trials, last = objects(capsys.readouterr().out)
    assert trials[0] == first
    assert {trial["event"] for trial in trials} == {"control_trial"}
    assert {trial["method"] for trial in trials} == {"random", "tpe"}
    assert last["event"] == "summary"
    assert last == json.loads((session / "done" / "control" / "summary.json").read_text())
    assert (
        last["epochs"]
        == json.loads((session / "done" / "summary.json").read_text())["cost"]["epochs"]
    )
    for method in ("random", "tpe"):
        mine = [trial for trial in trials if trial["method"] == method]
        assert last["epochs"] - 1 < mine[-1]["spent"] <= last["epochs"]
        assert (session / "done" / "control" / method / "000" / "best.safetensors").exists()
    assert not list((session / "done" / "control").rglob("test*"))

    assert last["verdict"] in html.unescape((session / "done" / "report.html").read_text())

    assert main(["control", "done"]) == 0
    told = capsys.readouterr().out
    assert "epochs spent" in told
    assert "we needed" in told
    assert last["verdict"] in told.replace("\n", " ").replace("  ", " ")


@pytest.mark.parametrize(
    ("folder", "told"),
    [("none", "holds no session"), ("wine.yaml", "holds no session"), ("begun", "not finished")],
)
def test_bad_input_is_one_message(
    session: Path, folder: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    if folder == "begun":
        unfinished(session / "done", session / folder)
    assert main(["control", str(session / folder)]) == 2
    said = capsys.readouterr()
    assert told in said.err
    assert said.err.startswith("error: ")
    assert said.out == ""


def unfinished(folder: Path, copy: Path) -> None:
    """The session as it was before its last answers."""
    import sqlite3

    shutil.copytree(folder, copy, ignore=shutil.ignore_patterns("control", ".lock"))
    with sqlite3.connect(copy / "session.db") as rows:
        rows.execute("DELETE FROM answers WHERE number > 1")
    rows.close()
