"""What is shown of an entry before it is opened. Reads files: call it in a thread."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from textual.content import Content

from advisor.text import clean
from advisor.tui.picker.entries import Entry, completions
from advisor.tui.picker.standing import SIGNS, WORDS, Standing, standing
from advisor.tui.yaml_text import coloured

MOST_BYTES = 64_000
MOST_LINES = 400
BEST, START = "best.yaml", "start.yaml"


def preview(entry: Entry) -> Content:
    """The text of a recipe or a log, what a session came to, what a folder holds."""
    try:
        match entry.kind:
            case "example" | "recipe":
                return coloured(_beginning(entry.path))
            case "session":
                return Content("\n").join(list(_session(entry)))
            case "folder":
                return Content("\n".join(_folder(entry.path)) or "nothing that could be opened")
            case "log":
                return Content("\n".join(_log(entry.path)))
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        return Content(clean(f"cannot be read: {reason}"))


def _beginning(path: Path) -> str:
    with open(path, "rb") as file:
        content = file.read(MOST_BYTES)
    text = content.decode("utf-8", errors="replace").replace("\r\n", "\n")
    return "\n".join(text.split("\n")[:MOST_LINES])


def _session(entry: Entry) -> Iterator[Content]:
    found = standing(entry.path)
    yield Content.styled(clean(entry.title), "bold")
    yield Content.styled(clean(entry.path), "dim")
    yield Content("")
    yield Content(f"{SIGNS[found.state]} {WORDS[found.state]}")
    yield from (Content(clean(line)) for line in (found.why, _best(found), found.spent) if line)
    recipe = recipe_of(entry.path)
    if recipe.is_file():
        told = "best recipe" if recipe.name == BEST else "starting recipe"
        yield Content.styled(f"\n{told}", "bold")
        yield coloured(_beginning(recipe))


def recipe_of(folder: Path) -> Path:
    """The best recipe of a session that has one, else what it started from."""
    best = folder / BEST
    return best if best.is_file() else folder / START


def _best(found: Standing) -> str:
    trial = "" if found.trial is None else f" (trial {found.trial})"
    return f"{found.result} on validation{trial}" if found.result else ""


def _folder(path: Path) -> list[str]:
    return [entry.title for entry in completions(f"{path}/")]


def _log(path: Path) -> list[str]:
    if path.is_dir():
        return sorted(clean(name) for name in os.listdir(path)[:MOST_LINES])
    return [clean(line.expandtabs(4)) for line in _beginning(path).split("\n")]
