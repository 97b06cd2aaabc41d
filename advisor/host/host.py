"""The one who answers a session's questions in its host: whoever is attached, or the autopilot."""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from advisor.auto import first_proposal
from advisor.crew import Crew
from advisor.host.audience import Audience
from advisor.host.commands import Command, Inbox
from advisor.host.watched import Stopped
from advisor.journal.writer import Journal
from advisor.requests import Choice, Choose
from advisor.session.choices import problem_of
from advisor.state import State

IDLE_MINUTES = 10.0
"""So long a question waits with nobody attached; then the host ends, and nothing is lost."""
POLL = 0.03
"""Seconds between two looks at the commands."""


class Host:
    """Hears commands from a thread of its own. Use as a context manager, in the main thread."""

    def __init__(
        self,
        folder: Path,
        journal: Journal,
        crew: Crew,
        autopilot: bool,
        idle: float = 60 * IDLE_MINUTES,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`idle`: seconds."""
        self._journal, self._crew = journal, crew
        self._autopilot, self._idle, self._clock = autopilot, idle, clock
        self._inbox, self._audience = Inbox(folder), Audience()
        self._audience.heed(self._inbox.new())  # what else was wanted of an earlier host is over
        self._news = threading.Condition()
        self._answers: list[Command] = []
        self._waiting = self._stopping = False
        self._over = threading.Event()
        self._ear = threading.Thread(target=self._listen, name="commands", daemon=True)

    def __enter__(self) -> Self:
        self._ear.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        self._ear.join()

    # The main thread

    def choose(self, request: Choose, state: State) -> Choice:
        """Wait for an answer. Raises Stopped when there is to be none."""
        with self._news:
            self._answers.clear()
            self._waiting, seen = True, self._clock()
            try:
                while not self._autopilot:
                    if self._stopping:
                        raise Stopped
                    while self._answers:
                        choice = self._taken(self._answers.pop(0), request, state)
                        if choice is not None:
                            return choice
                    now = self._clock()
                    if self._audience.anyone():
                        seen = now
                    if now - seen > self._idle:
                        raise Stopped("idle")
                    self._news.wait(1.0)
                return first_proposal(request, state)
            finally:
                self._waiting = False

    def _taken(self, command: Command, request: Choose, state: State) -> Choice | None:
        """The choice that a command is; None, and a remark, where it cannot be carried out."""
        if command.get("ask") != self._journal.ask:
            self._journal.remark("that question is no longer open: the answer was not taken")
            return None
        try:
            choice = _choice(command)
            problem = problem_of(choice, request, state)
        except (TypeError, ValueError, KeyError) as error:
            problem = f"it is not written as answers are ({error})"
        if problem is None:
            return choice
        self._journal.remark(f"the answer was not taken: {problem}")
        return None

    # The thread that hears

    def _listen(self) -> None:
        while not self._over.wait(POLL):
            for command in self._inbox.new():
                with contextlib.suppress(OSError):  # the journal of a full disk: the main thread
                    self._heed(command)  # meets it as well

    def _heed(self, command: Command) -> None:
        match command["do"]:
            case "choose":
                self._answer(command)
            case "autopilot":
                self._switch(command.get("on") is True)
            case "give_up":
                self._crew.stop()
            case "stop":
                self._stop()
            case _:
                with self._news:
                    self._audience.heed([command])

    def _answer(self, command: Command) -> None:
        with self._news:
            if self._waiting:
                self._answers.append(command)
                self._news.notify()
                return
        self._journal.remark("no question is open now: the answer was not taken")

    def _switch(self, on: bool) -> None:
        self._journal.mode(on)
        with self._news:
            self._autopilot = on
            self._news.notify()

    def _stop(self) -> None:
        with self._news:
            self._stopping = True
            self._news.notify()
            waiting = self._waiting
        if not waiting:
            interrupt()


def _choice(command: Command) -> Choice:
    """Raises TypeError, ValueError and KeyError for what is no choice."""
    fields: dict[str, Any] = {**command, "by": "person"}
    if not isinstance(fields.get("fields", []), list):
        raise TypeError("fields must be a list")
    return Choice.from_json(fields)


def interrupt() -> None:
    """End what the main thread does by the signal that a polite request to end is."""
    if hasattr(signal, "pthread_kill"):
        main = threading.main_thread().ident
        assert main is not None
        signal.pthread_kill(main, signal.SIGTERM)
    else:
        import _thread

        _thread.interrupt_main(signal.SIGTERM)
