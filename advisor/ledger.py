"""A session on disk: one SQLite file in which every answer is a row, and a folder a trial.

A row is written after the files it speaks of are whole, so that a session killed at any moment
resumes from its last answer. Replaying the rows into a new `Session` gives the same state.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from filelock import FileLock, Timeout

from advisor.mistakes import is_full_disk

FORMAT = 1
FILE = "session.db"
LOCK = ".lock"

SCHEMA = """
CREATE TABLE header (format INTEGER NOT NULL, content TEXT NOT NULL);
CREATE TABLE answers (
    number INTEGER PRIMARY KEY,
    request TEXT NOT NULL,
    answer TEXT NOT NULL,
    at TEXT NOT NULL
);
CREATE TABLE test_openings (at TEXT NOT NULL);
"""


class LedgerError(Exception):
    """The folder cannot be used as asked; the message is for people."""


class HeldError(LedgerError):
    """Another process is at work on the session."""


@dataclass(frozen=True)
class Entry:
    """One answer: which request it answered, and what it was (JSON-able)."""

    request: str
    answer: dict[str, Any]


class Ledger:
    """The rows of one session; held by one process at a time. Use as a context manager."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = FileLock(folder / LOCK)
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            raise HeldError(f"{folder}: another process is working on this session") from None
        except OSError as error:
            raise LedgerError(f"{folder}: cannot write here: {error.strerror}") from error
        try:
            self._rows = sqlite3.connect(folder / FILE, isolation_level=None)
        except sqlite3.Error as error:
            self._lock.release()
            raise LedgerError(f"{folder / FILE} cannot be opened: {error}") from error
        try:
            self._rows.execute("PRAGMA synchronous = FULL")
        except sqlite3.DatabaseError as error:
            self.close()
            raise LedgerError(f"{folder / FILE} cannot be read: {error}") from error

    @staticmethod
    def check_free(folder: Path) -> None:
        """Raise LedgerError unless a session may begin in `folder`: new, or an empty folder."""
        try:
            occupied = folder.exists() and any(e.name != LOCK for e in folder.iterdir())
        except OSError as error:
            raise LedgerError(f"{folder}: cannot be the output folder: {error.strerror}") from error
        if (folder / FILE).exists():
            raise LedgerError(
                f"{folder} already holds a session; go on with it by `advisor resume {folder}`, "
                "or choose another folder with --out"
            )
        if occupied:
            raise LedgerError(f"{folder} is not empty; choose another folder with --out")

    @classmethod
    def create(cls, folder: Path, header: Mapping[str, Any]) -> Ledger:
        """Begin a session in a new or empty folder. Raises LedgerError."""
        cls.check_free(folder)
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise LedgerError(f"{folder}: cannot be the output folder: {error.strerror}") from error
        ledger = cls(folder)
        try:
            ledger._rows.executescript(f"BEGIN;{SCHEMA}COMMIT;")
            ledger._write("INSERT INTO header VALUES (?, ?)", (FORMAT, json.dumps(header)))
        except (sqlite3.Error, LedgerError) as error:
            ledger.close()
            if is_full_disk(error):  # half a session could not be gone on with
                with suppress(OSError):
                    (folder / FILE).unlink()
            raise LedgerError(f"{folder / FILE} cannot be written: {error}") from error
        return ledger

    @classmethod
    def open(cls, folder: Path) -> Ledger:
        """Take up a session. Raises LedgerError when there is none, or it cannot be read."""
        if not (folder / FILE).is_file():
            raise LedgerError(
                f"{folder} holds no session (there is no {FILE} in it) and no training (run.json)"
            )
        ledger = cls(folder)
        try:
            ledger.header()
        except LedgerError:
            ledger.close()
            raise
        return ledger

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def header(self) -> dict[str, Any]:
        """What the session was begun with."""
        try:
            row = self._rows.execute("SELECT format, content FROM header").fetchone()
        except sqlite3.DatabaseError as error:
            raise LedgerError(f"{self.folder / FILE} cannot be read: {error}") from error
        if row is None:
            raise LedgerError(f"{self.folder / FILE} was never begun; delete the folder")
        if row[0] != FORMAT:
            raise LedgerError(
                f"{self.folder / FILE} has format {row[0]}; this version reads format {FORMAT}"
            )
        content: dict[str, Any] = json.loads(row[1])
        return content

    def entries(self) -> list[Entry]:
        """All answers so far, in order."""
        try:
            rows = self._rows.execute("SELECT request, answer FROM answers ORDER BY number")
            with closing(rows) as found:
                return [Entry(request, json.loads(answer)) for request, answer in found]
        except (sqlite3.Error, ValueError) as error:
            raise LedgerError(f"{self.folder / FILE} cannot be read: {error}") from error

    def append(self, entry: Entry) -> None:
        """Write one answer; it is on disk when this returns."""
        self._write(
            "INSERT INTO answers (request, answer, at) VALUES (?, ?, ?)",
            (entry.request, json.dumps(entry.answer), _now()),
        )

    def count_opening(self) -> int:
        """Note that the sealed test split is about to be opened; how often that makes."""
        self._write("INSERT INTO test_openings VALUES (?)", (_now(),))
        count: int = self._rows.execute("SELECT COUNT(*) FROM test_openings").fetchone()[0]
        return count

    def _write(self, statement: str, values: tuple[Any, ...]) -> None:
        try:
            self._rows.execute(statement, values)
        except sqlite3.Error as error:
            raise LedgerError(f"{self.folder / FILE} cannot be written: {error}") from error

    def close(self) -> None:
        self._rows.close()
        self._lock.release()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def is_held(folder: Path) -> bool:
    """Whether a process is at work on the session in `folder`, as far as can be told."""
    place = folder / LOCK
    if not place.exists():
        return False
    try:
        with FileLock(place, timeout=0):
            return False
    except Timeout:
        return True
    except OSError:  # a folder that cannot be written to
        return False


@dataclass(frozen=True)
class Record:
    """All that a session has written down so far."""

    folder: Path
    header: Mapping[str, Any]
    """what the session was begun with"""
    entries: tuple[Entry, ...]
    times: tuple[str, ...]
    """when each of them was written, UTC, in ISO 8601"""
    openings: int
    """how often the sealed test split was opened, or about to be"""


def read(folder: Path) -> Record:
    """What a session's file holds, without holding the session: another process may be working on
    it, and the folder may be read-only. Raises LedgerError."""
    place = folder / FILE
    if not place.is_file():
        raise LedgerError(f"{folder} holds no session (there is no {FILE} in it)")
    try:
        with closing(sqlite3.connect(f"{place.absolute().as_uri()}?mode=rw", uri=True)) as rows:
            rows.execute("BEGIN")
            head = rows.execute("SELECT format, content FROM header").fetchone()
            if head is None or head[0] != FORMAT:
                had = "was never begun" if head is None else f"has format {head[0]}"
                raise LedgerError(f"{place} {had}; this version reads format {FORMAT}")
            found = rows.execute("SELECT request, answer, at FROM answers ORDER BY number")
            answers = found.fetchall()
            openings = rows.execute("SELECT COUNT(*) FROM test_openings").fetchone()[0]
        return Record(
            folder,
            json.loads(head[1]),
            tuple(Entry(request, json.loads(answer)) for request, answer, _ in answers),
            tuple(at for _, _, at in answers),
            openings,
        )
    except (sqlite3.Error, ValueError) as error:
        raise LedgerError(f"{place} cannot be read: {error}") from error
