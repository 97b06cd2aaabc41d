"""Which columns of a table are features, and which are target, group and time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from advisor.data.values import Array, DataError, suggestion
from advisor.recipe import Data


@dataclass(frozen=True)
class Columns:
    """Positions in `names`, which come from the header, or are the positions without one."""

    names: tuple[str, ...]
    header: bool
    target: int
    group: int | None
    time: int | None

    @property
    def others(self) -> tuple[int, ...]:
        """The columns that are no features, in no order."""
        return tuple(each for each in (self.target, self.group, self.time) if each is not None)

    @property
    def features(self) -> tuple[int, ...]:
        return tuple(each for each in range(len(self.names)) if each not in self.others)

    def called(self, position: int) -> str:
        return f"column {self.names[position]!r}" if self.header else f"column {position}"


def find_columns(path: Path, names: Sequence[str], header: bool, data: Data) -> Columns:
    """What `data.target`, `data.group` and `data.time` name. Raises DataError."""
    wanted = {"target": -1 if data.target is None else data.target}
    wanted |= {
        role: name for role in ("group", "time") if (name := getattr(data, role)) is not None
    }
    found = {role: _position(role, path, names, header, name) for role, name in wanted.items()}
    for role, position in found.items():
        same = next(each for each in found if found[each] == position)
        if same != role:
            raise DataError(
                f"data.{role}: {path} has {names[position]!r} as data.{same} already; "
                f"allowed: a column each"
            )
    if len(found) == len(names):
        raise DataError(f"data.source: {path} has no column left that could be a feature")
    return Columns(tuple(names), header, found["target"], found.get("group"), found.get("time"))


def typed(cells: Sequence[str]) -> Array:
    """Numbers where every cell is one, else text."""
    try:
        return np.array([float(cell) for cell in cells])
    except ValueError:
        return np.array(cells)


def points_in_time(where: str, cells: Sequence[str]) -> Array:
    """Numbers, or ISO 8601 dates and times as seconds (without a zone: UTC). Raises DataError."""
    found = typed(cells)
    if found.dtype.kind == "f":
        return found
    seconds = np.empty(len(cells))
    for row, cell in enumerate(cells):
        try:
            point = datetime.fromisoformat(cell)
        except ValueError:
            raise DataError(
                f"{where} has {cell!r} in row {row} (the first row is 0); allowed: numbers, or "
                f"dates such as 2026-05-01 or 2026-05-01 12:30"
            ) from None
        seconds[row] = (point if point.tzinfo else point.replace(tzinfo=UTC)).timestamp()
    return seconds


def _position(role: str, path: Path, names: Sequence[str], header: bool, wanted: str | int) -> int:
    if isinstance(wanted, str):
        if not header:
            raise DataError(
                f"data.{role}: {wanted!r} is a name, but {path} has no header row; "
                f"allowed: a position from 0 to {len(names) - 1}, or -1 for the last column"
            )
        if names.count(wanted) != 1:
            raise DataError(
                f"data.{role}: {path} has {names.count(wanted)} columns called {wanted!r}; "
                f"allowed: {', '.join(names[:20])}{suggestion(wanted, names)}"
            )
        return names.index(wanted)
    if not -len(names) <= wanted < len(names):
        raise DataError(
            f"data.{role}: {path} has no column {wanted}; "
            f"allowed: {-len(names)} to {len(names) - 1}"
        )
    return wanted % len(names)
