"""Peak memory of another process, from outside: what gate 5 reports of a worker."""

from __future__ import annotations

from pathlib import Path

import psutil


class PeakMemory:
    """The highest resident memory of a process and its children, in bytes.

    On Linux and Windows the system keeps the process's own high-water mark, so that no peak between
    two looks is missed; elsewhere, and for children, it is the highest of all looks.
    """

    def __init__(self) -> None:
        self.bytes: int | None = None

    def look(self, pid: int | None) -> None:
        """Note the present state; a process that is gone changes nothing."""
        if pid is None:
            return
        try:
            process = psutil.Process(pid)
            found = _high_water(process) + sum(_resident(p) for p in process.children(True))
        except psutil.Error:
            return
        self.bytes = max(self.bytes or 0, found)


def _high_water(process: psutil.Process) -> int:
    status = Path(f"/proc/{process.pid}/status")
    if status.exists():
        for line in status.read_text(encoding="utf-8").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    memory = process.memory_info()
    return int(getattr(memory, "peak_wset", memory.rss))


def _resident(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.Error:  # it ended while we looked
        return 0
