"""The tables that `clinic.py` prints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich import box
from rich.console import Console
from rich.table import Table

from wards.cases import MISSING, SICK
from wards.records import Visit
from wards.scores import Figure

LONGEST_LIST = 40


def print_cases(console: Console, visits: Sequence[Visit]) -> None:
    """One row a case: of its visits, how many found the cause, and so on."""
    table = _table("Cases", "case", "fault", "reported (first visit)")
    for name in ("visits", "first", "in 2", "wrong", "right", "cured", "random 6", "first change"):
        table.add_column(name, justify="left" if name == "first change" else "right")
    for case in SICK.values():
        rows = [visit for visit in visits if visit.case == case.id]
        if not rows:
            continue
        shown = ", ".join(rows[0].reported[:3]) or rows[0].error[:40] or "nothing"
        table.add_row(
            case.id,
            case.title,
            shown,
            str(len(rows)),
            str(sum(row.place == 1 for row in rows)),
            str(sum(row.place in (1, 2) for row in rows)),
            str(sum(len(row.wrong) for row in rows)),
            _of([row.right for row in rows]),
            _of([row.cured for row in rows]),
            _of([row.random.get("6") for row in rows]),
            rows[0].rule or "-",
        )
    for missing in MISSING:
        table.add_row(missing.id, missing.title, f"not put: {missing.reason}", *[""] * 8)
    console.print(table)


def print_controls(console: Console, controls: Mapping[str, Sequence[str]]) -> None:
    raised = {name: alarms for name, alarms in controls.items() if alarms}
    table = _table(f"False alarms: {len(raised)} of {len(controls)}", "healthy training", "alarms")
    for name, alarms in raised.items():
        table.add_row(name, ", ".join(alarms))
    if raised:
        console.print(table)


def print_figures(console: Console, figures: Sequence[Figure]) -> None:
    table = _table("Figures", "figure")
    for name in ("hits", "of", "share", "95 % interval", "target", ""):
        table.add_column(name, justify="right", no_wrap=True)
    for figure in figures:
        low, high = figure.interval
        sign = "<=" if figure.at_most else ">="
        table.add_row(
            figure.name,
            str(figure.hits),
            str(figure.of),
            f"{100 * figure.share:.1f} %",
            f"{100 * low:.1f} to {100 * high:.1f} %",
            f"{sign} {100 * figure.target:g} %" if figure.target is not None else "",
            {None: "", True: "ok", False: "SHORT"}[figure.meets],
        )
    console.print(table)


def print_shortcomings(console: Console, found: Sequence[str]) -> None:
    for line in found[:LONGEST_LIST]:
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    if len(found) > LONGEST_LIST:
        console.print(f"and {len(found) - LONGEST_LIST} more")


def _of(values: Sequence[bool | None]) -> str:
    known = [value for value in values if value is not None]
    return f"{sum(known)}/{len(known)}" if known else "-"


def _table(title: str, *names: str) -> Table:
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    for name in names:
        table.add_column(name)
    return table
