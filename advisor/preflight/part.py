"""What one check found, and what several found together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

Value: TypeAlias = float | str | bool | None


@dataclass(frozen=True)
class Part:
    """Facts by name, and in words what could not be measured, or only in part."""

    facts: Mapping[str, Value] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def joined(names: Iterable[str], parts: Iterable[Part]) -> tuple[dict[str, Value], str]:
    """All facts of these names, None where no part has it, and the message of all notes."""
    facts: dict[str, Value] = dict.fromkeys(names)
    notes: list[str] = []
    for part in parts:
        facts.update(part.facts)
        notes += [note for note in part.notes if note not in notes]
    return facts, "; ".join(notes)
