"""The file that counts are kept in: several processes, damage, places that cannot be written."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

import pytest
from platformdirs import user_data_path

from advisor.experience import Counts, store
from advisor.experience.store import ExperienceError

A, A2, B = ("a", "0123"), ("a", "4567"), ("b", "0123")
ONE = {A: Counts(1, 2, 3), B: Counts(0, 1, 0)}
DAMAGE = {
    "text": b"this is no data base, and longer than a header of SQLite would be" * 4,
    "head only": b"SQLite format 3\0" + b"\0" * 90,
    "zeros": bytes(4096),
}


def silent(text: str) -> None:
    raise AssertionError(f"nothing should be told: {text}")


@pytest.fixture
def file() -> Path:
    return store.experience_file()


def sql(file: Path, *statements: str) -> None:
    with closing(sqlite3.connect(file, isolation_level=None)) as rows:
        for statement in statements:
            rows.execute(statement)


# Counting


def test_the_file_is_where_the_environment_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ADVISOR_DATA", str(tmp_path))
    assert store.experience_file() == tmp_path / "experience.db"
    monkeypatch.delenv("ADVISOR_DATA")
    assert store.experience_file().parts[-2:] == ("advisor", "experience.db")


def test_tests_keep_out_of_what_the_user_has_learned(file: Path) -> None:
    assert not file.is_relative_to(user_data_path())


def test_reading_makes_nothing(file: Path) -> None:
    assert store.read(silent) == {}
    assert store.forget(None, silent) == {}
    assert not file.parent.exists()


def test_what_sessions_came_to_adds_up(file: Path) -> None:
    assert store.record("first", ONE, silent)
    assert store.record("second", {A: Counts(1), A2: Counts(0, 0, 1)}, silent)
    assert store.record("third", {}, silent)
    assert store.read(silent) == {A: Counts(2, 2, 3), B: Counts(0, 1, 0), A2: Counts(0, 0, 1)}


def test_a_session_is_counted_once(file: Path) -> None:
    assert store.record("first", ONE, silent)
    assert not store.record("first", ONE, silent)
    assert not store.record("first", {A: Counts(9)}, silent)
    assert store.read(silent) == ONE


def test_nothing_but_rules_hashes_and_counts_is_kept(file: Path) -> None:
    store.record("a session on secret-data", ONE, silent)
    content = file.read_bytes()
    assert b"secret-data" not in content
    with closing(sqlite3.connect(file)) as rows:
        tables = {name for (name,) in rows.execute("SELECT name FROM sqlite_master")}
        kept = [value for row in rows.execute("SELECT * FROM counts") for value in row]
        sessions = [value for row in rows.execute("SELECT * FROM sessions") for value in row]
    assert tables == {"counts", "sessions"}
    assert kept == ["a", "0123", 1, 2, 3, "b", "0123", 0, 1, 0]
    assert [len(one) for one in sessions] == [32]


# Forgetting


def test_one_rule_is_forgotten_in_all_its_versions(file: Path) -> None:
    store.record("first", {**ONE, A2: Counts(4)}, silent)
    assert store.forget("a", silent) == {A: Counts(1, 2, 3), A2: Counts(4)}
    assert store.read(silent) == {B: Counts(0, 1, 0)}
    assert store.forget("a", silent) == {}


def test_what_is_forgotten_does_not_come_back_by_a_resume(file: Path) -> None:
    store.record("first", ONE, silent)
    assert store.forget(None, silent) == ONE
    assert not store.record("first", ONE, silent)
    assert store.read(silent) == {}
    assert store.record("second", ONE, silent)


# Several processes

WRITER = """
import sys
from advisor.experience import Counts, store
print("ready", flush=True)
sys.stdin.read(1)
name, sessions = sys.argv[1], int(sys.argv[2])
for n in range(sessions):
    store.record(f"{name} {n}", {("a", "0123"): Counts(1, 0, 1)}, print)
    store.record(f"shared {n}", {("b", "0123"): Counts(0, 1, 0)}, print)
