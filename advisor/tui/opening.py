"""What `advisor tui` was started with."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from advisor.host.client import NewSession


@dataclass(frozen=True)
class Opening:
    """One of `recipe`, `folder` and `log`, or none of them: then the picker comes first."""

    recipe: Path | None = None
    folder: Path | None = None
    log: Path | None = None
    options: NewSession = field(default_factory=lambda: NewSession(Path()))
    """what a session from a recipe is begun with, the recipe itself left out"""
    theme: str = ""
    """empty: what fits the terminal"""
