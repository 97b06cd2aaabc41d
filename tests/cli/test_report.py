"""`advisor report`, on sessions whose trainings are make-believe."""

from __future__ import annotations

import json
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from advisor.cli import main
from advisor.report import FILE
from tests import simulation
from tests.report import made
from tests.test_imports import FRAMEWORKS, HELP, imported_by


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sessions") / "a session"
    made.recorded(folder)
    return folder


@pytest.fixture
def session(original: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(original, tmp_path / "a session"))


def changed(session: Path, **changes: Any) -> None:
    """Put other values into the session's header."""
    content = json.dumps(made.header(simulation.recipe(), **changes))
    with sqlite3.connect(session / "session.db") as rows:
        rows.execute("UPDATE header SET content = ?", (content,))
    rows.close()


def listing(folder: Path) -> dict[Path, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != FILE)
    return {path: path.read_bytes() for path in files}


def test_it_writes_the_page_and_changes_nothing_else(
    session: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = listing(session)
    assert main(["report", str(session)]) == 0
    assert capsys.readouterr().out == f"report       {session / FILE}\n"
    assert (session / FILE).read_text(encoding="utf-8").startswith("<!doctype html>")
    assert listing(session) == before


def test_it_writes_where_it_is_told(
    session: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = tmp_path / "page.html"
    assert main(["report", str(session), "--out", str(place), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told == {"event": "summary", "report": str(place), "finished": True}
    assert "Unfinished" not in place.read_text(encoding="utf-8")
    assert not (session / FILE).exists()


def test_a_session_that_was_killed_has_a_page_too(
    session: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with sqlite3.connect(session / "session.db") as rows:
        rows.execute("DELETE FROM answers WHERE number > 4")
    rows.close()
    shutil.rmtree(session / "trials" / "006")  # what it was at when it was killed
    assert main(["report", str(session), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["finished"] is False
    assert "Unfinished" in (session / FILE).read_text(encoding="utf-8")


def test_a_session_at_work_is_not_in_the_way(session: Path) -> None:
    from advisor.ledger import Ledger

    with Ledger.open(session):
        assert main(["report", str(session)]) == 0


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"rules": "0123456789abcdef"}, "the rules have changed since this session was begun"),
        ({"recipe": {"task": "fortune telling"}}, "not one that this version of the program knows"),
        ({"rule_folders": ["/nowhere/at/all"]}, "/nowhere/at/all"),
    ],
)
def test_what_cannot_be_told_again_is_said_in_one_message(
    changes: dict[str, Any], message: str, session: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    changed(session, **changes)
    assert main(["report", str(session)]) == 2
    told = capsys.readouterr()
    assert message in told.err
    assert told.err.startswith("error: ")
    assert told.out == ""
    assert not (session / FILE).exists()


def test_a_folder_without_a_session_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["report", str(tmp_path)]) == 2
    assert "holds no session" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("out", [".", "no/such/folder/page.html"])
def test_a_place_that_cannot_be_written_is_refused(
    out: str,
    session: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    before = set(tmp_path.rglob("*"))
    assert main(["report", str(session), "--out", out]) == 2
    assert capsys.readouterr().err.startswith("error: ")
    assert set(tmp_path.rglob("*")) == before


def test_the_browser_is_asked_to_show_it(
    session: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shown: list[str] = []

    def show(address: str) -> bool:
        shown.append(address)
        return False

    monkeypatch.setattr("webbrowser.open", show)
    assert main(["report", str(session), "--open"]) == 0
    assert shown == [(session / FILE).as_uri()]
    assert "no web browser" in capsys.readouterr().err


def test_it_needs_no_framework(session: Path) -> None:
    assert imported_by(HELP.format(["report", str(session)])) & FRAMEWORKS == set()