"""


def at_once(code: str, *arguments: list[str]) -> list[str]:
    """Run the code in as many processes, all let go at one moment; returns what they told."""
    command = [sys.executable, "-c", code]
    started = [
        subprocess.Popen(
            [*command, *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for words in arguments
    ]
    for process in started:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in started:
        assert process.stdin is not None
        process.stdin.write("!")
        process.stdin.flush()
    ended = [process.communicate(timeout=120) for process in started]
    assert [process.returncode for process in started] == [0] * len(started), ended
    return [out for out, _ in ended]


def test_two_processes_write_at_once_and_nothing_is_lost_or_counted_twice(file: Path) -> None:
    assert at_once(WRITER, ["x", "12"], ["y", "12"]) == ["", ""]
    assert store.read(silent) == {A: Counts(24, 0, 24), B: Counts(0, 12, 0)}


def test_two_processes_that_meet_damage_set_it_aside_once(file: Path) -> None:
    file.parent.mkdir(parents=True)
    file.write_bytes(DAMAGE["text"])
    told = "".join(at_once(WRITER, ["x", "5"], ["y", "5"]))
    assert told.count("was damaged") == 1
    assert store.read(silent) == {A: Counts(10, 0, 10), B: Counts(0, 5, 0)}
    assert [path.name for path in file.parent.glob("*.damaged*")] == ["experience.db.damaged-1"]


KILLED = """
import os
import sqlite3
from advisor.experience import Counts, store
store.record("first", {("a", "0123"): Counts(1)}, print)
rows = sqlite3.connect(store.experience_file(), isolation_level=None)
rows.execute("PRAGMA cache_size = 1")
rows.execute("PRAGMA cache_spill = 1")
rows.execute("BEGIN IMMEDIATE")
rows.executemany("INSERT INTO sessions VALUES (?)", ((f"{n:032}",) for n in range(5000)))
os.kill(os.getpid(), 9)
"""


def test_a_process_killed_while_it_writes_leaves_what_was_there(file: Path) -> None:
    subprocess.run([sys.executable, "-c", KILLED], timeout=60)
    assert file.with_name("experience.db-journal").exists()
    assert store.read(silent) == {A: Counts(1)}
    assert store.record("second", {A: Counts(1)}, silent)
    assert store.read(silent) == {A: Counts(2)}


def test_a_file_that_is_held_for_long_is_said(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store.record("first", ONE, silent)
    monkeypatch.setattr(store, "PATIENCE", 0.05)
    with closing(sqlite3.connect(file, isolation_level=None)) as rows:
        rows.execute("BEGIN EXCLUSIVE")
        with pytest.raises(ExperienceError, match=r"experience\.db cannot be used: .*locked"):
            store.record("second", ONE, silent)
    assert store.record("second", ONE, silent)
    assert not list(file.parent.glob("*.damaged*"))


# Damage


@pytest.mark.parametrize("content", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_file_is_set_aside_and_said_once(file: Path, content: bytes) -> None:
    file.parent.mkdir(parents=True)
    for number in (1, 2):
        file.write_bytes(content)
        told: list[str] = []
        assert store.read(told.append) == {}
        (line,) = told
        assert str(file) in line
        assert f"experience.db.damaged-{number}" in line
        assert file.with_name(f"experience.db.damaged-{number}").read_bytes() == content
        assert store.read(silent) == {}


@pytest.mark.parametrize("work", ["read", "record", "forget"])
@pytest.mark.parametrize(
    "statements",
    [
        ["DROP TABLE counts"],
        ["DROP TABLE sessions"],
        ["UPDATE counts SET accepted = -1"],
        ["UPDATE counts SET accepted = 'many'"],
        ["UPDATE counts SET accepted = 0.5"],
        ["UPDATE counts SET rule = x'ff00' WHERE rule = 'a'"],
        ["PRAGMA user_version = 0"],
        ["DROP TABLE counts", "CREATE TABLE counts (a, b)"],
    ],
    ids=" ".join,
)
def test_a_file_that_holds_something_else_is_set_aside(
    file: Path, statements: list[str], work: str
) -> None:
    store.record("first", ONE, silent)
    sql(file, *statements)
    told: list[str] = []
    if work == "read":
        assert store.read(told.append) == {}
    elif work == "forget":
        assert store.forget(None, told.append) == {}
    else:
        assert store.record("second", ONE, told.append)
        assert store.read(silent) == ONE
    assert len(told) == 1
    assert list(file.parent.glob("*.damaged-1"))


def test_a_torn_file_is_set_aside(file: Path) -> None:
    many = {(f"rule-{n}", "0123"): Counts(n) for n in range(2000)}
    store.record("first", many, silent)
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    told: list[str] = []
    assert store.read(told.append) == {}
    assert len(told) == 1


def test_the_journal_goes_with_the_damaged_file(file: Path) -> None:
    """Else its old pages would be played into the new file."""
    subprocess.run([sys.executable, "-c", KILLED], timeout=60)
    journal = file.with_name("experience.db-journal")
    kept = journal.read_bytes()
    file.write_bytes(DAMAGE["text"])
    journal.write_bytes(kept[:10])  # too short to be played back
    told: list[str] = []
    assert store.record("new", ONE, told.append)
    assert len(told) == 1
    assert store.read(silent) == ONE


def test_a_file_of_a_newer_version_is_left_alone(file: Path) -> None:
    store.record("first", ONE, silent)
    sql(file, "PRAGMA user_version = 2")
    before = file.read_bytes()
    for work in (
        lambda: store.read(silent),
        lambda: store.record("second", ONE, silent),
        lambda: store.forget(None, silent),
    ):
        with pytest.raises(ExperienceError, match="format 2, of a newer version"):
            work()
    assert file.read_bytes() == before


def test_an_empty_file_is_a_new_one(file: Path) -> None:
    file.parent.mkdir(parents=True)
    file.touch()
    assert store.read(silent) == {}
    assert store.forget(None, silent) == {}
    assert store.record("first", ONE, silent)
    assert store.read(silent) == ONE


# Places that cannot be used


def test_a_folder_that_cannot_be_made_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("ADVISOR_DATA", str(tmp_path / "file" / "data"))
    assert store.read(silent) == {}
    with pytest.raises(ExperienceError, match=r"experience\.db cannot be used: Not a directory"):
        store.record("first", ONE, silent)


def test_a_folder_in_the_place_of_the_file_is_said(file: Path) -> None:
    file.mkdir(parents=True)
    for work in (lambda: store.read(silent), lambda: store.record("first", ONE, silent)):
        with pytest.raises(ExperienceError, match="cannot be used: unable to open"):
            work()
    assert file.is_dir()


READ_ONLY = """  # root may do anything, so it becomes nobody first
import os
import sys
from advisor.experience import Counts, store
if os.geteuid() == 0:
    os.setegid(65534)
    os.seteuid(65534)
