"""CSV files: delimiter, header and target column, numeric features."""

from __future__ import annotations

import csv
import hashlib
import io
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path

import numpy as np

from advisor.data.values import Array, DataError, Part, Source, suggestion
from advisor.recipe import Data

DELIMITERS = ("\t", ";", "|", ",", " ")
"""Tried in this order: a comma may stand inside the cells of the others."""
SAMPLE_LINES = 20


@dataclass(frozen=True)
class _Columns:
    names: tuple[str, ...]
    """from the header, or the positions where there is none"""
    header: bool
    target: int


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
        inputs, targets = _cells(path, columns, rows)
    except csv.Error as error:
        raise DataError(f"data.source: {path} is not readable as CSV: {error}") from error
    digest = hashlib.sha256(content).hexdigest()
    part = Part(inputs, targets, "the feature columns", _called(columns, columns.target))
    return Source(f"csv:{path}", part, None, None, digest)


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


def _columns(path: Path, first: list[str], data: Data) -> _Columns:
    names = tuple(cell.strip() for cell in first)
    header = data.header
    if header is None:
        named = isinstance(data.target, str) and data.target in names
        header = named or not any(_is_number(name) for name in names)
    if not header:
        names = tuple(str(number) for number in range(len(first)))
    return _Columns(names, header, _target(path, names, header, data.target))


def _target(path: Path, names: Sequence[str], header: bool, wanted: str | int | None) -> int:
    if isinstance(wanted, str):
        if not header:
            raise DataError(
                f"data.target: {wanted!r} is a name, but {path} has no header row; "
                f"allowed: a position from 0 to {len(names) - 1}, or -1 for the last column"
            )
        if names.count(wanted) != 1:
            raise DataError(
                f"data.target: {path} has {names.count(wanted)} columns called {wanted!r}; "
                f"allowed: {', '.join(names[:20])}{suggestion(wanted, names)}"
            )
        return names.index(wanted)
    position = -1 if wanted is None else wanted
    if not -len(names) <= position < len(names):
        raise DataError(
            f"data.target: {path} has no column {position}; "
            f"allowed: {-len(names)} to {len(names) - 1}"
        )
    return position % len(names)


def _cells(
    path: Path, columns: _Columns, rows: Iterator[tuple[int, list[str]]]
) -> tuple[Array, Array]:
    width, target = len(columns.names), columns.target
    numbers, targets = array("d"), list[str]()
    for line, row in rows:
        if len(row) != width:
            raise DataError(
                f"data.source: {path}: line {line} has {len(row)} cells; expected {width}"
            )
        label = row.pop(target).strip()
        if not label:
            raise DataError(
                f"data.source: {path}: line {line} has no value in {_called(columns, target)}"
            )
        targets.append(label)
        try:
            numbers.extend(map(float, row))
        except ValueError:
            raise DataError(_bad_cell(path, columns, line, row)) from None
    inputs = np.frombuffer(numbers, dtype=np.float64) if targets else np.empty(0)
    return inputs.reshape(-1, width - 1), _typed(targets)


def _bad_cell(path: Path, columns: _Columns, line: int, row: list[str]) -> str:
    position, cell = next((i, cell) for i, cell in enumerate(row) if not _is_number(cell))
    column = _called(columns, position + (position >= columns.target))
    found = repr(cell) if cell.strip() else "an empty cell"
    header = "" if columns.header else "; if the first row is a header, set data.header to true"
    return (
        f"data.source: {path}: {column}, line {line}: found {found}; allowed: a number, "
        f"since every column but the target is a numeric feature{header}"
    )


def _called(columns: _Columns, position: int) -> str:
    name = columns.names[position]
    return f"column {name!r}" if columns.header else f"column {position}"


def _typed(targets: list[str]) -> Array:
    """Numbers where every target is one, else text."""
    try:
        return np.array([float(target) for target in targets])
    except ValueError:
        return np.array(targets)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
