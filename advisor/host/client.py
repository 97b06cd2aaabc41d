"""Front ends to a session's host: start one or find one, and say what people want.

Imports nothing that takes long: front ends import it before they show anything. Calls that start
a host take seconds (a backend and the data are loaded); make them from a thread. All others are
quick. What the session does is read from `journal.jsonl`, never told here.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from advisor.host import commands, presence, starting
from advisor.host.starting import HostError as HostError

Kind = Literal["host", "auto"]
Action = Literal["try", "own", "refuse", "look", "leave", "finish", "back", "lock", "unlock"]
SESSION = "session.db"
"""What every session's folder holds (`advisor.ledger.FILE`)."""
MOST_LAST_WORDS = 2000
"""Characters."""
LEAST_ROOM = 1 << 16
"""Bytes; with less on the disk, that is why a host could not go on."""


@dataclass(frozen=True)
class NewSession:
    """What a session is begun with; the fields are the options of `advisor auto`."""

    recipe: Path
    """the recipe file"""
    overrides: tuple[str, ...] = ()
    """`path=value` each, as with --set; later ones win"""
    seed: int | None = None
    """None: the recipe's own"""
    budget: str | None = None
    """`40e`, `12t` or `10m`; None: the recipe's own"""
    backend: str | None = None
    """None: torch, else whichever is installed"""
    device: str = "auto"
    deterministic: bool = False
    workers: int = 1
    rules: tuple[Path, ...] = ()
    """folders of rules beside the installed ones"""
    out: Path | None = None
    """new or empty folder; None: runs/NAME-DATE-TIME"""
    trust: bool = False
    """run code that the recipe names without asking"""
    experience: bool = True
    """use what was learned of the rules in earlier sessions, and learn from this one"""
    autopilot: bool = False
    """begin without waiting for a person at proposals"""


def _never() -> bool:
    return False


class Client:
    """One front end at one session. Any number may be attached to a session at once."""

    def __init__(self, folder: Path) -> None:
        """Use `start` or `attach`."""
        self.folder = folder
        """the session's folder"""

    @classmethod
    def start(cls, new: NewSession, cancelled: Callable[[], bool] = _never) -> Client:
        """Begin a new session in a host of its own, and attach to it.

        Returns once the recipe, the data and the backend were checked and the session's folder
        is there: this takes seconds. `cancelled` is asked meanwhile: when it says True, the host
        is ended and HostError raised. Raises HostError with one message for people when the
        session cannot be begun; then there is no folder.
        """
        client = cls(starting.launch(plain(new), cancelled))
        client._hello()
        return client

    @classmethod
    def attach(cls, folder: Path) -> Client:
        """Attach to the session in this folder, whether or not a host is at work on it (see
        `alive` and `resume`). Starts nothing. Raises HostError where there is no session."""
        if not (folder / SESSION).is_file():
            raise HostError(f"{folder} holds no session (there is no {SESSION} in it)")
        client = cls(folder)
        if client.kind() == "host":
            client._hello()
        return client

    def alive(self) -> bool:
        """Whether a process is at work on this session."""
        return presence.host(self.folder) is not None

    def kind(self) -> Kind | None:
        """What drives the session now: a host, which takes commands; `auto` (also for `advisor
        resume`), which takes none; None when nothing does."""
        found = presence.host(self.folder)
        return None if found is None else found.kind

    def finished(self) -> bool:
        """Whether the journal holds the session's end; there is nothing to resume then."""
        return presence.ended(self.folder) == "finished"

    def last_words(self) -> str:
        """Why a host is gone that did not say so in the journal, as far as is known: the end of
        `host.log`, or a full disk; "" when there is nothing to tell."""
        with contextlib.suppress(OSError):
            if shutil.disk_usage(self.folder).free < LEAST_ROOM:
                return f"{self.folder}: the disk is full"
            log = (self.folder / presence.LOG).read_text(encoding="utf-8", errors="replace")
            return log[-MOST_LAST_WORDS:].strip()
        return ""

    def resume(
        self,
        *,
        trust: bool = False,
        autopilot: bool = False,
        cancelled: Callable[[], bool] = _never,
    ) -> None:
        """Start a host that goes on with this session; returns at once where one is alive (one of
        kind "auto" as well), else once the host has checked that it can go on: this takes
        seconds. Raises HostError with one message for people."""
        wanted = {"folder": str(self.folder.resolve()), "trust": trust, "autopilot": autopilot}
        if not self.alive():
            try:
                starting.launch(wanted, cancelled)
            except starting.HeldError:
                # another front end was quicker, and its host is still loading
                if not presence.wait_for_host(self.folder, cancelled=cancelled):
                    raise
        if self.kind() == "host":
            self._hello()

    def choose(
        self,
        ask: int,
        action: Action,
        *,
        index: int | None = 0,
        change: Mapping[str, Any] | None = None,
        trial: int | None = None,
        fields: tuple[str, ...] = (),
    ) -> None:
        """Answer the proposals of the journal line whose "n" is `ask`.

        What the actions need is said at `advisor.requests.Choice`. An answer to another question
        than the open one, or one that does not fit it, is refused by the host with a `remark`
        line; its `choice` line is what says that it was heard. Raises HostError.
        """
        change = None if change is None else dict(change)
        found = {"action": action, "index": index, "change": change, "trial": trial}
        self._send({"do": "choose", "ask": ask, **found, "fields": list(fields)})

    def autopilot(self, on: bool) -> None:
        """Let the first proposal be tried without asking, from the next decision on (the open one
        included), or ask again. The host answers with a `mode` line. Raises HostError."""
        self._send({"do": "autopilot", "on": on})

    def give_up(self) -> None:
        """End the training in progress at its next report; it counts with what it has shown by
        then. Raises HostError."""
        self._send({"do": "give_up"})

    def stop(self) -> None:
        """End the host now. Nothing is lost: `resume` goes on, with a training in progress from
        its last checkpoint. Raises HostError."""
        self._send({"do": "stop"})

    def close(self) -> None:
        """This front end is gone; the host goes on. Never raises."""
        with contextlib.suppress(OSError):
            if self.kind() == "host":
                commands.send(self.folder, commands.bye())

    def _hello(self) -> None:
        with contextlib.suppress(OSError):
            commands.send(self.folder, commands.hello())

    def _send(self, command: Mapping[str, Any]) -> None:
        kind = self.kind()
        if kind == "auto":
            raise HostError("this session is driven by `advisor auto`; autopilot is on")
        if kind is None:
            raise HostError(f"{self.folder}: nothing is at work on this session; resume it first")
        try:
            commands.send(self.folder, command)
        except OSError as error:
            file = self.folder / commands.FILE
            raise HostError(f"{file} cannot be written: {error.strerror}") from error


def plain(new: NewSession) -> dict[str, Any]:
    """As a host is asked for it, in JSON."""
    return {
        **vars(new),
        "recipe": str(new.recipe),
        "rules": [str(folder.resolve()) for folder in new.rules],
        "out": None if new.out is None else str(new.out),
    }
