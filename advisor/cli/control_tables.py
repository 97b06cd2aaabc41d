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
from advisor.control.words import share_words
from advisor.text import number


def tell_outcome(found: Mapping[str, Any], session: Ours, folder: Path) -> None:
    """Everything, on standard output; who won comes after the numbers."""
    shown = console()
    methods = found["methods"]
    lines = {"ours, any": session.curve} | {
        method.name: [(x, y) for x, y in methods[method.name]["curve"]] for method in METHODS
    }
    curves = search_curves(lines, session.start.metric, session.epochs, shown)
    shown.print()
    if curves is not None:
        shown.print(curves)
    shown.print(_table(found, session))
    shown.print()
    say(found["verdict"])
    say(found["search_verdict"])
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
    at = [number(value) for value in _incumbent(session)]
    table.add_row("ours, recommended", *at, "", "")
    for name, line in found["methods"].items():
        values = [number(line["at"][str(share)]) for share in SHARES]
        table.add_row(_title(name), *values, str(line["trials"]), _needed(found, name))
    return table


def _title(name: str) -> str:
    titles = {method.name: method.title for method in METHODS}
    return titles.get(name, "ours, any training")


def _needed(found: Mapping[str, Any], name: str) -> str:
    """The share of the epochs after which we had what this search had at its end, unless that was
    what the start gave it."""
    if name == ADVISOR:
        return ""
    versus = found["comparisons"][name]
    if versus["of_start"]:
        return "the start"
    return "never had" if versus["share"] is None else share_words(versus["share"])


def _incumbent(session: Ours) -> list[float | None]:
    from advisor.control import value_at

    return [value_at(session.incumbent, share / 100 * session.epochs) for share in SHARES]
