"""Tables of text: CSV and TSV with a header, also with empty cells."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from advisor.logs.log import Note, counted
from advisor.logs.table import Table, TableBuilder, text_number

DELIMITERS = ",\t;|"
HEADER_WITHIN = 20
"""Lines; before the header may be comments or a greeting."""
CHUNK = 100_000
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
    builder, bad, repeated = TableBuilder(), [], 0
    width, head = len(header.names), lines[header.line].strip()
    cut = bool(lines) and bool(lines[-1].strip()) and _short(lines[-1], header)
    last = len(lines) - cut
    for first in range(header.line + 1, last, CHUNK):
        rows: list[list[str]] = []
        for place in range(first, min(first + CHUNK, last)):
            line = lines[place]
            if not line.strip():
                continue
            if line.strip() == head:
                repeated += 1
                continue
            cells = cells_of(line, header.delimiter)
            if len(cells) > width:
                bad.append(place + 1)
                continue
            rows.append(cells + [""] * (width - len(cells)) if len(cells) < width else cells)
        _add(builder, header, rows)
    columns = builder.columns()
    return Table("csv", builder.rows, columns, _remarks(bad, repeated, len(lines) if cut else 0))


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
        places = [i for i, cell in enumerate(cells) if cell]
        filled = [cells[i] for i in places] if len(places) < len(cells) else cells
        where = np.array(places, np.int64) + first
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


def _short(line: str, header: Header) -> bool:
    return len(cells_of(line, header.delimiter)) < len(header.names)


def _distinct(names: Sequence[str]) -> list[str]:
    """Repeated names get a number, so that no column hides another."""
    seen: dict[str, int] = {}
    found = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        found.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return found


def _remarks(bad: list[int], repeated: int, cut: int) -> list[Note]:
    notes = []
    if cut:
        notes.append(Note("truncated", f"the last line ({cut}) is cut off; it was left out"))
    if bad:
        left = counted(len(bad), "line")
        notes.append(
            Note("unreadable", f"{left} with too many cells left out, the first is {bad[0]}")
        )
    if repeated:
        notes.append(Note("runs", f"the header comes again {counted(repeated, 'time')}"))
    return notes
