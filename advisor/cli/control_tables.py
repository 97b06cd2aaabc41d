"""What `advisor control` tells a person at its end: curves, a table, and who won."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.table import Table

from advisor.cli.curves import search_curves
from advisor.cli.output import console, say
from advisor.control import METHODS, Ours
from advisor.control.outcome import ADVISOR, SHARES
from advisor.text import number


def tell_outcome(found: Mapping[str, Any], session: Ours, folder: Path) -> None:
    """Everything, on standard output; who won comes last."""
    shown = console()
    methods = found["methods"]
    lines = {"ours": session.curve} | {
        method.name: [(x, y) for x, y in methods[method.name]["curve"]] for method in METHODS
    }
    curves = search_curves(lines, session.start.metric, session.epochs, shown.width)
    shown.print()
    if curves is not None:
        shown.print(curves)
    shown.print(_table(found, session))
    shown.print()
    say(found["verdict"])
    say("Each value is the best of many looks at the validation split, which flatters all.")
    say(f"trials and summary: {folder}")


def _table(found: Mapping[str, Any], session: Ours) -> Table:
    epochs = [f"{share} %" for share in SHARES]
    title = (
        f"best validation {session.start.metric} after a share of {number(session.epochs)} epochs"
    )
    table = Table(*["", *epochs, "trials", "we needed"], box=None)
    table.title, table.title_justify = title, "left"
    for column in table.columns:
        column.no_wrap = True
    for name, line in found["methods"].items():
        values = [number(line["at"][str(share)]) for share in SHARES]
        table.add_row(_title(name), *values, str(line["trials"]), _needed(found, name))
    at = [number(value) for value in _incumbent(session)]
    table.add_row("of ours, accepted", *at, "", "", style="dim")
    return table


def _title(name: str) -> str:
    titles = {method.name: method.title for method in METHODS}
    return titles.get(name, "this session")


def _needed(found: Mapping[str, Any], name: str) -> str:
    """The share of the epochs after which we had what this search had at its end."""
    if name == ADVISOR:
        return ""
    share = found["comparisons"][name]["share"]
    return "never had" if share is None else f"{number(100 * share)} %"


def _incumbent(session: Ours) -> list[float | None]:
    from advisor.control import value_at

    return [value_at(session.incumbent, share / 100 * session.epochs) for share in SHARES]
