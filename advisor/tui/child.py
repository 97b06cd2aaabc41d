"""A command of this program in a process of its own, for a screen that shows what it says."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from advisor.text import clean

PATIENCE = 12.0
"""seconds to end by itself; longer than the command takes to end its workers"""
MOST_WORDS = 40
"""lines of standard error that are kept"""


class Source(Protocol):
    """Lines, one JSON object each, until there are no more. Used in a thread."""

    def lines(self) -> Iterator[Mapping[str, Any]]: ...

    def end(self) -> None:
        """Stop it; may be called at any time, from any thread, and again."""

    @property
    def failure(self) -> str:
        """What went wrong, for people; empty where nothing did. Known after the last line."""


class Child:
    """`advisor WORDS...`; ends when this process does."""

    def __init__(self, words: Sequence[str]) -> None:
        self._words = tuple(words)
        self._process: subprocess.Popen[bytes] | None = None
        self._said: deque[str] = deque(maxlen=MOST_WORDS)
        self._lock, self._ended = threading.Lock(), False
        self.failure = ""

    def lines(self) -> Iterator[Mapping[str, Any]]:
        """Starts the command. A line that is no JSON object is left out."""
        process = self._start()
        if process is None or process.stdout is None:
            return
        listening = threading.Thread(target=self._listen, args=(process,), daemon=True)
        listening.start()
        for line in process.stdout:
            if (found := _object(line)) is not None:
                yield found
        listening.join()
        code = process.wait()
        self._close(process)
        if code not in (0, 1) and not self._ended:
            self.failure = "\n".join(self._said) or f"the command ended with exit code {code}"

    def _start(self) -> subprocess.Popen[bytes] | None:
        with self._lock:
            if self._ended:
                return None
            self._process = subprocess.Popen(
                [sys.executable, "-m", "advisor.tui.kept", *self._words],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
            return self._process

    def _listen(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stderr is not None
        for line in process.stderr:
            self._said.append(clean(line.decode("utf-8", errors="replace").rstrip("\r\n")))

    def end(self) -> None:
        """Close its input, at which it ends; end it by force where it does not."""
        with self._lock:
            self._ended = True
            process = self._process
        if process is None or process.poll() is not None:
            return
        if process.stdin is not None:
            process.stdin.close()
        threading.Thread(target=_force, args=(process,), daemon=True).start()

    @staticmethod
    def _close(process: subprocess.Popen[bytes]) -> None:
        for pipe in (process.stdin, process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()


def _force(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()


def _object(line: bytes) -> Mapping[str, Any] | None:
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
