"""A full disk: what is told, how it ends, and that no training is blamed for it."""

from __future__ import annotations

import errno
import os
import sqlite3
from pathlib import Path

import pytest

from advisor import opening
from advisor.cli import main, room, run
from advisor.cli.errors import Exit, NoRoomError, reported
from advisor.ledger import Entry, Ledger, LedgerError
from advisor.mistakes import is_full_disk
from advisor.recipe_file import parse
from advisor.runner import Runner

RECIPE = """\
name: wine
task: classification
data: {source: "sklearn:wine"}
model: {kind: mlp, hidden: [8]}
train: {batch_size: 16, epochs: 1}
"""


def full(*_: object, **__: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "file")


@pytest.fixture
def recipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "wine.yaml").write_text(RECIPE)
    monkeypatch.chdir(tmp_path)
    return "wine.yaml"


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_no_room_is_known_by_its_number(number: int) -> None:
    error = OSError(number, os.strerror(number))
    wrapped = LedgerError("cannot be written")
    wrapped.__cause__ = error
    assert is_full_disk(error)
    assert is_full_disk(wrapped)
    assert not is_full_disk(PermissionError(errno.EACCES, "no"))
    assert not is_full_disk(ValueError("No space left on device"))


def test_a_ledger_without_room_is_a_full_disk(tmp_path: Path) -> None:
    with Ledger.create(tmp_path / "s", {}) as ledger:
        ledger._rows.execute("PRAGMA max_page_count = 1")
        with pytest.raises(LedgerError) as caught:
            ledger.append(Entry("train", {"long": "x" * 100_000}))
    assert is_full_disk(caught.value)


def test_what_could_not_be_begun_leaves_no_half_session(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unwritable(self: Ledger, *_: object) -> None:
        error = sqlite3.OperationalError("database or disk is full")
        error.sqlite_errorname = "SQLITE_FULL"
        raise LedgerError("no") from error

    monkeypatch.setattr(Ledger, "_write", unwritable)
    with pytest.raises(LedgerError):
        Ledger.create(tmp_path / "s", {})
    Ledger.check_free(tmp_path / "s")


def test_a_session_without_room_says_where_and_how_to_go_on(
    recipe: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("torch")
    monkeypatch.setattr(opening, "begun", full)
    assert main(["auto", recipe, "--out", "my session"]) == Exit.NO_ROOM == 74
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("error: my session: the disk is full")
    assert told.err.endswith("nothing was begun; make room, then give the command again\n")
    Path("my session").mkdir()
    Path("my session/session.db").touch()
    monkeypatch.setattr(opening, "resumed", full)
    assert main(["resume", "my session"]) == Exit.NO_ROOM
    first, second = capsys.readouterr().err.splitlines()
    assert first.startswith("error: my session: the disk is full (")
    assert "nothing that was finished is lost" in second
    assert second.endswith("go on with: advisor resume 'my session'")


def test_a_training_without_room_is_gone_on_with(
    recipe: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("torch")
    monkeypatch.setattr(run, "_work", full)
    assert main(["run", recipe, "--out", "one"]) == Exit.NO_ROOM
    assert capsys.readouterr().err.endswith("go on with: advisor resume one\n")


def test_a_comparison_without_room_names_the_temporary_folder(
    recipe: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("torch")
    pytest.importorskip("jax")
    monkeypatch.setattr("advisor.compare.compare", full)
    assert main(["compare", recipe, "--json"]) == Exit.NO_ROOM
    told = capsys.readouterr().err
    assert "the disk is full" in told
    assert "TMPDIR" in told


def test_no_room_elsewhere_is_no_bad_input(capsys: pytest.CaptureFixture[str]) -> None:
    def work() -> int:
        full()
        return 0

    assert reported(work) == Exit.NO_ROOM
    assert capsys.readouterr().err == "error: file: No space left on device\n"


def test_other_errors_pass(tmp_path: Path) -> None:
    with pytest.raises(PermissionError), room.room_in(tmp_path, lambda: ""):
        raise PermissionError(errno.EACCES, "no")
    with (
        pytest.raises(NoRoomError, match="as you like"),
        room.room_in(tmp_path, lambda: "as you like"),
    ):
        full()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a disk that is full")
def test_a_training_is_not_blamed_for_the_disk(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    (tmp_path / "events.jsonl").symlink_to("/dev/full")
    with Runner("torch") as runner, pytest.raises(OSError, match="No space left") as caught:
        runner.probe("preflight", parse(RECIPE), tmp_path)
    assert caught.value.errno == errno.ENOSPC
    assert caught.value.filename == str(tmp_path)
