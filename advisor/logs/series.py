"""From a table of numbers to the named series of a log."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from advisor.logs.assignment import Assignment, assign
from advisor.logs.log import Indices, Log, LogError, Note, Series, Values, counted, shown
from advisor.logs.rows import Rows, place_rows
from advisor.logs.table import Column, Table
from advisor.logs.text import allowed

CLEARLY_POSITIVE = 0.01
SAME_IN_A_ROW = 5
"""Equal training losses in a row that are no accident."""
TIME_OF_DAY = 1e8
"""Seconds beyond which a time counts from 1970."""


def build(table: Table, source: str) -> Log:
    """The log of a table. Raises LogError when it has no numbers."""
    if not table.columns:
        raise LogError(f"{source}: there are no numbers in it. {allowed()}")
    sizes = {name: len(column.values) for name, column in table.columns.items()}
    made = assign(sizes, with_steps=table.steps is None)
    rows = place_rows(table, made, _main(table, made))
    series = _named(table, made, rows)
    notes = [*table.notes, *rows.notes, *made.notes]
    notes += _on_order(table, made, rows, series)
    notes += [*_on_values(series), *_on_gaps(table, made), *filtered(table.format, series)]
    return Log(source, table.format, series, notes=tuple(notes))


def _main(table: Table, made: Assignment) -> Column:
    """The training loss, or else the longest column."""
    by_series = {name: column for column, name in made.series.items()}
    if "train_loss" in by_series:
        return table.columns[by_series["train_loss"]]
    return max(table.columns.values(), key=lambda column: len(column.rows))


def _named(table: Table, made: Assignment, rows: Rows) -> dict[str, Series]:
    found = {}
    for column, name in made.series.items():
        one = _series(column, table.columns[column], rows)
        if not len(one.values):
            continue
        if name == "seconds":
            name, one = _times(one)
        found[name] = one
    return dict(sorted(found.items(), key=lambda item: item[0].startswith("other/")))


def _series(name: str, column: Column, rows: Rows) -> Series:
    keep = column.rows >= rows.first
    where, values = column.rows[keep], column.values[keep]
    steps = _whole(rows.steps[where]) if rows.steps is not None else np.arange(1, len(where) + 1)
    epochs = rows.epochs[where] if rows.epochs is not None else None
    if len(steps) > 1 and (np.diff(steps) < 0).any():
        order = np.argsort(steps, kind="stable")
        steps, values = steps[order], values[order]
        epochs = epochs[order] if epochs is not None else None
    return Series(name, steps, epochs, values)


def _whole(steps: Values) -> Indices:
    return np.round(steps).astype(np.int64)


def _times(one: Series) -> tuple[str, Series]:
    """Seconds since the first entry; durations of single steps are not that."""
    values = one.values
    if not np.isfinite(values).all() or (len(values) > 1 and (np.diff(values) < 0).any()):
        return f"other/{one.name}", one
    if values[0] > TIME_OF_DAY:
        values = values - values[0]
    return "seconds", Series(one.name, one.steps, one.epochs, values)


def _on_order(
    table: Table, made: Assignment, rows: Rows, series: Mapping[str, Series]
) -> list[Note]:
    notes = []
    unsorted = [
        shown(column)
        for column, name in made.series.items()
        if name in series and _told(name) and _falls(rows, table.columns[column])
    ]
    if unsorted:
        names = _few(unsorted)
        notes.append(Note("order", f"steps were out of order and have been sorted: {names}"))
    twice = [
        shown(one.name)
        for name, one in series.items()
        if _told(name) and (np.diff(one.steps) == 0).any()
    ]
    if twice:
        notes.append(Note("repeated", f"several values at one step were kept: {_few(twice)}"))
    return notes


def _told(name: str) -> bool:
    """Whether the order of its steps matters: times and epochs go with every entry."""
    return name not in ("epoch", "seconds") and not name.startswith("other/")


def _falls(rows: Rows, column: Column) -> bool:
    where = column.rows[column.rows >= rows.first]
    return rows.steps is not None and bool((np.diff(rows.steps[where]) < 0).any())


def _on_values(series: Mapping[str, Series]) -> list[Note]:
    notes = []
    for name, one in series.items():
        bad = ~np.isfinite(one.values)
        if bad.any() and not name.startswith("other/"):
            step, n = one.steps[int(np.argmax(bad))], counted(int(bad.sum()), "value")
            said = f"{n} of {shown(name)} NaN or infinite, the first at step {step}"
            notes.append(Note("not finite", said))
    return notes


def _on_gaps(table: Table, made: Assignment) -> list[Note]:
    return [
        Note(
            "missing",
            f"{counted(column.nulls, 'value')} of {shown(name)} without a number left out; some "
            "writers put null for NaN",
        )
        for name, column in table.columns.items()
        if column.nulls and made.series.get(name) == "train_loss"
    ]


def filtered(form: str, series: Mapping[str, Series]) -> list[Note]:
    """Training losses that look as if the logger had overwritten NaN.

    Hugging Face's `logging_nan_inf_filter`, on by default, replaces a NaN or infinite loss by
    the mean so far, which is 0 where all since the last entry were NaN.
    """
    one = series.get("train_loss")
    if one is None or len(one.values) < 2:
        return []
    zeros = np.flatnonzero(one.values == 0)
    rest = one.values[one.values != 0]
    notes = []
    if len(zeros) and len(rest) and _level(one.values, int(zeros[0])) > CLEARLY_POSITIVE:
        notes.append(
            Note(
                "filtered",
                f"{counted(len(zeros), 'training loss', 'training losses')} of exactly 0, the "
                f"first at step {one.steps[zeros[0]]}, among clearly positive ones: "
                "logging_nan_inf_filter of Hugging Face writes 0 for NaN",
            )
        )
    place = _repeats(one.values) if form == "trainer state" else None
    if place is not None:
        said = f"the training loss is exactly the same {SAME_IN_A_ROW} times or more from step "
        said += f"{one.steps[place]} on: logging_nan_inf_filter may have overwritten NaN"
        notes.append(Note("filtered", said))
    return notes


def _level(values: Values, place: int) -> float:
    """Median of the five non-zero values before, or else behind, this place."""
    before = values[:place][values[:place] != 0][-5:]
    near = before if len(before) else values[place:][values[place:] != 0][:5]
    return float(np.median(near)) if len(near) else 0.0


def _repeats(values: Values) -> int | None:
    """Where a non-zero value first repeats often enough."""
    same = (np.diff(values) == 0) & (values[1:] != 0)
    needed = SAME_IN_A_ROW - 1
    if len(same) < needed or len(np.unique(values)) < 3:
        return None
    runs = np.convolve(same, np.ones(needed), mode="valid") >= needed
    return int(np.argmax(runs)) if runs.any() else None


def _few(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if names[3:] else "")
