"""What can be picked, as plain values."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from advisor.text import clean

Kind = Literal["example", "recipe", "session", "log", "folder"]
SESSION = "session.db"
RECIPES = (".yaml", ".yml")
LOGS = (".jsonl", ".csv", ".tsv", ".json", ".log", ".txt")
EVENTS = "events.out.tfevents"
MOST_COMPLETIONS = 500
HEADINGS = {
    "session": "Recent sessions",
    "example": "Examples",
    "recipe": "Recipes",
    "folder": "Folders",
    "log": "Logs",
}
"""In the order in which they are listed."""


@dataclass(frozen=True)
class Entry:
    """One thing to pick."""

    kind: Kind
    path: Path
    title: str
    note: str = ""
    """a few words beside the title"""
    detail: str = ""
    """a line below it"""

    def has(self, words: Sequence[str]) -> bool:
        """Whether all of these words, in lower case, are in what is shown of it."""
        told = f"{self.title} {self.note} {self.detail} {self.path} {HEADINGS[self.kind]}".lower()
        return all(word in told for word in words)


def kind_of(path: Path) -> Kind:
    """What lies at this path, judged by names alone: a folder that holds a session, a recipe, or
    else a log. Files that are not there yet are judged likewise."""
    try:
        if (path / SESSION).is_file():
            return "session"
        if path.is_dir():
            return "log" if _holds_events(path) else "folder"
    except (OSError, ValueError):
        return "log"  # reading says why
    return "recipe" if path.suffix.lower() in RECIPES else "log"


def _holds_events(folder: Path) -> bool:
    names = os.listdir(folder)[:MOST_COMPLETIONS]
    return any(name == "events.jsonl" or name.startswith(EVENTS) for name in names)


def is_path(text: str) -> bool:
    """Whether a person who types this means a path."""
    return text.startswith(("/", "./", "../", "~")) or os.sep in text


def typed_path(text: str) -> Path:
    """The path that was typed; `~` is the home folder."""
    return Path(os.path.expanduser(text))


def completions(text: str) -> tuple[Entry, ...]:
    """What the typed path may become: recipes, sessions, logs and folders below its folder whose
    names begin with its last part. Hidden files only where a dot was typed."""
    folder, _, start = text.rpartition("/")
    place = typed_path(f"{folder}/" if folder or text.startswith("/") else ".")
    try:
        names = sorted(os.listdir(place))
    except (OSError, ValueError):
        return ()
    fitting = [
        name
        for name in names
        if name.startswith(start) and (start.startswith(".") or not name.startswith("."))
    ]
    found = [_entry(place / name) for name in fitting[:MOST_COMPLETIONS]]
    return tuple(each for each in found if each is not None)


def _entry(path: Path) -> Entry | None:
    kind = kind_of(path)
    known = kind != "log" or path.is_dir() or path.suffix in LOGS or EVENTS in path.name
    name = clean(path.name) + ("/" if path.is_dir() else "")
    return Entry(kind, path, name) if known else None


def grouped(entries: Iterable[Entry]) -> list[tuple[str, list[Entry]]]:
    """By heading, in the order of HEADINGS; those that hold nothing are left out."""
    found: dict[str, list[Entry]] = {heading: [] for heading in HEADINGS.values()}
    for entry in entries:
        found[HEADINGS[entry.kind]].append(entry)
    return [(heading, each) for heading, each in found.items() if each]
