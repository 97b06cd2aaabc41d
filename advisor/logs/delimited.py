"""Tables of text: CSV and TSV with a header, also with empty cells."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from operator import methodcaller

import numpy as np
from numpy.typing import NDArray

from advisor.logs.log import Note, Values, counted
from advisor.logs.names import meaning
from advisor.logs.table import Table, TableBuilder, text_number

DELIMITERS = ",\t;|"
HEADER_WITHIN = 20
"""Lines; before the header may be comments or a greeting."""
LOOKED_AT, ENOUGH = 50, 3
"""Lines before the last whose numbers tell how long one is; and how many of them must."""
CHUNK, CELLS = 10_000, 200_000
"""Most lines, and about how many of their cells, that are held at once."""
_COMMA = re.compile(r"\s*[-+]?\d+,\d+(?:[eE][-+]?\d+)?\s*")


@dataclass(frozen=True)
class Numbers:
    """Lines of nothing but numbers."""

    values: Values
    """(lines, columns)"""
    filled: NDArray[np.bool_]
    """(lines, columns) False where the cell is empty and its value means nothing"""


@dataclass(frozen=True)
class Header:
    line: int
    """index"""
    delimiter: str
    names: list[str]


def find_header(lines: Sequence[str]) -> Header | None:
    """The first line of names that has numbers below it in as many columns."""
    full = [(i, line) for i, line in enumerate(lines[:HEADER_WITHIN]) if line.strip()]
    for (i, line), (_, below) in pairwise(full):
        delimiter = max(DELIMITERS, key=line.count)
        names = [name.strip() for name in cells_of(line.lstrip("# "), delimiter)]
        cells = cells_of(below, delimiter)
        named = sum(bool(name) and text_number(name) is None for name in names)
        numeric = sum(_number(cell, delimiter) is not None for cell in cells)
        if named == len(names) and numeric and len(cells) <= len(names):
            return Header(i, delimiter, _distinct(names))
    return None


def lone_header(lines: Sequence[str]) -> list[str]:
    """The names of a table that has no row yet; none where the last line is no header."""
    last = lines[-1].lstrip("# ")
    names = [name.strip() for name in cells_of(last, max(DELIMITERS, key=last.count))]
    named = all(name and text_number(name) is None for name in names)
    return names if named and any(meaning(name).role != "other" for name in names) else []


def read_table(lines: Sequence[str], header: Header) -> Table:
    """All rows below the header; lines with too many cells, or none, are left out and noted."""
    builder, reading = TableBuilder(), _Reading(header, lines[header.line].strip())
    cut = _cut_off(lines, header)
    last = len(lines) - bool(cut)
    size = min(CHUNK, CELLS // len(header.names) + 1)
    for first in range(header.line + 1, last, size):
        chunk = lines[first : min(first + size, last)]
        numbers = _numeric(chunk, header)
        if numbers is not None:
            _add_numbers(builder, header, numbers)
            continue
        columns: Sequence[Sequence[str]] = _even(chunk, header)
        _add(builder, header, columns or list(zip(*reading.rows(chunk, first + 1), strict=True)))
    notes = reading.notes()
    if cut:
        notes.insert(0, Note("truncated", f"the last line ({len(lines)}) {cut}; it was left out"))
    return Table("csv", builder.rows, builder.columns(), notes)


def _cut_off(lines: Sequence[str], header: Header) -> str:
    """What shows that the last line is not whole; nothing where it is, or has an end."""
    last, width = cells_of(lines[-1], header.delimiter), len(header.names)
    if not lines[-1].strip() or len(last) > width:
        return ""
    if len(last) < width:
        return "is cut off"
    before = lines[max(header.line + 1, len(lines) - 1 - LOOKED_AT) : -1]
    rows = [cells_of(line, header.delimiter) for line in before]
    ends = [len(cells[-1].strip()) for cells in rows if len(cells) == width]
    shorter = len(ends) >= ENOUGH and len(last[-1].strip()) < min(ends)
    return "seems cut off: no end of line, and a shorter number than before" if shorter else ""


@dataclass
class _Reading:
    """Reads line by line and keeps account of the odd ones."""

    header: Header
    head: str
    bad: list[int] = field(default_factory=list)
    repeated: int = 0

    def rows(self, chunk: Sequence[str], number: int) -> list[list[str]]:
        found, width = [], len(self.header.names)
        for place, line in enumerate(chunk, number):
            if not line.strip():
                continue
            if line.strip() == self.head:
                self.repeated += 1
                continue
            cells = cells_of(line, self.header.delimiter)
            if len(cells) > width:
                self.bad.append(place)
                continue
            found.append(cells + [""] * (width - len(cells)))
        return found

    def notes(self) -> list[Note]:
        found = []
        if self.bad:
            said = f"{counted(len(self.bad), 'line')} with too many cells left out, the first is "
            found.append(Note("unreadable", said + str(self.bad[0])))
        if self.repeated:
            said = f"the header comes again {counted(self.repeated, 'time')}"
            found.append(Note("runs", said))
        return found


def _numeric(chunk: Sequence[str], header: Header) -> Numbers | None:
    """Lines that hold nothing but numbers and empty cells: most tables, and much the fastest.

    What NumPy reads as a number `float` reads as the same one.
    """
    if not chunk[0].strip() or len(header.names) < 2:
        return None
    try:
        filled = _filled(chunk, header)
        if filled is None:
            return None
        lines = chunk if filled.all() else _with_nan(chunk, header.delimiter)
        found = np.loadtxt(lines, delimiter=header.delimiter, comments=None, ndmin=2)
    except ValueError:
        return None
    return Numbers(found, filled) if found.shape == filled.shape else None


def _filled(chunk: Sequence[str], header: Header) -> NDArray[np.bool_] | None:
    """(lines, columns) whether there is something in a cell; None for uneven lines."""
    text = np.frombuffer("\n".join((*chunk, "")).encode(errors="replace"), np.uint8)
    ends = np.flatnonzero((text == ord(header.delimiter)) | (text == ord("\n")))
    width = len(header.names)
    if len(ends) != len(chunk) * width or (text[ends[width - 1 :: width]] != ord("\n")).any():
        return None
    return (np.diff(ends, prepend=-1) > 1).reshape(-1, width)


def _with_nan(chunk: Sequence[str], delimiter: str) -> list[str]:
    """The lines with nan in their empty cells."""
    text = "\n".join(("", *chunk, "")).replace(f"\n{delimiter}", f"\nnan{delimiter}")
    for _ in range(2):  # of three in a row the middle one is seen once only
        text = text.replace(delimiter * 2, f"{delimiter}nan{delimiter}")
    return text.replace(f"{delimiter}\n", f"{delimiter}nan\n").split("\n")[1:-1]


def _even(chunk: Sequence[str], header: Header) -> list[list[str]]:
    """The columns of plain lines that all have their cells, some of them empty; else none."""
    text, width = header.delimiter.join(chunk), len(header.names)
    if '"' in text or header.names[0] in text or width < 2:
        return []
    if set(map(methodcaller("count", header.delimiter), chunk)) != {width - 1}:
        return []
    cells = text.split(header.delimiter)
    return [cells[column::width] for column in range(width)]


def cells_of(line: str, delimiter: str) -> list[str]:
    """Quotes reach no further than their line, so that one without an end costs one line."""
    if '"' not in line:
        return line.split(delimiter)
    try:
        return next(csv.reader([line], delimiter=delimiter))
    except (csv.Error, StopIteration):
        return line.split(delimiter)


def _add_numbers(builder: TableBuilder, header: Header, numbers: Numbers) -> None:
    rows = np.arange(builder.rows, builder.rows + len(numbers.values))
    builder.rows += len(rows)
    for name, values, filled in zip(header.names, numbers.values.T, numbers.filled.T, strict=True):
        whole = filled.all()
        builder.add_column(name, *((rows, values) if whole else (rows[filled], values[filled])))


def _add(builder: TableBuilder, header: Header, columns: Sequence[Sequence[str]]) -> None:
    first = builder.rows
    builder.rows += len(columns[0]) if columns else 0
    for name, cells in zip(header.names, columns, strict=False):
        where = np.arange(first, builder.rows)
        if "" in cells:
            where = where[np.fromiter(map(bool, cells), bool, len(cells))]
            cells = list(filter(None, cells))
        builder.add_column(name, where, _floats(cells, header.delimiter))


def _floats(cells: Sequence[str], delimiter: str) -> Values | Sequence[float | str]:
    try:
        return np.fromiter(map(float, cells), np.float64, len(cells))
    except ValueError:
        found = ((cell, _number(cell, delimiter)) for cell in cells)
        return [cell if value is None else value for cell, value in found]


def _number(cell: str, delimiter: str) -> float | None:
    if delimiter != "," and _COMMA.fullmatch(cell[:64]):
        cell = cell.replace(",", ".")
    return text_number(cell)


def _distinct(names: Sequence[str]) -> list[str]:
    """Repeated names get a number, so that no column hides another."""
    seen: dict[str, int] = {}
    found = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        found.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return found
