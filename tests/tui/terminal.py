"""A real terminal of a given size: tmux, on a server of its own."""

from __future__ import annotations

import os
import shlex
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path

POLL = 0.1
PATIENCE = 180.0
"""Seconds; a loaded machine is no fault of the code."""


class Terminal:
    """Use as a context manager."""

    def __init__(self, folder: Path, size: tuple[int, int], variables: Mapping[str, str]) -> None:
        self._socket = folder / "tmux.sock"
        self._folder, self._size, self._variables = folder, size, dict(variables)
        self._runs = 0

    def run(self, command: list[str]) -> None:
        """Start a command in it; the terminal stays when the command has ended."""
        width, height = self._size
        sizes = ["-x", str(width), "-y", str(height)]
        line = f"{shlex.join(command)}; echo ended with $?; exec sleep 600"
        self._runs += 1
        where = ["-s", f"run{self._runs}", "-c", str(self._folder)]
        self._tmux("new-session", "-d", *where, *sizes, line)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *error: object) -> None:
        self._tmux("kill-server", check=False)

    def press(self, *keys: str) -> None:
        """Keys by tmux's names (Enter, Escape, C-c)."""
        self._tmux("send-keys", "-t", f"run{self._runs}", *keys)

    def type(self, text: str) -> None:
        self._tmux("send-keys", "-t", f"run{self._runs}", "-l", text)

    def text(self) -> str:
        """What is on the screen."""
        return self._tmux("capture-pane", "-t", f"run{self._runs}", "-p")

    def wait(self, *parts: str, gone: tuple[str, ...] = ()) -> str:
        """The screen, once it holds all parts and none of those that have to go."""
        until, found = time.monotonic() + PATIENCE, ""
        while time.monotonic() < until:
            found = self.text()
            if all(part in found for part in parts) and not any(part in found for part in gone):
                return found
            time.sleep(POLL)
        raise AssertionError(f"{parts} did not come, or {gone} did not go:\n{found}")

    def until(self, holds: Callable[[], bool]) -> None:
        """Wait for something that the screen does not show."""
        end = time.monotonic() + PATIENCE
        while not holds():
            assert time.monotonic() < end, f"it did not come to pass:\n{self.text()}"
            time.sleep(POLL)

    def _tmux(self, *words: str, check: bool = True) -> str:
        variables = {**os.environ, "TERM": "xterm-256color", **self._variables}
        variables.pop("TMUX", None)
        done = subprocess.run(
            ["tmux", "-S", str(self._socket), *words],
            env=variables, capture_output=True, text=True, check=check, timeout=30,
        )  # fmt: skip
        return done.stdout
