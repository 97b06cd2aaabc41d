"""Where each row of a table stands: its step and epoch, and which rows are of the last run."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from advisor.logs.assignment import Assignment
from advisor.logs.log import Indices, Note, Values, counted
from advisor.logs.table import Column, Table

LARGEST_STEP = 2.0**53


@dataclass(frozen=True)
class Rows:
    """Step and epoch of each row; rows before `first` belong to earlier runs."""

    steps: Values | None
    epochs: Values | None
    first: int
    notes: list[Note]


def place_rows(table: Table, made: Assignment, main: Column) -> Rows:
    """`main` is the column by whose steps a new run is recognised."""
    notes: list[Note] = []
    steps = _steps(table, made, notes)
    epochs = _epochs(table, made, steps)
    counts = steps if steps is not None else epochs
    if counts is None:
        notes.append(Note("steps", "no steps and no epochs: entries are counted"))
        return Rows(None, None, 0, notes)
    drops = _drops(counts, main)
    if steps is not None and epochs is not None and _by_epoch(epochs, drops):
        return Rows(_made_continuous(steps, drops, notes), epochs, 0, notes)
    starts = drops[counts[drops] <= counts[main.rows[0]]]
    if len(starts):
        said = (
            f"{len(starts) + 1} runs in one log; the last, from entry {starts[-1] + 1} on, is read"
        )
        notes.append(Note("runs", said))
    return Rows(steps, epochs, int(starts[-1]) if len(starts) else 0, notes)


def _steps(table: Table, made: Assignment, notes: list[Note]) -> Values | None:
    if table.steps is not None:
        return table.steps
    if made.step is None:
        return None
    steps = _spread(table.columns[made.step], table.rows)
    with np.errstate(invalid="ignore"):
        steps[~(np.abs(steps) < LARGEST_STEP)] = np.nan
    missing = int(np.isnan(steps).sum())
    if missing == len(steps):
        return None
    if missing:
        said = f"{counted(missing, 'entry', 'entries')} without a step got that of the one before"
        notes.append(Note("steps", said))
    return _carried(steps)


def _epochs(table: Table, made: Assignment, steps: Values | None) -> Values | None:
    """Where each entry is a row of its own, an entry's epoch is the last at its step or before."""
    if made.epoch is None:
        return None
    column = table.columns[made.epoch]
    if table.steps is None or steps is None:
        return _spread(column, table.rows)
    at, order = steps[column.rows], np.argsort(steps[column.rows], kind="stable")
    place = np.searchsorted(at[order], steps, side="right") - 1
    found = column.values[order][np.maximum(place, 0)]
    return np.where(place >= 0, found, np.nan)


def _spread(column: Column, rows: int) -> Values:
    full = np.full(rows, np.nan)
    full[column.rows] = column.values
    return full


def _carried(values: Values) -> Values:
    """Gaps get the value before; those at the beginning 0."""
    known = ~np.isnan(values)
    last = np.maximum.accumulate(np.where(known, np.arange(len(values)), -1))
    return np.where(last >= 0, values[np.maximum(last, 0)], 0.0)


def _drops(counts: Values, main: Column) -> Indices:
    """Rows of the main column at which the count is lower than before."""
    with np.errstate(invalid="ignore"):
        return main.rows[1:][np.diff(counts[main.rows]) < 0]


def _by_epoch(epochs: Values, drops: Indices) -> bool:
    """Whether steps begin anew because the next epoch does."""
    known = _carried(epochs)
    return bool(len(drops)) and bool((known[drops] > known[drops - 1]).all())


def _made_continuous(steps: Values, drops: Indices, notes: list[Note]) -> Values:
    notes.append(Note("steps", "steps begin anew in each epoch; they were added up"))
    parts = np.split(steps, drops)
    zero = min(float(part.min()) for part in parts if len(part)) <= 0
    lengths = [float(part.max()) + zero if len(part) else 0.0 for part in parts]
    offsets = np.concatenate([[0.0], np.cumsum(lengths)[:-1]])
    return np.concatenate([part + offset for part, offset in zip(parts, offsets, strict=True)])