try:
    print(len(store.read(print)))
    store.record("second", {("a", "0123"): Counts(1)}, print)
except store.ExperienceError as error:
    print(error)
"""


def by_nobody(file: Path, mode: int) -> list[str]:
    """What READ_ONLY tells of this file in a folder of this mode."""
    top = Path(tempfile.gettempdir()).resolve()
    above = [place for place in file.parents if top in place.parents]
    modes = {place: place.stat().st_mode & 0o777 for place in above}
    try:
        for place in above:
            place.chmod(0o755)
        file.chmod(0o444)
        file.parent.chmod(mode)
        command = [sys.executable, "-c", READ_ONLY]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    finally:
        for place in reversed(above):
            place.chmod(modes[place])
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.parametrize(
    ("mode", "damaged", "told"),
    [
        (0o555, False, ["2", "cannot be used: attempt to write a readonly database"]),
        (0o555, True, ["is damaged and cannot be set aside: "]),
        (0o000, False, ["cannot be used: Permission denied"]),
    ],
    ids=["read-only", "read-only and damaged", "closed"],
)
def test_a_folder_without_permission_is_said(
    file: Path, mode: int, damaged: bool, told: list[str]
) -> None:
    """A read-only one can still be read."""
    store.record("first", ONE, silent)
    if damaged:
        file.write_bytes(DAMAGE["text"])
    before = file.read_bytes()
    lines = by_nobody(file.resolve(), mode)
    assert len(lines) == len(told)
    assert all(part in line for part, line in zip(told, lines, strict=True))
    assert file.read_bytes() == before
