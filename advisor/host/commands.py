"""What front ends tell a host: one JSON object a line, appended to `commands.jsonl`.

Each line is written at once, so that several front ends may write. The host never writes there.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from advisor.host.presence import Process

FILE = "commands.jsonl"
MOST_BYTES = 1 << 20
"""Of one command; a longer line is no command."""

Command = Mapping[str, Any]
"""{"do": choose, autopilot, give_up, stop, hello or bye, ...}; docs/json.md has the fields."""


def send(folder: Path, command: Command) -> None:
    """Append one command. Raises OSError."""
    line = json.dumps(command).encode() + b"\n"
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0)
    file = os.open(folder / FILE, flags, 0o600)
    try:
        os.write(file, line)
    finally:
        os.close(file)


def hello() -> Command:
    """This process watches the session from now on."""
    me = Process.this()
    return {"do": "hello", "pid": me.pid, "created": me.created}


def bye() -> Command:
    """This process no longer does."""
    return {"do": "bye", "pid": os.getpid()}


class Inbox:
    """Reads the commands of a session as they come."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / FILE
        self._read = 0
        """bytes"""

    def new(self) -> list[Command]:
        """The commands since the last call, all of them at the first. What is no command is
        passed over, and the beginning of one waits for its end."""
        try:
            if self._file.stat().st_size <= self._read:
                return []
            with self._file.open("rb") as file:
                file.seek(self._read)
                whole, newline, rest = file.read(MOST_BYTES).rpartition(b"\n")
        except OSError:
            return []
        self._read += len(whole) + len(newline) or (len(rest) if len(rest) == MOST_BYTES else 0)
        return [found for line in whole.splitlines() if (found := _command(line)) is not None]


def _command(line: bytes) -> Command | None:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) and isinstance(found.get("do"), str) else None
