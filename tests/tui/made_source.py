"""A source of lines that needs no process."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Line = Mapping[str, Any]


class Made:
    """Tells these lines, and then waits to be ended where it is told to."""

    def __init__(self, lines: Sequence[Line], failure: str = "", waits: bool = False) -> None:
        self._lines, self.failure, self._waits = lines, failure, waits
        self.ended = threading.Event()

    def lines(self) -> Iterator[Line]:
        yield from self._lines
        if self._waits:
            self.ended.wait(30)

    def end(self) -> None:
        self.ended.set()
