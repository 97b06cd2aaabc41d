"""What an exception is to people: a mistake of theirs, a worker that died, or a fault of ours."""

from __future__ import annotations

import errno
import sys
import traceback
from dataclasses import dataclass
from typing import Literal

USERS_ERRORS = (
    ("advisor.backend", "BackendMissingError"),
    ("advisor.diagnosis.told", "DiagnosisError"),
    ("advisor.ledger", "LedgerError"),
    ("advisor.logs.log", "LogError"),
    ("advisor.recipe_file", "RecipeError"),
    ("advisor.rulebook", "RuleError"),
    ("advisor.runner", "UserError"),
)
WORKER_ERRORS = (("advisor.runner", "WorkerError"),)
NO_ROOM = (errno.ENOSPC, errno.EDQUOT)


@dataclass(frozen=True)
class Explained:
    """An exception in words."""

    kind: Literal["user", "worker", "ours"]
    message: str
    """for people"""
    detail: str = ""
    """for us"""


def explained(error: Exception) -> Explained:
    """What went wrong, whoever is to mend it."""
    if is_users_error(error):
        return Explained("user", str(error))
    if isinstance(error, OSError):  # a full disk, a folder without permission
        where = f"{error.filename}: " if error.filename else ""
        return Explained("user", f"{where}{error.strerror or error}")
    if is_one_of(error, WORKER_ERRORS):
        return Explained("worker", str(error), getattr(error, "detail", ""))
    trace = "".join(traceback.format_exception(error))
    return Explained("ours", f"a fault in advisor: {type(error).__name__}: {error}", trace)


def is_users_error(error: Exception) -> bool:
    """Whether the message is written for users. Imports nothing: an error of a class can only be
    raised once the module of that class is there."""
    return is_one_of(error, USERS_ERRORS)


def is_full_disk(error: BaseException | None) -> bool:
    """Whether a disk without room, or a quota that is used up, is behind this."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in NO_ROOM:
            return True
        if getattr(error, "sqlite_errorname", "") == "SQLITE_FULL":
            return True
        error = error.__cause__
    return False


def is_one_of(error: Exception, names: tuple[tuple[str, str], ...]) -> bool:
    classes = (getattr(sys.modules.get(module), name, None) for module, name in names)
    return isinstance(error, tuple(cls for cls in classes if cls is not None))
