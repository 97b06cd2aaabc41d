"""What a session's folder says, read from its files again and again: run it in a thread."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from advisor.tui.model import Journal, Live, LiveTrial, SessionView
from advisor.tui.tail import MOST, Tail

JOURNAL = "journal.jsonl"
EVENTS = "events.jsonl"
INTERVAL = 0.25
"""seconds from one look to the next"""
GLANCE = 1 << 14
"""bytes of the journal that are read before the first paint"""
MOST_STEPS = 50
"""Reports of steps that are looked at of one trial at a time: evenly spaced, the last among them.
More would not change the picture, and a fast training writes thousands a second."""
STEPS = b'{"event": "steps_done"'


@dataclass(frozen=True)
class Snapshot:
    """All that is known at one moment."""

    session: SessionView = field(default_factory=SessionView)
    live: tuple[LiveTrial, ...] = ()
    """those under way, or else the last that was"""
    incumbent: LiveTrial | None = None
    """the training of the best recipe so far"""
    driver: str | None = None
    """what drives the session: host, auto, or nothing"""
    reading: bool = False
    """whether older lines are still being read"""


@dataclass
class Watched:
    """The events of one trial."""

    tail: Tail
    live: Live

    @classmethod
    def of(cls, folder: Path, number: int) -> Watched:
        return cls(Tail(folder / EVENTS), Live(number))

    def look(self) -> None:
        found = self.tail.read()
        if self.tail.restarted:
            self.live = Live(self.live.number)
        for line in thinned(found):
            if (event := parsed(line)) is not None:
                self.live.feed(event)


@dataclass
class Reader:
    """The files of one session. `look` reads what is new."""

    folder: Path
    driver: Callable[[], str | None] = lambda: None
    _tail: Tail = field(init=False)
    _journal: Journal = field(default_factory=Journal, init=False)
    _watched: dict[int, Watched] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        self._tail = Tail(self.folder / JOURNAL)

    def glance(self) -> Snapshot:
        """The beginning of the journal alone, which takes no time; empty where it cannot be read.
        The next `look` goes on from there."""
        try:
            self._read(GLANCE)
        except OSError:
            return Snapshot(reading=True)
        return Snapshot(self._journal.view(), driver=self.driver(), reading=True)

    def look(self) -> Snapshot:
        """Raises OSError where a file is there and cannot be read."""
        self._read(MOST)
        session = self._journal.view()
        shown = self._shown(session)
        best = session.incumbent.trial if session.incumbent else None
        self._watch({*shown, *([] if best is None else [best])})
        return Snapshot(
            session,
            tuple(self._watched[number].live.view() for number in shown if number in self._watched),
            self._watched[best].live.view() if best in self._watched else None,
            self.driver(),
            self._tail.more,
        )

    def _read(self, most: int) -> None:
        lines = self._tail.read(most)
        if self._tail.restarted:
            self._journal, self._watched = Journal(), {}
        for line in lines:
            if (told := parsed(line)) is not None:
                self._journal.feed(told)

    def _shown(self, session: SessionView) -> Sequence[int]:
        """Trials under way; where none is, the last one."""
        if session.running:
            return session.running
        return (session.trials[-1].number,) if session.trials else ()

    def _watch(self, wanted: set[int]) -> None:
        """Look at these, and forget all others. What has ended is read to its end once."""
        for number in [n for n in self._watched if n not in wanted]:
            del self._watched[number]
        for number in wanted:
            if number not in self._watched and (place := self._journal.folder_of(number)):
                self._watched[number] = Watched.of(self.folder / place, number)
        for watched in self._watched.values():
            watched.look()


def thinned(lines: Sequence[bytes]) -> list[bytes]:
    """Of many reports of steps some; all else."""
    steps = [n for n, line in enumerate(lines) if line.startswith(STEPS)]
    if len(steps) <= MOST_STEPS:
        return list(lines)
    stride = -(-len(steps) // MOST_STEPS)
    kept = {*steps[::-1][::stride]}
    left_out = {*steps} - kept
    return [line for n, line in enumerate(lines) if n not in left_out]


def parsed(line: bytes) -> Mapping[str, Any] | None:
    """A JSON object; None for anything else, such as a line that was torn by a full disk."""
    try:
        value = json.loads(line)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None
