"""Where the results of a command go."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path


def output_folder(out: Path | None, recipe_name: str, now: datetime | None = None) -> Path:
    """`out`, or a new name under `runs` made of the recipe's name and the time."""
    if out is not None:
        return out
    name = re.sub(r"[^A-Za-z0-9_-]+", "-", recipe_name).strip("-") or "recipe"
    made = Path("runs") / f"{name}-{(now or datetime.now()):%Y%m%d-%H%M%S}"
    free = (made.with_name(f"{made.name}-{n}") for n in range(2, 1000))
    return made if not made.exists() else next(path for path in free if not path.exists())
