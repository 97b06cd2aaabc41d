"""A full disk: which folder, what became of the work, and how to go on once there is room."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from advisor.cli.errors import NoRoomError
from advisor.mistakes import is_full_disk

BEGUN = ("session.db", "run.json")
"""Files of which one is in a folder that `advisor resume` goes on with."""


@contextmanager
def room_in(folder: Path, advice: Callable[[], str]) -> Iterator[None]:
    """What ends for want of room raises NoRoomError with this advice, which is asked for then."""
    try:
        yield
    except Exception as error:
        if not is_full_disk(error):
            raise
        raise NoRoomError(f"{folder}: the disk is full{_free(folder)}\n{advice()}") from error


def resumable(folder: Path) -> Callable[[], str]:
    """Advice on a session or a training in this folder."""

    def advice() -> str:
        if any((folder / name).is_file() for name in BEGUN):
            return go_on_with(f"advisor resume {shlex.quote(str(folder))}")
        return "nothing was begun; make room, then give the command again"

    return advice


def go_on_with(command: str) -> str:
    """Advice on what this command takes up again."""
    return f"nothing that was finished is lost; make room, then go on with: {command}"


def _free(folder: Path) -> str:
    try:
        return f" ({shutil.disk_usage(folder).free / 2**20:.1f} MiB are free)"
    except OSError:
        return ""
