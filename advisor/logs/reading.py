"""Reads the log of any training, recognised by what is in it."""

from __future__ import annotations

import os
import stat
from dataclasses import replace
from pathlib import Path

from advisor.logs.delimited import find_header, lone_header, read_table
from advisor.logs.folders import files_in
from advisor.logs.json_document import read_document
from advisor.logs.json_lines import object_of, objects_of
from advisor.logs.log import Log, LogError, Note, counted, shown
from advisor.logs.own import is_own, read_own
from advisor.logs.series import build
from advisor.logs.table import MOST_COLUMNS, Table, TableBuilder
from advisor.logs.tensorboard import is_event_file, read_event_files
from advisor.logs.text import allowed, decode, lines_of
from advisor.text import clean

MOST_BYTES = 1 << 30
MOST_OF_PATH = 300
MOST_NAMES = 5
TRIED_LINES = 100
"""Lines among which one object makes a file JSON lines."""
NEEDED = "A log needs at least one entry, with a number under a name such as loss or val_loss"
EMPTY = f"empty: nothing was logged, or not here. {NEEDED}"


def read_log(path: Path) -> Log:
    """The log at this path: a file, or a folder that holds one log or one run's event files.

    Raises LogError, with what was looked for, when nothing can be read. What can be read in part
    is, and `notes` say what is missing or odd.
    """
    source = shown_path(path)
    try:
        mode = os.stat(path).st_mode
        if stat.S_ISDIR(mode):
            return _read_folder(path, source)
        if not stat.S_ISREG(mode):
            raise LogError(f"{source}: neither a file nor a folder")
        notes: list[Note] = []
        return _with(notes, read_bytes(_content(path, notes), source))
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise LogError(f"{source}: cannot be read: {reason}") from error
    except ValueError as error:  # a path with a null character
        if isinstance(error, LogError):
            raise
        raise LogError(f"{source}: no path: {error}") from error


def read_bytes(data: bytes, source: str) -> Log:
    """The log in these bytes. Raises LogError.

    Each form of the content is let go before the next but one is made: logs can be large.
    """
    if not data or data.isspace():
        raise LogError(f"{source}: {EMPTY}")
    if is_event_file(data):
        return build(read_event_files([("", data)]), source)
    text, notes = decode(data, source)
    del data
    try:
        found = _document(text, source)
        if found is None:
            lines = lines_of(text)
            del text
            found = _of_lines(lines, source)
            del lines
    except RecursionError as error:
        raise LogError(f"{source}: nested too deeply. {allowed()}") from error
    return _with(notes, found if isinstance(found, Log) else build(found, source))


def shown_path(path: Path) -> str:
    """The path as messages have it; of a very long one the end."""
    text = str(path)
    return clean(text if len(text) <= MOST_OF_PATH else "..." + text[-MOST_OF_PATH:])


def _document(text: str, source: str) -> Table | Log | None:
    """What one JSON document holds; None where the text is none."""
    if text.lstrip()[:1] not in ("{", "["):
        return None
    try:
        return read_document(text)
    except LogError as error:
        raise LogError(f"{source}: {error}") from error


def _of_lines(lines: list[str], source: str) -> Table | Log:
    """A log only where these are events of this program."""
    if any(object_of(line) is not None for line in lines[:TRIED_LINES]):
        return _read_json_lines(lines, source)
    header = find_header(lines)
    if header is None:
        raise LogError(f"{source}: {_no_table(lines)}")
    return read_table(lines, header)


def _no_table(lines: list[str]) -> str:
    """What these lines are instead, and what is needed."""
    full = [line for line in lines if line.strip()]
    if not full:
        return EMPTY
    names = lone_header(full)
    if names:
        told = ", ".join(map(shown, names[:MOST_NAMES]))
        return f"a header ({told}) and no numbers below it. {NEEDED}"
    if full[0].lstrip().startswith("{"):
        return f"begins with a JSON object that is cut off or damaged. {NEEDED}"
    kind = "neither JSON nor a table with a header"
    return f"{counted(len(full), 'line')} of text, {kind}. {allowed()}"


def _read_json_lines(lines: list[str], source: str) -> Table | Log:
    notes: list[Note] = []
    chunks = objects_of(lines, notes)
    first = next(chunk for chunk in chunks if chunk)
    if is_own(first):
        return read_own([*first, *(one for chunk in chunks for one in chunk)], source, notes)
    builder = TableBuilder()
    builder.add_objects(first)
    for chunk in chunks:
        builder.add_objects(chunk)
    if builder.left_out:
        notes.append(Note("limit", f"only the first {MOST_COLUMNS} names were read"))
    return Table("json lines", builder.rows, builder.columns(), notes)


def _read_folder(path: Path, source: str) -> Log:
    files, notes = files_in(path, source), list[Note]()
    if len(files) == 1:
        file = files[0][1]
        return _with(notes, read_bytes(_content(file, notes), shown_path(file)))
    table = read_event_files([(prefix, _content(file, notes)) for prefix, file in files])
    return _with(notes, build(table, source))


def _content(path: Path, notes: list[Note]) -> bytes:
    with path.open("rb") as file:
        data = file.read(MOST_BYTES + 1)
    if len(data) <= MOST_BYTES:
        return data
    notes.append(Note("limit", "only the first GiB was read"))
    return data[:MOST_BYTES]


def _with(notes: list[Note], log: Log) -> Log:
    return replace(log, notes=(*notes, *log.notes)) if notes else log
