"""A session as JSON lines on standard output; the format is documented in docs/json.md."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from advisor.events import Event, as_dict
from advisor.journal.teller import Teller
from advisor.journal.values import strict
from advisor.requests import Answer, Request
from advisor.state import State


class JsonLines:
    """An observer that writes one object a line through `write`: what the journal holds, and the
    events within trials."""

    def __init__(self, write: Callable[[str], None], recorded: int = 0) -> None:
        """`recorded`: how many answers the ledger holds already."""
        self._write, self._teller = write, Teller(recorded)

    def opened(self, state: State, header: Mapping[str, Any], folder: Path) -> None:
        """The first line."""
        self._write(strict(self._teller.opened(state, header, folder)))

    def asked(self, request: Request, state: State) -> None:
        for line in self._teller.asked(request, state):
            self._write(strict(line))

    def event(self, event: Event, trial: int) -> None:
        self._write(strict(as_dict(event) | {"trial": trial}))

    def answered(self, request: Request, answer: Answer, state: State) -> None:
        for line in self._teller.answered(request, answer, state):
            self._write(strict(line))
