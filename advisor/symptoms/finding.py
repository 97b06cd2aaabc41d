"""What a detector is and what it finds."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from advisor.history import History
from advisor.signals import in_words
from advisor.symptoms.causes import leads_to

Outcome = Literal["fired", "clear", "not enough data"]
Severity = Literal["block", "optimisation", "generalisation", "info"]
"""block: nothing else is worth trying before it is cured; optimisation: training could be
better; generalisation: validation lags behind; info: worth knowing, no fault in itself."""


@dataclass(frozen=True)
class Finding:
    """One symptom's outcome on one trial, with its evidence."""

    symptom: str
    outcome: Outcome
    severity: Severity
    evidence: Mapping[str, float | str]
    window: str
    """over what was looked"""
    threshold: str
    """what makes it fire"""
    reads: str
    """one sentence for people, with the numbers, or what is missing to judge"""
    leads_to: tuple[str, ...] = ()
    """symptoms that it can explain, whether they fired or not"""
    parts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """of several odd fields, what each of them can explain"""
    explained_by: str = ""
    """the symptom that fired as well and led to this one; "" for a cause"""
    weight: Severity | None = None
    """of a cause: the gravest severity among what it led to and itself; less where it waits"""

    @property
    def gravity(self) -> Severity:
        """How much depends on it: `weight` where it was arranged, else its own severity."""
        return self.weight or self.severity


@dataclass(frozen=True)
class Evidence:
    """What a detector saw: whether it fires, the values, and a sentence."""

    fires: bool
    values: Mapping[str, float | str]
    reads: str
    window: str = "the run"
    severity: Severity | None = None
    """where this case is less grave than the symptom usually is"""
    leads_to: tuple[str, ...] | None = None
    """what this case can explain, where that is not what the symptom usually does"""
    parts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """the same of each field at fault, where there are several"""


Look = Callable[[History], Evidence | str]
"""Returns evidence, or in words what is missing to judge."""


@dataclass(frozen=True)
class Detector:
    """A named fault: its definition and how to look for it. Pure."""

    name: str
    severity: Severity
    order: int
    """arbitration class: 1 data, 2 numbers that are not finite, 3 nothing is learned, 4 signal
    flow, 5 step size, 6 batch, 7 capacity, 8 generalisation, 9 quality of the evaluation"""
    about: str
    threshold: str
    source: str
    """where the thresholds come from"""
    traps: str
    """what looks like it and is none"""
    look: Look
    needs: tuple[str, ...] = ()
    """the signals (`advisor.signals`) without which nothing can be said"""

    def detect(self, history: History) -> Finding:
        missing = [name for name in self.needs if not history.knows(name)]
        seen = f"nobody told {in_words(missing)}" if missing else self._looked(history)
        if isinstance(seen, str):
            return Finding(
                self.name, "not enough data", self.severity, {}, "", self.threshold, seen
            )
        return Finding(
            self.name,
            "fired" if seen.fires else "clear",
            seen.severity or self.severity,
            seen.values,
            seen.window,
            self.threshold,
            seen.reads,
            leads_to(self.name, seen.leads_to) if seen.fires else (),
            seen.parts if seen.fires else {},
        )

    def _looked(self, history: History) -> Evidence | str:
        """NaN stands for what was not measured: nothing follows from it, whatever was compared."""
        seen = self.look(history)
        if isinstance(seen, str):
            return seen
        lacking = [
            name
            for name, value in seen.values.items()
            if isinstance(value, float) and math.isnan(value)
        ]
        return f"not measured: {', '.join(lacking)}" if lacking else seen
