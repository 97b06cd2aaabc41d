"""What screens ask the app to open."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from textual.message import Message


@dataclass
class OpenRecipe(Message):
    """Begin a session from this recipe file."""

    path: Path


@dataclass
class OpenSession(Message):
    """Attach to the session in this folder."""

    folder: Path


@dataclass
class OpenLog(Message):
    """Watch the log of a training at this path."""

    path: Path


@dataclass
class EditRecipe(Message):
    """Edit this recipe file."""

    path: Path


@dataclass
class CompareRecipe(Message):
    """Train this recipe on two backends."""

    path: Path
