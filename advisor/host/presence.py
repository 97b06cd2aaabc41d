"""Who is at work on a session, and whether it came to its end: two files that are quick to read.

`host.json` names the process that drives the session. A process is known by its number and the
time of its start, since numbers are used again.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from advisor import __version__
from advisor.files import write_text
from advisor.journal import FILE as JOURNAL

FILE = "host.json"
LOG = "host.log"
"""What the host and the libraries that it uses print."""
SAME = 2.0
"""Seconds by which the start of one process may be told differently: the clock may be set."""
LONGEST_END = 300
"""Bytes; the journal's last line is shorter."""
PATIENCE = 60.0
"""Seconds in which a host that holds a session has loaded what it needs, as a rule."""


@dataclass(frozen=True)
class Process:
    """A process of this machine."""

    pid: int
    created: float
    """when it was started, in seconds since 1970"""

    @classmethod
    def this(cls) -> Process:
        import psutil

        return cls(os.getpid(), psutil.Process().create_time())

    def alive(self) -> bool:
        """Whether it is there; one that ended and was not yet waited for is not."""
        import psutil

        try:
            found = psutil.Process(self.pid)
            same = abs(found.create_time() - self.created) < SAME
            return same and found.status() != psutil.STATUS_ZOMBIE
        except (psutil.NoSuchProcess, ValueError, OverflowError):  # no process has such a number
            return False
        except psutil.AccessDenied:  # it belongs to another user
            return True


@dataclass(frozen=True)
class Host(Process):
    """The process that drives a session."""

    kind: Literal["host", "auto"]
    """host: it takes commands; auto: `advisor auto` or `advisor resume`, which take none"""
    advisor: str
    """its version"""


def host(folder: Path) -> Host | None:
    """The process at work on the session in `folder`; None where there is none."""
    found = _read(folder / FILE)
    return found if found is not None and found.alive() else None


def _read(path: Path) -> Host | None:
    try:
        raw: Any = json.loads(path.read_text(encoding="utf-8"))
        kind: Literal["host", "auto"] = "auto" if raw["kind"] == "auto" else "host"
        return Host(int(raw["pid"]), float(raw["created"]), kind, str(raw["advisor"]))
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


@contextmanager
def announced(folder: Path, kind: Literal["host", "auto"]) -> Iterator[None]:
    """While it lasts, this process is the one at work on the session in `folder`, which it must
    hold. Raises OSError."""
    me = Process.this()
    write_text(folder / FILE, json.dumps(asdict(Host(me.pid, me.created, kind, __version__))))
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            (folder / FILE).unlink()


def ended(folder: Path) -> str | None:
    """How the session's journal ends: finished, stopped, idle or error; None where it has no
    end, as whoever wrote it is at work, or was killed."""
    try:
        with (folder / JOURNAL).open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - LONGEST_END))
            *_, last = file.read().splitlines()
        found = json.loads(last)
        return str(found["why"]) if found["event"] == "ended" else None
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


def wait_for_host(
    folder: Path, seconds: float = PATIENCE, cancelled: Callable[[], bool] = lambda: False
) -> bool:
    """Wait until whoever holds the session has announced itself; False when nobody does."""
    until = time.monotonic() + seconds
    while host(folder) is None:
        if time.monotonic() > until or cancelled():
            return False
        time.sleep(0.05)
    return True
