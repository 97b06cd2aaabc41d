"""The verdict on a change in one word, as people read it; files and JSON keep the session's own."""

from __future__ import annotations

WAYS = ("climb", "walk")
"""Rules that take many steps, of which one is kept."""
PASSED = "passed"
SIGNS = {"accepted": "+", "rejected": "-", "undecided": "=", PASSED: "~"}


def verdict_word(verdict: str, rule: str, gain: float | None) -> str:
    """`passed` for a step of a climb or a walk that did better, but is not where it ended; `gain`:
    over the incumbent, larger is better, None where nothing was compared."""
    better = gain is not None and gain > 0
    return PASSED if verdict == "rejected" and rule in WAYS and better else verdict
