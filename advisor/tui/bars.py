"""Bars and times as text, for all panels."""

from __future__ import annotations

FULL, EMPTY = "█", "░"


def bar(share: float, width: int) -> str:
    """How much of something is done."""
    done = round(max(0.0, min(1.0, share)) * width)
    return FULL * done + EMPTY * (width - done)


def percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def duration(seconds: float) -> str:
    """`42 s`, `3 min 5 s`, `2 h 10 min`."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
