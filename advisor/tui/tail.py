"""New lines of a file that another process appends to."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

MOST = 1 << 22
"""Bytes at once, so that a long file is told in parts."""


@dataclass
class Tail:
    """Reads on from where it was. A file that became another or shorter is read anew."""

    path: Path
    _identity: tuple[int, int] | None = None
    _offset: int = 0
    _rest: bytes = b""
    restarted: bool = field(default=False, init=False)
    """whether the last `read` began anew, and what was read before no longer holds"""
    more: bool = field(default=False, init=False)
    """whether the last `read` left something"""

    def read(self, most: int = MOST) -> list[bytes]:
        """Complete lines since the last time; none where there is no file (yet)."""
        self.restarted = self.more = False
        try:
            with self.path.open("rb") as file:
                self._check(os.fstat(file.fileno()))
                file.seek(self._offset)
                found = file.read(most)
        except FileNotFoundError:
            return []
        self._offset += len(found)
        self.more = len(found) == most
        *lines, self._rest = (self._rest + found).split(b"\n")
        return [line for line in lines if line]

    def _check(self, status: os.stat_result) -> None:
        identity = (status.st_dev, status.st_ino)
        if self._identity is not None:
            self.restarted = identity != self._identity or status.st_size < self._offset
        if self.restarted:
            self._offset, self._rest = 0, b""
        self._identity = identity
