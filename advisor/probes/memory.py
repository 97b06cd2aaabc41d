"""How much memory there is, and a watch that ends a process before it takes too much."""

from __future__ import annotations

import threading
from pathlib import Path

import psutil

SECONDS_BETWEEN_LOOKS = 0.01
CGROUP = Path("/sys/fs/cgroup")
"""Where Linux says what a container may have, below what the machine has."""


def available_memory() -> int:
    """Bytes that this process and its children may still take."""
    free = int(psutil.virtual_memory().available)
    limit, used = (_number(CGROUP / name) for name in ("memory.max", "memory.current"))
    if limit is None or used is None:
        return free
    return max(0, min(free, limit - used))


def _number(path: Path) -> int | None:
    """None where there is no such file, or it says that there is no limit."""
    try:
        text = path.read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return None
    return int(text) if text.isdecimal() else None


class MemoryWatch:
    """Kills a process whose resident memory goes above the limit. Use as a context manager."""

    def __init__(self, pid: int, limit: int) -> None:
        self.killed = False
        self._process, self._limit = psutil.Process(pid), limit
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> MemoryWatch:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(SECONDS_BETWEEN_LOOKS):
            try:
                if self._process.memory_info().rss > self._limit:
                    self.killed = True
                    self._process.kill()
                    return
            except psutil.Error:  # it has ended
                return
