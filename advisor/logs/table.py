"""Numbers of a log before their names have a meaning: sparse columns over rows."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any

import numpy as np

from advisor.logs.log import Format, Indices, Note, Values

MOST_COLUMNS = 1000
LONGEST_NUMBER = 64
"""Characters; longer text is no number."""


@dataclass(frozen=True)
class Column:
    """Values at some rows, in order of rows."""

    rows: Indices
    values: Values
    nulls: int = 0


@dataclass(frozen=True)
class Table:
    """Rows are entries of the log, in the order in which they were written."""

    format: Format
    rows: int
    columns: Mapping[str, Column]
    notes: list[Note]
    steps: Values | None = None
    """(rows,) where the format itself has steps, apart from its columns"""


@dataclass
class TableBuilder:
    """Collects rows of changing keys, many at a time."""

    rows: int = 0
    left_out: int = 0
    """columns beyond the limit"""
    _parts: dict[str, list[tuple[Indices, Values]]] = field(default_factory=dict)
    _nulls: Counter[str] = field(default_factory=Counter)

    def add_objects(self, objects: Sequence[Mapping[str, Any]]) -> None:
        """One row for each object; objects in objects become `outer/inner`."""
        first, self.rows = self.rows, self.rows + len(objects)
        columns = _same_keys(objects)
        if columns is not None:
            where = np.arange(first, self.rows)
            for name, values in columns.items():
                self._add_mixed(name, where, values, depth=0)
            return
        groups: dict[tuple[str, ...], list[int]] = defaultdict(list)
        for place, names in enumerate(map(tuple, objects)):
            groups[names].append(place)
        for names, places in groups.items():
            where, members = np.array(places, np.int64) + first, [objects[i] for i in places]
            for name in names:
                self._add_mixed(name, where, list(map(itemgetter(name), members)), depth=0)

    def add_column(self, name: str, where: Indices, values: Values | Sequence[Any]) -> None:
        """Values of one column at these rows; what is no number is left out."""
        found, known = as_numbers(values)
        if not known.any():
            return
        if name not in self._parts and len(self._parts) >= MOST_COLUMNS:
            self.left_out += 1
            return
        self._nulls[name] += sum(value is None for value in values) if not known.all() else 0
        some = (where[known], found[known]) if not known.all() else (where, found)
        self._parts.setdefault(name, []).append(some)

    def columns(self) -> dict[str, Column]:
        """Every column that holds a number; to be asked once, at the end."""
        return {name: _joined(self._parts.pop(name), self._nulls[name]) for name in [*self._parts]}

    def _add_mixed(self, name: str, where: Indices, values: Sequence[Any], depth: int) -> None:
        self.add_column(name, where, values)
        if depth >= 3 or dict not in set(map(type, values)):
            return
        inner = [(row, v) for row, v in zip(where, values, strict=True) if isinstance(v, dict)]
        for key in dict.fromkeys(key for _, one in inner for key in one):
            rows = np.array([row for row, one in inner if key in one], np.int64)
            parts = [one[key] for _, one in inner if key in one]
            self._add_mixed(f"{name}/{key}", rows, parts, depth + 1)


def _same_keys(objects: Sequence[Mapping[str, Any]]) -> dict[str, Sequence[Any]] | None:
    """The columns, where all objects have the same keys: most logs, and much the fastest."""
    names = list(objects[0]) if objects else []
    if len(names) < 2 or set(map(len, objects)) != {len(names)}:
        return None
    try:
        return {name: list(map(itemgetter(name), objects)) for name in names}
    except KeyError:
        return None


def as_numbers(values: Values | Sequence[Any]) -> tuple[Values, np.ndarray]:
    """The values as floats and where they are numbers; text that reads as a number is one."""
    if isinstance(values, np.ndarray):
        return values, np.ones(len(values), bool)
    if set(map(type, values)) <= {int, float}:
        try:
            return np.array(values, np.float64), np.ones(len(values), bool)
        except OverflowError:
            pass
    found = [number(value) for value in values]
    known = np.array([value is not None for value in found], bool)
    return np.array([0.0 if value is None else value for value in found], np.float64), known


def number(value: Any) -> float | None:
    """None for what is no number. Integers beyond all floats are infinite."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        return text_number(value)
    if not isinstance(value, int | float):
        return None
    try:
        return float(value)
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")


def text_number(text: str) -> float | None:
    if len(text) > LONGEST_NUMBER:
        return None
    try:
        return float(text)
    except ValueError:
        return None


def _joined(parts: Iterable[tuple[Indices, Values]], nulls: int) -> Column:
    pairs = list(parts)
    rows = np.concatenate([rows for rows, _ in pairs])
    values = np.concatenate([values for _, values in pairs])
    if len(rows) > 1 and (np.diff(rows) < 0).any():
        order = np.argsort(rows, kind="stable")
        rows, values = rows[order], values[order]
    return Column(rows, values, nulls)
