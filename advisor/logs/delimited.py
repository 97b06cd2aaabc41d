"""Tables of text: CSV and TSV with a header, also with empty cells."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from advisor.logs.log import Note, counted
from advisor.logs.table import Table, TableBuilder, text_number

DELIMITERS = ",\t;|"
HEADER_WITHIN = 20
"""Lines; before the header may be comments or a greeting."""
CHUNK = 10_000
"""Lines whose cells are held at once."""
_COMMA = re.compile(r"\s*[-+]?\d+,\d+(?:[eE][-+]?\d+)?\s*")


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


def read_table(lines: Sequence[str], header: Header) -> Table:
    """All rows below the header; lines with too many cells, or none, are left out and noted."""
    builder, reading = TableBuilder(), _Reading(header, lines[header.line].strip())
    cut = bool(lines[-1].strip()) and len(cells_of(lines[-1], header.delimiter)) < len(header.names)
    last = len(lines) - cut
    for first in range(header.line + 1, last, CHUNK):
        chunk = lines[first : min(first + CHUNK, last)]
        rows = _even(chunk, header) or reading.rows(chunk, first + 1)
        _add(builder, header, rows)
    notes = reading.notes()
    if cut:
        said = f"the last line ({len(lines)}) is cut off; it was left out"
        notes.insert(0, Note("truncated", said))
    return Table("csv", builder.rows, builder.columns(), notes)


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


def _even(chunk: Sequence[str], header: Header) -> list[list[str]]:
    """The rows of plain lines that all have their cells: most tables, and much the fastest."""
    text = "\n".join(chunk)
    if '"' in text or header.names[0] in text or len(header.names) < 2:
        return []
    rows = [line.split(header.delimiter) for line in chunk]
    return rows if set(map(len, rows)) == {len(header.names)} else []


def cells_of(line: str, delimiter: str) -> list[str]:
    """Quotes reach no further than their line, so that one without an end costs one line."""
    if '"' not in line:
        return line.split(delimiter)
    try:
        return next(csv.reader([line], delimiter=delimiter))
    except (csv.Error, StopIteration):
        return line.split(delimiter)


def _add(builder: TableBuilder, header: Header, rows: list[list[str]]) -> None:
    first = builder.rows
    builder.rows += len(rows)
    for name, cells in zip(header.names, zip(*rows, strict=True), strict=False):
        if "" in cells:
            places = [i for i, cell in enumerate(cells) if cell]
            where, filled = np.array(places, np.int64) + first, [cells[i] for i in places]
        else:
            where, filled = np.arange(first, builder.rows), list(cells)
        builder.add_column(name, where, _floats(filled, header.delimiter))


def _floats(cells: Sequence[str], delimiter: str) -> Sequence[float | str]:
    try:
        return list(map(float, cells))
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
