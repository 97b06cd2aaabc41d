"""Starts a host, and waits until it has begun or says why it cannot.

The host is asked on its standard input and answers in a file, once. Until then what it prints
goes beside that file; from then on into `host.log` in the session's folder.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

ANSWER, PRINTED = "answer.json", "printed.txt"
POLL = 0.02
"""Seconds."""
GRACE = 5.0
"""Seconds in which a host ends that was asked to."""
MOST_PRINTED = 2000

_hosts: list[subprocess.Popen[bytes]] = []
"""Those that this process started and that may still be at work; see `reap`."""


class HostError(Exception):
    """The session cannot be begun, gone on with, or told; the message is for people."""

    def __init__(self, message: str, detail: str = "") -> None:
        super().__init__(message)
        self.detail = detail
        """for us: a traceback, or what a worker said last; "" for a mistake of the user's"""


class HeldError(HostError):
    """Another process is at work on this session."""


def launch(wanted: Mapping[str, Any], cancelled: Callable[[], bool]) -> Path:
    """Start a host for what is wanted (`advisor.host.wanted`); returns the session's folder once
    it is at work. Raises HostError."""
    reap()
    with tempfile.TemporaryDirectory(prefix="advisor-", ignore_cleanup_errors=True) as place:
        answer, printed = Path(place, ANSWER), Path(place, PRINTED)
        process = _started(wanted, answer, printed)
        try:
            found = _waited(process, answer, cancelled)
        except BaseException:
            _end(process)
            raise
        if found is None:
            text = printed.read_text(encoding="utf-8", errors="replace")[-MOST_PRINTED:].strip()
            code = process.wait()
            raise HostError(f"the session's process ended (exit code {code}) as it began", text)
    if "error" in found:
        process.wait()
        kind = HeldError if found["kind"] == "held" else HostError
        raise kind(found["error"], found["detail"])
    _hosts.append(process)
    return Path(found["folder"])


def reap() -> None:
    """Let go of the hosts that ended: a process is there until whoever started it has looked."""
    _hosts[:] = [process for process in _hosts if process.poll() is None]


def _started(wanted: Mapping[str, Any], answer: Path, printed: Path) -> subprocess.Popen[bytes]:
    flags = 0
    if sys.platform == "win32":
        flags = subprocess.DETACHED_PROCESS | subprocess.CREATE_NEW_PROCESS_GROUP
    with printed.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "advisor.host", str(answer)],
            stdin=subprocess.PIPE,
            stdout=out,
            stderr=out,
            start_new_session=True,  # it outlives the terminal
            creationflags=flags,
        )
    assert process.stdin is not None
    with contextlib.suppress(BrokenPipeError), process.stdin as asked:  # it ended before it read
        asked.write(json.dumps(wanted).encode())
    return process


def _waited(
    process: subprocess.Popen[bytes], answer: Path, cancelled: Callable[[], bool]
) -> Mapping[str, Any] | None:
    """The host's answer; None when it ended without one."""
    while True:
        over = process.poll() is not None
        if answer.exists():
            found: Mapping[str, Any] = json.loads(answer.read_text(encoding="utf-8"))
            return found
        if over:
            return None
        if cancelled():
            raise HostError("cancelled")
        time.sleep(POLL)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(GRACE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
