"""From what somebody typed to a change of the recipe, checked as a whole. Imports late."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

NO_CHANGE = "this is the best recipe as it stands; change something"


@dataclass(frozen=True)
class Checked:
    """What a change comes to."""

    change: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)
    """path -> (now, then), of all fields that differ in the end"""
    fault: str = ""
    """why it cannot be made; for people"""


def checked(recipe: Path, overrides: Sequence[str], locked: Sequence[str] = ()) -> Checked:
    """The change that `path=value` overrides make to the recipe in this file. Takes a second at
    first, as the recipe's reader is imported then: call it from a thread."""
    from advisor import recipe_file

    try:
        before = recipe_file.read(recipe).flat()
        after = recipe_file.read(recipe, overrides).flat()
    except recipe_file.RecipeError as error:
        return Checked(fault=_shown(error))
    paths = [path for path in {**before, **after} if before.get(path) != after.get(path)]
    if not paths:
        return Checked(fault=NO_CHANGE)
    if held := [path for path in paths if locks(locked, path)]:
        return Checked(fault=f"locked: {', '.join(held)} (l unlocks)")
    return Checked({path: (before.get(path), after.get(path)) for path in paths})


def locks(locked: Sequence[str], path: str) -> bool:
    """Whether a field is locked, by itself or with its section."""
    return any(path == one or path.startswith(f"{one}.") for one in locked)


def fields(recipe: Path) -> tuple[str, ...]:
    """All fields that this recipe has. Raises RecipeError."""
    from advisor import recipe_file

    return tuple(recipe_file.read(recipe).flat())


def as_text(value: Any) -> str:
    """A value as it is written in an override."""
    return value if isinstance(value, str) else json.dumps(value)


def overrides(text: str) -> tuple[str, ...]:
    """`optimizer.lr=0.1; train.batch_size=32`, or one on each line."""
    parts = (part.strip() for part in re.split(r"[;\n]", text))
    return tuple(part for part in parts if part)


def _shown(error: Exception) -> str:
    problems = getattr(error, "problems", ())
    return "\n".join(f"{p.found}{f'; allowed: {p.allowed}' if p.allowed else ''}"
                     f"{f'; did you mean {p.suggestion!r}?' if p.suggestion else ''}"
                     for p in problems) or str(error)  # fmt: skip
