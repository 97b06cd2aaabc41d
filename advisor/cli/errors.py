"""What a failure looks like: one message on standard error and an exit code."""

from __future__ import annotations

import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from enum import IntEnum

from advisor import mistakes
from advisor.text import clean


class Exit(IntEnum):
    """Exit codes of every command."""

    DONE = 0
    GATES_FAILED = 1
    BAD_INPUT = 2
    NOTHING_TRAINED = 3
    FAULT = 70
    NO_ROOM = 74
    INTERRUPTED = 130
    PIPE_CLOSED = 141


class CliError(Exception):
    """Bad input; the message is for the user."""


class NoRoomError(Exception):
    """A disk is full; the message says which, and how to go on."""


class Interrupted(KeyboardInterrupt):
    """Ctrl+C during a session; `resume` is the command that goes on with it."""

    def __init__(self, resume: str) -> None:
        super().__init__(resume)
        self.resume = resume


def no_more_interrupts() -> None:
    """The first Ctrl+C has been heard; more would only cut short what it set off."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.SIG_IGN)


def reported(work: Callable[[], int]) -> int:
    """The exit code of `work`; an error is told on standard error."""
    before = signal.getsignal(signal.SIGINT)
    try:
        return _reported(work)
    finally:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGINT, before)


def _reported(work: Callable[[], int]) -> int:
    try:
        code = work()
        sys.stdout.flush()
        return code
    except Interrupted as stop:
        no_more_interrupts()
        tell(f"interrupted; go on with: {stop.resume}")
        return Exit.INTERRUPTED
    except KeyboardInterrupt:
        no_more_interrupts()
        tell("interrupted")
        return Exit.INTERRUPTED
    except BrokenPipeError:  # whoever read our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.PIPE_CLOSED
    except Exception as error:
        if is_users_error(error):
            tell(f"error: {error}")
            return Exit.BAD_INPUT
        if isinstance(error, NoRoomError):
            tell(f"error: {error}")
            return Exit.NO_ROOM
        if isinstance(error, OSError):  # a folder without permission
            where = f"{error.filename}: " if error.filename else ""
            tell(f"error: {where}{error.strerror or error}")
            return Exit.NO_ROOM if mistakes.is_full_disk(error) else Exit.BAD_INPUT
        if mistakes.is_one_of(error, mistakes.WORKER_ERRORS):
            tell(f"error: {error}\n{getattr(error, 'detail', '')}".rstrip())
            return Exit.NOTHING_TRAINED
        traceback.print_exc()
        tell("this is a fault in advisor; the lines above say where")
        return Exit.FAULT


def is_users_error(error: Exception) -> bool:
    """Whether the message is written for users."""
    return isinstance(error, CliError) or mistakes.is_users_error(error)


def tell(text: str) -> None:
    """Write to standard error; control characters from outside are shown, not obeyed."""
    print("\n".join(clean(line) for line in text.split("\n")), file=sys.stderr)  # noqa: T201
