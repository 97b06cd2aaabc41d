"""What one entry of a log stands for.

Detectors take each entry of the training loss as one step. Most logs hold one loss for many
steps, or one an epoch; nothing is made up in between, so what detectors say of steps is put into
the log's own numbers here: places get the number that the log has there, counts become entries.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from advisor.symptoms import Finding

Unit = Literal["step", "epoch", "entry"]

PLACE = re.compile(r"\b(at|from|of|to|before|after) step (\d+)\b")
COUNT = re.compile(r"\b(\d[\d,]*) steps?\b")
MANY: Mapping[Unit, str] = {"step": "steps", "epoch": "epochs", "entry": "entries"}


@dataclass(frozen=True)
class Scale:
    """How entries go with steps. Entry i of the training loss is labelled `labels[i]`."""

    unit: Unit = "step"
    """what one entry is"""
    stride: float | None = 1.0
    """optimiser steps from one entry to the next; None where nobody told"""
    labels: tuple[int, ...] | range = field(default=range(0))
    """the log's own numbers; empty where entries are counted from 1"""
    place: Literal["step", "epoch", "entry"] = "step"
    """what the labels count"""
    hold: int = 1
    """how often each entry was repeated for the findings that are told"""

    @property
    def exact(self) -> bool:
        """Whether an entry is a step, and numbered as such."""
        return self.unit == "step" and self.hold == 1 and not self.labels

    def held(self, times: int) -> Scale:
        return replace(self, hold=times)

    def label(self, step: int) -> int:
        """The log's own number of the detectors' step, which counts from 1."""
        entry = max(0, (step - 1) // self.hold)
        return self.labels[min(entry, len(self.labels) - 1)] if self.labels else entry + 1

    def told(self, finding: Finding) -> Finding:
        """The finding in the log's own numbers."""
        if self.exact:
            return finding
        evidence = {name: self._value(name, value) for name, value in finding.evidence.items()}
        return replace(
            finding,
            evidence={MANY[self.unit] if n == "steps" else n: v for n, v in evidence.items()},
            reads=self.words(finding.reads),
            window=self.words(finding.window),
        )

    def _value(self, name: str, value: float | str) -> float | str:
        if name == "step" and isinstance(value, int | float):
            return self.label(int(value))
        if name == "steps" and isinstance(value, int | float):
            return int(value) // self.hold
        return value

    def words(self, text: str) -> str:
        """A sentence on steps as one on the log's entries. Places come first, so that their
        numbers are not taken for counts."""
        parts = PLACE.split(text)
        found = self._counts(parts[0])
        for word, step, rest in zip(parts[1::3], parts[2::3], parts[3::3], strict=True):
            found += f"{word} {self.place} {self.label(int(step))}{self._counts(rest)}"
        return found

    def _counts(self, text: str) -> str:
        return text if self.unit == "step" and self.hold == 1 else COUNT.sub(self._count, text)

    def _count(self, found: re.Match[str]) -> str:
        n = -(-int(found[1].replace(",", "")) // self.hold)
        return f"{n} {self.unit if n == 1 else MANY[self.unit]}"


STEPS = Scale()
"""Every step was told, and they count from 1."""
