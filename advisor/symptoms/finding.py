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
        return concluded(self.name, self.severity, self.threshold, self._seen(history))

    def _seen(self, history: History) -> Evidence | str:
        missing = [name for name in self.needs if not history.knows(name)]
        if missing:
            return f"nobody told {in_words(missing)}"
        return measured(self.look(history), math.isnan)


def measured(seen: Evidence | str, lacks: Callable[[float], bool]) -> Evidence | str:
    """What was seen, or which of its values are missing: nothing follows from those, whatever was
    compared. `lacks`: whether a number stands for one that was not measured, such as NaN."""
    if isinstance(seen, str):
        return seen
    lacking = [
        name for name, value in seen.values.items() if isinstance(value, float) and lacks(value)
    ]
    return f"not measured: {', '.join(lacking)}" if lacking else seen


def concluded(name: str, severity: Severity, threshold: str, seen: Evidence | str) -> Finding:
    """What follows for a symptom from what its detector saw."""
    if isinstance(seen, str):
        return Finding(name, "not enough data", severity, {}, "", threshold, seen)
    return Finding(
        name,
        "fired" if seen.fires else "clear",
        seen.severity or severity,
        seen.values,
        seen.window,
        threshold,
        seen.reads,
        leads_to(name, seen.leads_to) if seen.fires else (),
        seen.parts if seen.fires else {},
    )
