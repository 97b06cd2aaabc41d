"""CSV files: delimiter and header guessed, numeric features."""

from __future__ import annotations

import csv
import hashlib
import io
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path

import numpy as np

from advisor.data.columns import Columns, find_columns, points_in_time, typed
from advisor.data.values import Array, DataError, Part, Source
from advisor.recipe import Data

DELIMITERS = ("\t", ";", "|", ",", " ")
"""Tried in this order: a comma may stand inside the cells of the others."""
SAMPLE_LINES = 20


def read_csv(path: Path, data: Data) -> Source:
    """Numeric features and one target column, which may be text. Raises DataError, OSError."""
    content = path.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"data.source: {path} is not UTF-8 text: byte {error.start}") from error
    try:
        lines = _lines(text, _delimiter(text))
        first = list(islice(lines, 1))
        if not first or len(first[0][1]) < 2:
            raise DataError(
                f"data.source: {path} holds no table: at least two columns and one row are needed"
            )
        columns = _columns(path, first[0][1], data)
        rows = lines if columns.header else chain(first, lines)
        cells = _cells(path, columns, rows)
    except csv.Error as error:
        raise DataError(f"data.source: {path} is not readable as CSV: {error}") from error
    return _source(path, cells, hashlib.sha256(content).hexdigest())


def _source(path: Path, cells: _Cells, digest: str) -> Source:
    columns, others = cells.columns, cells.others
    targets = typed(others[columns.target])
    part = Part(cells.inputs(), targets, "the feature columns", columns.called(columns.target))
    groups = None if columns.group is None else np.array(others[columns.group])
    times = None
    if columns.time is not None:
        where = f"data.source: {path}: {columns.called(columns.time)}"
        times = points_in_time(where, others[columns.time])
    return Source(f"csv:{path}", part, None, None, digest, groups=groups, times=times)


def _lines(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True, strict=True
    )
    for row in reader:
        if any(cell.strip() for cell in row):
            yield reader.line_num, row


def _delimiter(text: str) -> str:
    """The first delimiter that cuts the first lines into equally many cells."""
    for delimiter in DELIMITERS:
        try:
            widths = {len(row) for _, row in islice(_lines(text, delimiter), SAMPLE_LINES)}
        except csv.Error:
            continue
        if len(widths) == 1 and min(widths) > 1:
            return delimiter
    return ","


def _columns(path: Path, first: list[str], data: Data) -> Columns:
    names = tuple(cell.strip() for cell in first)
    header = data.header
    if header is None:
        named = any(
            isinstance(wanted, str) and wanted in names
            for wanted in (data.target, data.group, data.time)
        )
        header = named or not any(_is_number(name) for name in names)
    if not header:
        names = tuple(str(number) for number in range(len(first)))
    return find_columns(path, names, header, data)


@dataclass
class _Cells:
    """The cells so far: numbers of the features row by row, and the other columns as text."""

    columns: Columns
    numbers: array[float]
    others: dict[int, list[str]]

    def add(self, path: Path, line: int, row: list[str]) -> None:
        width = len(self.columns.names)
        if len(row) != width:
            raise DataError(
                f"data.source: {path}: line {line} has {len(row)} cells; expected {width}"
            )
        for position, cells in self.others.items():
            cells.append(row[position].strip())
            if not cells[-1]:
                raise DataError(
                    f"data.source: {path}: line {line} has no value in "
                    f"{self.columns.called(position)}"
                )
        for position in sorted(self.others, reverse=True):
            del row[position]
        try:
            self.numbers.extend(map(float, row))
        except ValueError:
            raise DataError(_bad_cell(path, self.columns, line, row)) from None

    def inputs(self) -> Array:
        n = len(self.others[self.columns.target])
        inputs = np.frombuffer(self.numbers, dtype=np.float64) if n else np.empty(0)
        return inputs.reshape(-1, len(self.columns.features))


def _cells(path: Path, columns: Columns, rows: Iterator[tuple[int, list[str]]]) -> _Cells:
    cells = _Cells(columns, array("d"), {position: [] for position in columns.others})
    for line, row in rows:
        cells.add(path, line, row)
    return cells


def _bad_cell(path: Path, columns: Columns, line: int, row: list[str]) -> str:
    """`row` holds the features only."""
    position, cell = next((i, cell) for i, cell in enumerate(row) if not _is_number(cell))
    found = repr(cell) if cell.strip() else "an empty cell"
    header = "" if columns.header else "; if the first row is a header, set data.header to true"
    return (
        f"data.source: {path}: {columns.called(columns.features[position])}, line {line}: found "
        f"{found}; allowed: a number, since every column but the target is a numeric "
        f"feature{header}"
    )


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
