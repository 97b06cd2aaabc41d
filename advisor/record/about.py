"""What a recording says of its training beside the events: record.json."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ABOUT, EVENTS = "record.json", "events.jsonl"


@dataclass(frozen=True)
class About:
    """What the user said of the training, and what is not a measurement in the events."""

    task: str
    metric: str
    classes: int | None
    batch_size: int
    epochs: int
    steps_per_epoch: int | None
    version: int = 1
    assumed: dict[str, str] = field(default_factory=dict)
    """field of an event -> where its value comes from, as nobody told or measured it"""
    unknown: list[str] = field(default_factory=list)
    """fields of events whose values mean nothing; nothing may be concluded from them"""


def write_about(folder: Path, about: About) -> None:
    """Whole or not at all for readers; unlike results it is not forced to the disk."""
    temporary = folder / f"{ABOUT}.partial"
    temporary.write_text(json.dumps(dataclasses.asdict(about), indent=1) + "\n", encoding="utf-8")
    temporary.replace(folder / ABOUT)


def read_about(folder: Path) -> About | None:
    """None where there is no readable record.json."""
    try:
        raw: Any = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
        return About(**raw)
    except (OSError, ValueError, TypeError):
        return None
