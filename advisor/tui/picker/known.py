"""What is offered before anything is typed. Reads files: call it in a thread."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from advisor import bundled
from advisor.text import clean
from advisor.tui.picker.entries import RECIPES, Entry, Kind

TASK = re.compile(r"^task:\s*(\w+)", re.MULTILINE)
MOST_BYTES = 20_000
MOST_HERE = 200


def known() -> tuple[Entry, ...]:
    """Recent sessions, the examples, and the recipes in the current folder."""
    return (*_sessions(), *_recipes("example", bundled.examples()), *_recipes("recipe", _here()))


def _sessions() -> Iterator[Entry]:
    """With how each stands, when it was last worked on, and where it lies."""
    from advisor import recent
    from advisor.tui.picker.standing import SIGNS, standing

    for each in recent.sessions():
        found = standing(each.folder)
        when = f"{SIGNS[found.state]} {found.state}  {_when(each.opened)}"
        detail = f"{when}  {each.backend}  {each.folder.name}"
        title = clean(each.name or each.folder.name)
        yield Entry("session", each.folder, title, clean(found.result), clean(detail))


def _when(moment: str) -> str:
    """A time in UTC as the clock of this machine shows it, to the minute."""
    try:
        return f"{datetime.fromisoformat(moment).astimezone():%Y-%m-%d %H:%M}"
    except (ValueError, OverflowError, OSError):
        return moment[:16]


def _here() -> tuple[Path, ...]:
    try:
        found = sorted(path for path in Path.cwd().iterdir() if path.suffix in RECIPES)
    except OSError:
        return ()
    return tuple(found[:MOST_HERE])


def _recipes(kind: Kind, paths: tuple[Path, ...]) -> Iterator[Entry]:
    """Files that say which task they are for."""
    for path in paths:
        try:
            with open(path, "rb") as file:
                text = file.read(MOST_BYTES).decode("utf-8", errors="replace")
        except OSError:
            continue
        if (task := TASK.search(text)) is not None:
            yield Entry(kind, path, path.stem, task[1].replace("_", " "))
