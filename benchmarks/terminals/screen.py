"""A program in a terminal of its own: keys go in, what it draws comes out, with times."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import termios
import threading
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Self

import psutil

CONTROLS = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07]*\x07|\x1b[=>78MNOP]")
ROWS, COLUMNS = 40, 120
MOST = 1 << 16


class Terminal:
    """Use as a context manager; the program is killed at the end."""

    def __init__(self, words: Sequence[str]) -> None:
        self.began = time.perf_counter()
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
        self.process = subprocess.Popen(
            list(words), stdin=slave, stdout=slave, stderr=slave, env=environment,
            start_new_session=True,
        )  # fmt: skip
        os.close(slave)
        self._said, self._came = threading.Condition(), list[tuple[float, bytes]]()
        threading.Thread(target=self._read, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        os.close(self._master)

    def _read(self) -> None:
        while True:
            try:
                found = os.read(self._master, MOST)
            except OSError:
                found = b""
            now = time.perf_counter()
            with self._said:
                self._came.append((now, found))
                self._said.notify_all()
            if not found:
                return

    def forget(self) -> None:
        """What came so far is not looked at any more."""
        with self._said:
            self._came.clear()

    def press(self, keys: str) -> float:
        """Type; the time at which that was done."""
        now = time.perf_counter()
        os.write(self._master, keys.encode())
        return now

    def seen(self, wanted: str, patience: float = 60.0) -> float:
        """When this text was drawn, of what came since `forget`. Raises TimeoutError."""
        until, looked = time.perf_counter() + patience, 0
        with self._said:
            while True:
                if len(self._came) > looked:
                    text = b"".join(part for _, part in self._came).decode(errors="replace")
                    if wanted in CONTROLS.sub("", text):
                        return self._came[-1][0]
                    looked = len(self._came)
                    if not self._came[-1][1]:
                        raise TimeoutError(f"it ended before {wanted!r}: {text[-2000:]}")
                if not self._said.wait(until - time.perf_counter()):
                    raise TimeoutError(f"{wanted!r} was never drawn")

    def cpu(self) -> float:
        """Seconds of the processor so far, of the program without its children."""
        times = psutil.Process(self.process.pid).cpu_times()
        return times.user + times.system
