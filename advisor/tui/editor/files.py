"""A recipe's text on disk."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from advisor import bundled

MOST_BYTES = 1_000_000
SESSION = "session.db"


def load(path: Path) -> str:
    """The text of this file. Raises OSError, and ValueError for what is no text of a recipe."""
    with open(path, "rb") as file:
        content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise ValueError(f"longer than {MOST_BYTES:,} bytes; is this a recipe?")
    return content.decode("utf-8-sig").replace("\r\n", "\n")


def is_kept(path: Path) -> bool:
    """Whether the file is to stay as it is: an example, or what a session has written."""
    return bundled.is_bundled(path) or (path.parent / SESSION).is_file()


def save(path: Path, text: str) -> None:
    """Replace the file at once: what was there stays whole where the disk is full. Raises
    OSError."""
    target = path.resolve()
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, _mode(target))
        os.replace(name, target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _mode(path: Path) -> int:
    """That of the file that is replaced, or of a new one."""
    try:
        return path.stat().st_mode & 0o777
    except FileNotFoundError:
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask


def changed_since(path: Path, text: str | None) -> bool:
    """Whether the file at this path holds something else than this; None: there should be none."""
    try:
        return load(path) != text
    except FileNotFoundError:
        return False
    except (OSError, ValueError):
        return True
