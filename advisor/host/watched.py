"""A session at work that others may watch: its journal is written, and who works is announced."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from advisor import recent
from advisor.host.presence import announced
from advisor.journal.writer import Journal
from advisor.mistakes import explained
from advisor.opening import Opened

RESERVE = "host.reserve"
"""In the session's folder while it is worked on: room for the last lines on a disk that is full."""
RESERVED = 16 * 1024
"""Bytes."""


class Stopped(KeyboardInterrupt):
    """The session's process is to end now; the session can be gone on with."""

    def __init__(self, why: Literal["stopped", "idle"] = "stopped") -> None:
        super().__init__(why)
        self.why = why


@contextmanager
def watched(opened: Opened, kind: Literal["host", "auto"], autopilot: bool) -> Iterator[Journal]:
    """While it lasts, the journal of the session, written anew. An exception becomes the journal's
    end and goes on its way. Raises OSError."""
    ledger, state = opened.ledger, opened.session.state
    header = ledger.header()
    with (
        Journal(ledger.folder, len(ledger.entries())) as journal,
        announced(ledger.folder, kind),
        _reserved(ledger.folder / RESERVE) as give_up_reserve,
    ):
        journal.opened(state, header)
        journal.mode(autopilot)
        recent.remember(ledger.folder, header)
        try:
            yield journal
        except KeyboardInterrupt as stop:
            with contextlib.suppress(OSError):
                journal.ended(stop.why if isinstance(stop, Stopped) else "stopped")
            raise
        except Exception as error:
            found = explained(error)
            give_up_reserve()
            with contextlib.suppress(OSError):  # what has no room is not said
                journal.error(found.kind, found.message, found.detail)
                journal.ended("error")
            raise
        journal.ended("finished")


@contextmanager
def _reserved(path: Path) -> Iterator[Callable[[], None]]:
    """Hold so much room on the disk until it is given up, at the latest at the end."""

    def give_up() -> None:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)

    path.write_bytes(bytes(RESERVED))
    try:
        yield give_up
    finally:
        give_up()
