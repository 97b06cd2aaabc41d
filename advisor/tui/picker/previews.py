"""What is shown of an entry before it is opened. Reads files: call it in a thread."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

from textual.content import Content

from advisor.text import clean, counted
from advisor.tui.picker.entries import Entry, completions
from advisor.tui.yaml_text import coloured

MOST_BYTES = 64_000
MOST_LINES = 400
BEST = "best.yaml"


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
    yield Content.styled(clean(entry.title), "bold")
    if entry.note:
        yield Content(clean(entry.note))
    yield Content.styled(clean(entry.path), "dim")
    yield Content("")
    yield from (Content(line) for line in _summary(entry.path / "summary.json"))
    best = entry.path / BEST
    if best.is_file():
        yield Content.styled("\nbest recipe so far", "bold")
        yield coloured(_beginning(best))


def _summary(path: Path) -> Iterator[str]:
    """What a finished session says of itself; nothing of one that is still at work."""
    if not path.is_file():
        yield "not finished: opening it goes on where it was"
        return
    found = json.loads(_beginning(path))
    best, cost = found.get("best") or {}, found.get("cost") or {}
    if isinstance(best.get("value"), int | float):
        yield clean(f"finished: {best.get('metric')} {best['value']:.4g} on validation")
    if isinstance(found.get("trials"), int) and isinstance(cost.get("epochs"), int | float):
        yield f"{counted(found['trials'], 'trial')}, {cost['epochs']:.4g} epochs"


def _folder(path: Path) -> list[str]:
    return [entry.title for entry in completions(f"{path}/")]


def _log(path: Path) -> list[str]:
    if path.is_dir():
        return sorted(clean(name) for name in os.listdir(path)[:MOST_LINES])
    return [clean(line.expandtabs(4)) for line in _beginning(path).split("\n")]
