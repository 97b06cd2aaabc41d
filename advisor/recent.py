"""The sessions of this machine that were worked on last, whoever began them.

A small file for each in the user's folder of data, named after the session's folder: processes
write without waiting for each other. Nothing here stops a session: what cannot be written is left,
and what cannot be read is passed over. Imports little.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from advisor.files import write_text

FOLDER = "recent"
MOST = 50
"""Sessions that are kept in mind."""
SESSION = "session.db"
"""What every session's folder holds (`advisor.ledger.FILE`)."""


@dataclass(frozen=True)
class Recent:
    """A session as a list shows it."""

    folder: Path
    name: str
    """its recipe's"""
    task: str
    metric: str
    backend: str
    began: str
    """when the session was begun, UTC, in ISO 8601"""
    opened: str
    """when it was last worked on, the same"""


def recent_folder() -> Path:
    """`$ADVISOR_DATA/recent`, else in the user's folder of data."""
    own = os.environ.get("ADVISOR_DATA")
    if own:
        return Path(own).expanduser() / FOLDER
    from platformdirs import user_data_path

    return user_data_path("advisor", appauthor=False) / FOLDER


def sessions(most: int = MOST) -> tuple[Recent, ...]:
    """The latest first; those whose folder is gone are left out. Never raises."""
    found = [each for _, path in _files()[:MOST] if (each := _read(path)) is not None]
    found.sort(key=lambda each: each.opened, reverse=True)
    return tuple([each for each in found if _is_there(each.folder)][:most])


def remember(folder: Path, header: Mapping[str, Any]) -> None:
    """The session in `folder`, by its ledger's header, is worked on now. Never raises."""
    recipe: Mapping[str, Any] = header.get("recipe") or {}
    now = datetime.now(UTC).isoformat(timespec="microseconds")
    place = folder.resolve()
    this = Recent(
        place,
        str(recipe.get("name", "")),
        str(recipe.get("task", "")),
        str(recipe.get("metric", "")),
        str(header.get("backend", "")),
        str(header.get("began", now)),
        now,
    )
    content = json.dumps(asdict(this) | {"folder": str(place)})
    key = hashlib.sha256(str(place).encode("utf-8", "surrogatepass")).hexdigest()[:32]
    with contextlib.suppress(OSError):
        recent_folder().mkdir(parents=True, exist_ok=True)
        write_text(recent_folder() / f"{key}.json", content + "\n")
    _forget_oldest()


def _forget_oldest() -> None:
    for _, path in _files()[MOST:]:
        with contextlib.suppress(OSError):
            path.unlink()


def _files() -> list[tuple[float, Path]]:
    """With the times at which they were written, the latest first."""
    found: list[tuple[float, Path]] = []
    with contextlib.suppress(OSError), os.scandir(recent_folder()) as entries:
        for entry in entries:
            if entry.name.endswith(".json"):
                with contextlib.suppress(OSError):  # forgotten meanwhile
                    found.append((entry.stat().st_mtime, Path(entry.path)))
    return sorted(found, reverse=True)


def _read(path: Path) -> Recent | None:
    try:
        raw: Any = json.loads(path.read_text(encoding="utf-8"))
        texts = ("name", "task", "metric", "backend", "began", "opened")
        return Recent(Path(str(raw["folder"])), *(str(raw[name]) for name in texts))
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


def _is_there(folder: Path) -> bool:
    try:
        return (folder / SESSION).is_file()
    except (OSError, ValueError):
        return False
