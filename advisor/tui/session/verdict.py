"""What became of the last change that was tried, on one line."""

from __future__ import annotations

from textual.content import Content

from advisor.text import clean, number
from advisor.tui.model import DecisionView, SessionView
from advisor.verdict_words import PASSED, SIGNS

STYLES = {
    "accepted": "$text-success",
    "rejected": "$text-error",
    "undecided": "$text-warning",
    PASSED: "$text-warning",
}


def last(session: SessionView, width: int) -> Content | None:
    """`last: + accepted ...`; None where nothing was decided yet."""
    if not session.decisions:
        return None
    found = session.decisions[-1]
    told = f"last: {words(found)}"
    if len(told) > width > 0:
        told = told[: width - 1] + "…"
    return Content.styled(told, STYLES.get(found.word, ""))


def words(found: DecisionView) -> str:
    """`+ accepted 0.11 -> 0.93, gain [+0.79, +0.85]: range-test`: what is cut comes last."""
    told = f"{SIGNS.get(found.word, '=')} {found.word}"
    told += f" {number(found.incumbent)} -> {number(found.value)}"
    if found.low is not None and found.high is not None:
        told += f", gain [{found.low:+.2g}, {found.high:+.2g}]"
    return clean(f"{told}: {name(found)}")


def name(found: DecisionView) -> str:
    """The rule, or whose change it was."""
    if found.origin == "own":
        return "your own change"
    return f"{found.rule}, edited" if found.origin == "edited" else found.rule
