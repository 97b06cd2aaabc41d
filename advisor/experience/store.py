"""Where counts are kept: an SQLite file in the user's folder of data.

It holds rule ids, hashes and counts, and nothing of recipes, data or results. Processes take
turns; what is damaged is set aside, never repaired or deleted.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TypeAlias, TypeVar

from filelock import FileLock, Timeout

from advisor.experience.counts import Counts
from advisor.experience.experience import Version

FILE = "experience.db"
FORMAT = 1
PATIENCE = 10.0
"""Seconds to wait for another process."""
UNUSABLE = (
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
)
"""Errors that say nothing against what is in the file."""

SCHEMA = f"""
CREATE TABLE sessions (id TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE counts (
    rule TEXT NOT NULL,
    version TEXT NOT NULL,
    accepted INTEGER NOT NULL,
    rejected INTEGER NOT NULL,
    undecided INTEGER NOT NULL,
    PRIMARY KEY (rule, version)
) WITHOUT ROWID;
PRAGMA user_version = {FORMAT};
"""
ADD = """
INSERT INTO counts VALUES (?, ?, ?, ?, ?) ON CONFLICT (rule, version) DO UPDATE SET
    accepted = accepted + excluded.accepted,
    rejected = rejected + excluded.rejected,
    undecided = undecided + excluded.undecided
"""

Tell: TypeAlias = Callable[[str], None]
"""Told, in a sentence for people, that something was set aside."""
Known: TypeAlias = dict[Version, Counts]
Found = TypeVar("Found")


class ExperienceError(Exception):
    """The counts cannot be read or written now; the message is for people."""


class _DamagedError(Exception):
    """The file is no file of ours, or no longer."""


def experience_file() -> Path:
    """`$ADVISOR_DATA/experience.db`, else in the user's folder of data."""
    own = os.environ.get("ADVISOR_DATA")
    if own:
        return Path(own).expanduser() / FILE
    from platformdirs import user_data_path

    return user_data_path("advisor", appauthor=False) / FILE


def read(tell: Tell) -> Known:
    """All counts. Raises ExperienceError."""
    return _whole(_read, tell)


def record(session: str, found: Mapping[Version, Counts], tell: Tell) -> bool:
    """Add what a session came to, unless it was added before; says whether it was added now.

    `session`: any text that no other session has. Raises ExperienceError.
    """

    def work() -> bool:
        with _open(create=True) as rows, _transaction(rows):
            _begin(rows)
            _rows(rows)  # nothing is added to what is damaged
            digest = hashlib.sha256(session.encode()).hexdigest()[:32]
            if not rows.execute("INSERT OR IGNORE INTO sessions VALUES (?)", (digest,)).rowcount:
                return False
            values = [(*v, c.accepted, c.rejected, c.undecided) for v, c in found.items()]
            rows.executemany(ADD, values)
        return True

    return _whole(work, tell)


def forget(rule: str | None, tell: Tell) -> Known:
    """Forget the counts of this rule, of all when None; returns them. Raises ExperienceError.

    Sessions that were counted stay so: what is forgotten does not come back by a resume.
    """

    def work() -> Known:
        if not experience_file().exists():  # there is none, or it was set aside
            return {}
        with _open() as rows, _transaction(rows):
            known = _rows(rows)
            forgotten = {v: counts for v, counts in known.items() if rule in (None, v[0])}
            if forgotten:
                rows.executemany("DELETE FROM counts WHERE rule = ? AND version = ?", forgotten)
        return forgotten

    return _whole(work, tell)


def _whole(work: Callable[[], Found], tell: Tell) -> Found:
    """`work`, for a second time where the file was damaged and is set aside."""
    try:
        try:
            return work()
        except _DamagedError:
            _set_aside(tell)
        return work()
    except _DamagedError as error:
        raise ExperienceError(f"{experience_file()} is damaged: {error}") from error
    except OSError as error:
        raise ExperienceError(f"{experience_file()} cannot be used: {error.strerror}") from error


def _read() -> Known:
    if not experience_file().exists():  # there is none, or it was set aside
        return {}
    with _open() as rows:
        return _rows(rows)


@contextmanager
def _open(create: bool = False) -> Iterator[sqlite3.Connection]:
    """The file; its errors become ours."""
    file = experience_file()
    try:
        if create:
            file.parent.mkdir(parents=True, exist_ok=True)
        uri = f"{file.absolute().as_uri()}?mode={'rwc' if create else 'rw'}"
        with closing(
            sqlite3.connect(uri, timeout=PATIENCE, isolation_level=None, uri=True)
        ) as rows:
            yield rows
    except (sqlite3.Error, ValueError) as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in UNUSABLE:
            raise ExperienceError(f"{file} cannot be used: {error}") from error
        raise _DamagedError(str(error)) from error


@contextmanager
def _transaction(rows: sqlite3.Connection) -> Iterator[None]:
    """All or nothing, and nobody else writes meanwhile; left undone by an error."""
    rows.execute("BEGIN IMMEDIATE")
    yield
    rows.execute("COMMIT")


def _begin(rows: sqlite3.Connection) -> None:
    """Make the tables in a file that is new."""
    if _format(rows) == 0 and not rows.execute("SELECT 1 FROM sqlite_master").fetchone():
        for statement in filter(str.strip, SCHEMA.split(";")):
            rows.execute(statement)


def _check(rows: sqlite3.Connection) -> None:
    found = _format(rows)
    if found > FORMAT:
        raise ExperienceError(
            f"{experience_file()} has format {found}, of a newer version of the program; this "
            f"one reads format {FORMAT}"
        )
    if found != FORMAT:
        raise _DamagedError("it was not written by this program")
    rows.execute("SELECT id FROM sessions LIMIT 1")


def _format(rows: sqlite3.Connection) -> int:
    found: int = rows.execute("PRAGMA user_version").fetchone()[0]
    return found


def _rows(rows: sqlite3.Connection) -> Known:
    """Every row, checked."""
    if _format(rows) == 0 and not rows.execute("SELECT 1 FROM sqlite_master").fetchone():
        return {}  # a process was killed before it wrote anything
    _check(rows)
    known: Known = {}
    columns = "rule, version, accepted, rejected, undecided"
    for rule, version, *numbers in rows.execute(f"SELECT {columns} FROM counts"):
        texts = isinstance(rule, str) and isinstance(version, str)
        if not texts or not all(isinstance(n, int) and n >= 0 for n in numbers):
            raise _DamagedError(f"rule {rule!r} has the counts {numbers}")
        known[rule, version] = Counts(*numbers)
    return known


def _set_aside(tell: Tell) -> None:
    """Give a damaged file another name. Raises ExperienceError where that cannot be done."""
    file = experience_file()
    try:
        with FileLock(file.with_name(f"{FILE}.lock"), timeout=PATIENCE):
            if not _is_damaged():  # another process was quicker
                return
            numbers = range(1, 1000)
            names = (file.with_name(f"{FILE}.damaged-{number}") for number in numbers)
            aside = next(path for path in names if not path.exists())
            for end in ("-journal", ""):  # a journal would be played into the next file
                if file.with_name(FILE + end).exists():
                    file.with_name(FILE + end).replace(aside.with_name(aside.name + end))
    except (OSError, Timeout, StopIteration) as error:
        raise ExperienceError(f"{file} is damaged and cannot be set aside: {error}") from error
    tell(f"{file} was damaged; it is now {aside.name}, and what was learned begins anew")


def _is_damaged() -> bool:
    if not experience_file().exists():
        return False
    try:
        with _open() as rows:
            _rows(rows)
            return bool(rows.execute("PRAGMA quick_check").fetchone() != ("ok",))
    except _DamagedError:
        return True
