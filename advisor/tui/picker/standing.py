"""How a session stands: whether somebody is at work on it, and the best that it has. Reads files:
call it in a thread."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from advisor.host import presence
from advisor.journal import FILE as JOURNAL
from advisor.text import counted, number

State = Literal["running", "waiting", "stopped", "finished"]
SIGNS: Mapping[State, str] = {"running": ">", "waiting": "?", "stopped": "-", "finished": "+"}
WORDS: Mapping[State, str] = {
    "running": "at work: opening it shows how it goes",
    "waiting": "waits for you: opening it shows what is proposed",
    "stopped": "stopped: opening it goes on where it was",
    "finished": "finished",
}
SUMMARY = "summary.json"
MOST_BYTES = 1 << 22
"""of the journal's end; a session of hundreds of trials has less"""
INCUMBENT = b'"event": "incumbent"'


@dataclass(frozen=True)
class Standing:
    """What a list says of a session."""

    state: State
    why: str = ""
    """of a session that stopped by an error"""
    metric: str = ""
    value: float | None = None
    """validation metric of the best recipe"""
    trial: int | None = None
    """the trial that it is of"""
    spent: str = ""
    """trials and epochs, of a finished session"""

    @property
    def result(self) -> str:
        """`accuracy 0.97`, or nothing."""
        return "" if self.value is None else f"{self.metric} {number(self.value)}".strip()


def standing(folder: Path) -> Standing:
    """Of the session in this folder, as far as it can be read. Never raises."""
    lines = _end(folder / JOURNAL)
    if not lines:  # begun before there were journals
        return _finished(folder) or Standing("stopped")
    last = _object(lines[-1])
    why = str(last.get("why", "")) if last.get("event") == "ended" else ""
    if why == "finished" and (found := _finished(folder)) is not None:
        return found
    host = presence.host(folder)
    asked = last.get("event") == "proposal" and host is not None and host.kind == "host"
    state: State = "waiting" if asked else "stopped" if host is None else "running"
    best = next((_object(line) for line in reversed(lines) if INCUMBENT in line), {})
    trial = best.get("trial")
    return Standing(
        "finished" if why == "finished" else state,
        _error(lines) if why == "error" else "",
        _metric(folder / JOURNAL),
        _number(best.get("value")),
        trial if isinstance(trial, int) else None,
    )


def _finished(folder: Path) -> Standing | None:
    """By the summary; None without one."""
    try:
        found = json.loads((folder / SUMMARY).read_bytes())
        best, cost = found.get("best") or {}, found.get("cost") or {}
        value, trials, epochs = best.get("value"), found.get("trials"), cost.get("epochs")
    except (OSError, ValueError, AttributeError, RecursionError):
        return None
    known = isinstance(trials, int) and _number(epochs) is not None
    spent = f"{counted(trials, 'trial')}, {number(epochs)} epochs" if known else ""
    return Standing("finished", "", str(best.get("metric", "")), _number(value), spent=spent)


def _end(path: Path) -> list[bytes]:
    """The whole lines at the end of a file; none where it cannot be read."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - MOST_BYTES))
            content = file.read()
    except OSError:
        return []
    return content.rpartition(b"\n")[0].splitlines()


def _metric(journal: Path) -> str:
    """As the first line names it."""
    with contextlib.suppress(OSError), journal.open("rb") as file:
        return str(_object(file.readline(MOST_BYTES)).get("metric", ""))
    return ""


def _object(line: bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _error(lines: list[bytes]) -> str:
    before = _object(lines[-2]) if len(lines) > 1 else {}
    message = before.get("message")
    return message if isinstance(message, str) else ""


def _number(value: Any) -> float | None:
    plain = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if plain else None
