"""What is offered before anything is typed. Reads files: call it in a thread."""

from __future__ import annotations

import re
from collections.abc import Iterator
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
    from advisor import recent

    for each in recent.sessions():
        note = f"{each.began:.10}, {each.backend}"
        yield Entry("session", each.folder, clean(each.name or each.folder.name), note)


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
