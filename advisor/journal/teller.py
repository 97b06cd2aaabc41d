"""Tells a session line by line, each with its number `n`, as it asks and is told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

from advisor.journal import lines
from advisor.journal.lines import Line
from advisor.requests import (
    Answer,
    Choose,
    Decided,
    Note,
    Request,
    Returned,
    StageEntered,
    StageLeft,
)
from advisor.state import State

NOTES = get_args(Note)


class Teller:
    """Keeps what a line needs of the lines before it."""

    def __init__(self, recorded: int = 0) -> None:
        """`recorded`: how many answers the ledger holds already; what they answer was told
        before, and is marked as replayed."""
        self._recorded = recorded
        self._count = 0
        self._answers = 0
        self._stage: str | None = None
        self._incumbent: int | None = None
        self.ask: int | None = None
        """the number of the last question"""

    def opened(self, state: State, header: Mapping[str, Any], folder: Path) -> Line:
        """The first line."""
        return self.line(lines.session(state, header, folder))

    def asked(self, request: Request, state: State) -> Iterator[Line]:
        """The lines for what the session asks or announces."""
        if isinstance(request, StageEntered):
            self._stage = request.stage.name
        decided = isinstance(request, Decided | Returned)
        if not decided:
            yield from self._taken_over(state, "accepted")
        found = lines.asked(request, state, self._stage)
        if found is not None:
            line = self._told(found)
            if isinstance(request, Choose):
                self.ask = line["n"]
            yield line
        if decided:
            why = "returned" if isinstance(request, Returned) else "accepted"
            yield from self._taken_over(state, why)
        if isinstance(request, StageLeft):
            self._stage = None

    def answered(self, request: Request, answer: Answer, state: State) -> Iterator[Line]:
        """The lines for what the session was told."""
        if isinstance(request, NOTES):
            return
        for line in lines.answered(request, answer, state):
            yield self._told({**line, "ask": self.ask} if isinstance(request, Choose) else line)
        if self._incumbent is None:
            yield from self._taken_over(state, "baseline")
        self._answers += 1

    def line(self, content: Line) -> Line:
        """A line that is no part of what is replayed, with its number."""
        line = {"n": self._count, **content}
        self._count += 1
        return line

    def _told(self, content: Line) -> Line:
        replayed = {"replayed": True} if self._answers < self._recorded else {}
        return self.line({**content, **replayed})

    def _taken_over(self, state: State, why: str) -> Iterator[Line]:
        """The line of an incumbent that is new."""
        found = state.incumbent
        if found is not None and found.trial.number != self._incumbent:
            self._incumbent = found.trial.number
            yield self._told(lines.incumbent(state, why))
