"""Facts of the checks before a training, for detectors."""

from __future__ import annotations

from advisor.history import History

PREFLIGHT = ("preflight",)
"""The signal that these detectors need."""
NOT_CHECKED = "needs the checks before training (probe preflight)"


def number(history: History, name: str) -> float | None:
    """A measured number; None where nobody measured it."""
    value = history.probed.get(name)
    return None if value is None or isinstance(value, str | bool) else float(value)


def flag(history: History, name: str) -> bool | None:
    value = history.probed.get(name)
    return value if isinstance(value, bool) else None


def missing(history: History, name: str) -> str:
    """In words why this fact is not there."""
    if name not in history.probed:
        return NOT_CHECKED
    return "the checks before training could not measure it"
