from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from advisor.ledger import FILE, Entry, Ledger, LedgerError


def test_answers_come_back_in_order(tmp_path: Path) -> None:
    folder = tmp_path / "session"
    entries = [Entry(f"train {n}", {"seconds": n / 3, "error": "Zürich\n"}) for n in range(20)]
    with Ledger.create(folder, {"recipe": {"name": "x"}}) as ledger:
        for entry in entries:
            ledger.append(entry)
    with Ledger.open(folder) as again:
        assert again.header() == {"recipe": {"name": "x"}}
        assert again.entries() == entries


def test_a_folder_with_a_session_is_refused(tmp_path: Path) -> None:
    Ledger.create(tmp_path / "s", {}).close()
    with pytest.raises(LedgerError, match=r"already holds a session.*resume"):
        Ledger.create(tmp_path / "s", {})


def test_a_folder_with_other_things_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(LedgerError, match="not empty"):
        Ledger.create(tmp_path, {})
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("")
    with pytest.raises(LedgerError, match="output folder"):
        Ledger.create(tmp_path / "x", {})


def test_opening_what_is_no_session_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="holds no session"):
        Ledger.open(tmp_path)


@pytest.mark.parametrize(
    "content", [b"", b"this is no data base", b"SQLite format 3\0" + b"\0" * 90]
)
def test_a_damaged_file_is_refused_with_a_message(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE).write_bytes(content)
    with pytest.raises(LedgerError, match=FILE):
        Ledger.open(tmp_path)


def test_another_format_is_refused(tmp_path: Path) -> None:
    Ledger.create(tmp_path / "s", {}).close()
    rows = sqlite3.connect(tmp_path / "s" / FILE)
    rows.execute("UPDATE header SET format = 99")
    rows.commit()
    rows.close()
    with pytest.raises(LedgerError, match="format 99"):
        Ledger.open(tmp_path / "s")


def test_two_processes_cannot_hold_one_session(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from advisor.ledger import Ledger\n"
        "ledger = Ledger.create(Path(sys.argv[1]), {})\n"
        "print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / "s")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(LedgerError, match="another process"):
            Ledger.open(tmp_path / "s")
        other.kill()
    with Ledger.open(tmp_path / "s") as ledger:
        assert ledger.entries() == []


def test_an_answer_survives_a_kill_right_after_it(tmp_path: Path) -> None:
    code = (
        "import os, sys; from pathlib import Path; from advisor.ledger import Entry, Ledger\n"
        "ledger = Ledger.create(Path(sys.argv[1]), {})\n"
        "ledger.append(Entry('train 1', {'x': 1})); os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "s")], check=False)
    with Ledger.open(tmp_path / "s") as ledger:
        assert ledger.entries() == [Entry("train 1", {"x": 1})]
