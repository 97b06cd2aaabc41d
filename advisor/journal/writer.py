"""Writes a session's journal as it works; others follow it line by line."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from advisor.events import Event
from advisor.files import write_text
from advisor.journal import FILE, values
from advisor.journal.lines import Line
from advisor.journal.teller import Teller
from advisor.requests import Answer, Request
from advisor.state import State

End = Literal["finished", "stopped", "idle", "error"]
ErrorKind = Literal["user", "worker", "ours"]


class Journal:
    """An observer that writes `journal.jsonl` anew. Use as a context manager.

    A line is written whole and at once, from any thread. Events within trials are not told: they
    are in the trials' folders.
    """

    def __init__(self, folder: Path, recorded: int = 0) -> None:
        """`folder`: the session's, which this process must hold; `recorded`: how many answers its
        ledger has. Raises OSError."""
        self.folder = folder
        self._teller = Teller(recorded)
        self._lock = threading.Lock()
        self._torn = False
        """whether the last line lacks its end"""
        path = folder / FILE
        write_text(path, "")  # a new file: whoever reads the old one notices
        flags = os.O_WRONLY | os.O_APPEND | getattr(os, "O_BINARY", 0)
        self._file = os.open(path, flags)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.close(self._file)

    @property
    def ask(self) -> int | None:
        """The number of the last question's line."""
        return self._teller.ask

    def opened(self, state: State, header: Mapping[str, Any]) -> None:
        """The first line."""
        with self._lock:
            self._write([self._teller.opened(state, header, self.folder)])

    def asked(self, request: Request, state: State) -> None:
        with self._lock:
            self._write(self._teller.asked(request, state))

    def event(self, event: Event, trial: int) -> None:
        pass

    def answered(self, request: Request, answer: Answer, state: State) -> None:
        with self._lock:
            self._write(self._teller.answered(request, answer, state))

    def mode(self, autopilot: bool) -> None:
        """Whether the first proposal is tried without asking, from the next decision on."""
        self._say({"event": "mode", "autopilot": autopilot})

    def remark(self, text: str) -> None:
        """Something worth saying that the session itself does not say."""
        self._say({"event": "remark", "text": text})

    def error(self, kind: ErrorKind, message: str, detail: str = "") -> None:
        """Why the session cannot go on now."""
        self._say({"event": "error", "kind": kind, "message": message, "detail": detail})

    def finished(self, summary: Mapping[str, Any]) -> None:
        """The session's summary, once it is at its end."""
        self._say(dict(summary))

    def ended(self, why: End) -> None:
        """The last line."""
        self._say({"event": "ended", "why": why})

    def _say(self, line: Line) -> None:
        with self._lock:
            self._write([self._teller.line(line)])

    def _write(self, lines: Iterable[Line]) -> None:
        text = b"".join(values.strict(line).encode() + b"\n" for line in lines)
        if not text:
            return
        rest = text = b"\n" + text if self._torn else text
        try:
            while rest:  # one call, but for a disk that is nearly full
                rest = rest[os.write(self._file, rest) :]
            self._torn = False
        except OSError as error:
            self._torn = self._torn or rest != text
            raise OSError(error.errno, error.strerror, str(self.folder / FILE)) from error
