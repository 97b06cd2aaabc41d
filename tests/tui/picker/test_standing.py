"""What a list says of a session, by the files that it leaves."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import psutil
import pytest

from advisor import recent
from advisor.tui.picker.known import known
from advisor.tui.picker.standing import Standing, standing

BEGUN: dict[str, Any] = {"event": "session", "metric": "f1"}
BEST: dict[str, Any] = {"event": "incumbent", "trial": 2, "value": 0.25}
BETTER: dict[str, Any] = {"event": "incumbent", "trial": 7, "value": 0.75}
ASKED: dict[str, Any] = {"event": "proposal"}


def written(folder: Path, *lines: dict[str, Any]) -> Path:
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (folder / "journal.jsonl").write_text(text)
    return folder


def at_work(folder: Path, kind: str) -> None:
    created = psutil.Process().create_time()
    host = {"pid": os.getpid(), "created": created, "kind": kind, "advisor": "0"}
    (folder / "host.json").write_text(json.dumps(host))


@pytest.mark.parametrize(
    ("kind", "last", "state"),
    [
        ("host", ASKED, "waiting"),
        ("host", BETTER, "running"),
        ("auto", ASKED, "running"),
        ("", ASKED, "stopped"),
        ("", {"event": "ended", "why": "stopped"}, "stopped"),
        ("", {"event": "ended", "why": "idle"}, "stopped"),
        ("", {"event": "ended", "why": "finished"}, "finished"),
    ],
)
def test_who_is_at_work_and_what_came_last(
    kind: str, last: dict[str, Any], state: str, tmp_path: Path
) -> None:
    written(tmp_path, BEGUN, BEST, BETTER, last)
    if kind:
        at_work(tmp_path, kind)
    found = standing(tmp_path)
    assert (found.state, found.result, found.trial) == (state, "f1 0.75", 7)


def test_an_error_is_told(tmp_path: Path) -> None:
    error = {"event": "error", "kind": "user", "message": "the data are gone"}
    written(tmp_path, BEGUN, error, {"event": "ended", "why": "error"})
    assert standing(tmp_path) == Standing("stopped", "the data are gone", "f1")


@pytest.mark.parametrize("with_journal", [True, False])
def test_a_session_at_its_end_by_its_summary(with_journal: bool, tmp_path: Path) -> None:
    summary = {"best": {"metric": "f1", "value": 0.5}, "trials": 12, "cost": {"epochs": 60.0}}
    (tmp_path / "summary.json").write_text(json.dumps(summary))
    if with_journal:
        written(tmp_path, BEGUN, BEST, {"event": "ended", "why": "finished"})
    found = standing(tmp_path)
    assert (found.state, found.result, found.spent) == (
        "finished",
        "f1 0.5",
        "12 trials, 60 epochs",
    )


@pytest.mark.parametrize("text", ["", "{", "[]\n", '{"event": 3}\n\x00\n', "[" * 100_000 + "\n"])
@pytest.mark.parametrize("name", ["journal.jsonl", "summary.json", "host.json"])
def test_whatever_lies_there_is_a_session_that_stopped(
    name: str, text: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_text(text)
    assert standing(tmp_path) == Standing("stopped")


def test_recent_sessions_are_told_apart(tmp_path: Path) -> None:
    for name, value in (("first", 0.25), ("second", 0.75)):
        (tmp_path / name).mkdir()
        (tmp_path / name / recent.SESSION).touch()
        written(tmp_path / name, BEGUN, BEST | {"value": value})
        recent.remember(tmp_path / name, {"recipe": {"name": "digits"}, "backend": "jax"})
    second, first = [entry for entry in known() if entry.kind == "session"]
    assert (first.title, first.note, second.note) == ("digits", "f1 0.25", "f1 0.75")
    assert first.detail.startswith("- stopped  20")
    assert first.detail.endswith("  jax  first")
    assert first.has(["stopped", "first"])
