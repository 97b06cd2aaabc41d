"""The example recipes that come with the program."""

from __future__ import annotations

from pathlib import Path

HERE = Path(__file__).resolve().parent
PLACES = (HERE / "examples", HERE.parent / "examples")
"""In an installed wheel, and in a checkout."""
PATTERN = "*.yaml"


def examples() -> tuple[Path, ...]:
    """The recipe files, by name; empty where they were not installed."""
    for place in PLACES:
        if found := sorted(path for path in place.glob(PATTERN) if path.is_file()):
            return tuple(found)
    return ()


def is_bundled(path: Path) -> bool:
    """Whether this is one of them: a copy is to be changed, not the file itself."""
    return any(path.resolve().parent == place for place in PLACES)
