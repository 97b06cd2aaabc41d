"""What went wrong, and what to do: the text of a dialog for each kind of error."""

from __future__ import annotations

import errno
from dataclasses import dataclass

from textual.content import Content

from advisor.text import clean

RESUME = "What the session has found so far is safe in its folder; R goes on with it."


@dataclass(frozen=True)
class Told:
    """An error in words."""

    title: str
    message: str
    """what happened"""
    advice: str
    """what to do"""
    detail: str = ""

    @property
    def content(self) -> Content:
        parts = [
            Content("\n".join(clean(line) for line in self.message.strip().split("\n"))),
            Content(""),
            Content.assemble(("What to do: ", "bold"), self.advice),
        ]
        if self.detail.strip():
            lines = self.detail.strip().split("\n")
            parts += [Content(""), Content.styled("\n".join(map(clean, lines)), "$quiet")]
        return Content("\n").join(parts)


def of_start(message: str, detail: str = "") -> Told:
    """A session that could not be begun."""
    if "is not installed" in message or "no backend" in message:
        advice = "Install it as said above, or name another backend with --backend."
        return Told("The backend is missing", message, advice, detail)
    if "disk is full" in message or "No space left" in message:
        return _full(message, detail)
    if detail:
        return Told("The session could not begin", message, "The lines below say more.", detail)
    advice = "Mend what is said above, in the recipe (E opens it) or in the options, and try again."
    return Told("The session cannot begin like this", message, advice)


def of_fault(kind: str, message: str, detail: str = "") -> Told:
    """Why a session's process ended, by its own words."""
    if "No space left" in message or "disk is full" in message:
        return _full(message, detail)
    if kind == "user":
        return Told("The session cannot go on like this", message, f"Mend it. {RESUME}", detail)
    if kind == "worker":
        advice = f"Look at the lines below (memory? a driver?). {RESUME}"
        return Told("A training's process died", message, advice, detail)
    return Told(
        "A fault in advisor", message, f"{RESUME} The lines below help to report it.", detail
    )


def of_silence(last_words: str) -> Told:
    """A host that is gone and has not said why."""
    if "disk is full" in last_words:
        return _full(last_words)
    return Told("The session's process is gone", "It ended without a word.", RESUME, last_words)


def of_writing(error: OSError) -> Told:
    """A file that could not be read or written here."""
    where = f"{error.filename}: " if error.filename else ""
    message = f"{where}{error.strerror or error}"
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return _full(message)
    return Told("A file cannot be used", message, "Check the path and its permissions.")


def _full(message: str, detail: str = "") -> Told:
    return Told("The disk is full", message, f"Make room on the disk. {RESUME}", detail)
