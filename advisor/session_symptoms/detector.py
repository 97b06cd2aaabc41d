"""What a detector is that looks at a whole session."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from advisor.state import State
from advisor.symptoms import Finding
from advisor.symptoms.finding import Evidence, Severity, concluded, measured

Look = Callable[[State], Evidence | str]
"""Returns evidence, or in words what is missing to judge."""


@dataclass(frozen=True)
class SessionDetector:
    """A named fault of a session: its definition, how to look for it, and what to do. Pure."""

    name: str
    about: str
    threshold: str
    source: str
    """where the thresholds come from"""
    traps: str
    """what looks like it and is none"""
    needs: tuple[str, ...]
    """that without which nothing can be said"""
    first: str
    """what to do first"""
    expect: str
    look: Look
    severity: Severity = "info"
    order: int = 9
    """arbitration class: quality of the evaluation"""

    def detect(self, state: State) -> Finding:
        """Nothing follows from numbers that are not finite."""
        seen = measured(self.look(state), lambda value: not math.isfinite(value))
        return concluded(self.name, self.severity, self.threshold, seen)
