"""Sessions at the command line: begin or resume one, watch it, and report it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from advisor import auto, opening, summary
from advisor.auto import Both, Observer, Start
from advisor.cli import output
from advisor.cli.errors import Exit, Interrupted, no_more_interrupts, tell
from advisor.cli.json_lines import JsonLines
from advisor.cli.live import LiveView
from advisor.cli.narrate import Narrator, before_and_after, spent_words, tell_doubts
from advisor.cli.room import resumable, room_in
from advisor.experience import learning
from advisor.host.watched import watched
from advisor.ledger import read
from advisor.opening import Opened
from advisor.report import Collector, Story, write
from advisor.runner import UserError
from advisor.state import State


@dataclass(frozen=True)
class Ended:
    """How a session came to its end."""

    code: int
    """exit code"""
    summary: Mapping[str, Any]
    """the documented object"""


def begin(start: Start, seed: int, folder: Path, json: bool, trust: bool) -> Ended:
    """A new session of this seed in `folder`."""
    with room_in(folder, resumable(folder)), opening.begun(start, seed, folder, trust) as opened:
        return _work(opened, json)


def resume(folder: Path, json: bool, trust: bool) -> int:
    """Go on with the session in `folder`; returns its exit code."""
    with room_in(folder, resumable(folder)), opening.resumed(folder, trust) as opened:
        return _work(opened, json).code


def _work(opened: Opened, json: bool) -> Ended:
    session, ledger = opened.session, opened.ledger
    folder = ledger.folder
    try:
        with watched(opened, "auto", autopilot=True) as journal:
            with _observer(opened, json) as shown:
                collected = Collector(Both(journal, shown))
                state = auto.drive(session, ledger, opened.crew, collected, auto.first_proposal)
            learning.remember(ledger.header(), state.decisions, tell)
            found = summary.conclude(state, folder)
            journal.finished(found)
    except UserError:
        summary.conclude(session.state, folder)  # what was found so far is of use
        raise
    except KeyboardInterrupt:
        no_more_interrupts()
        raise Interrupted(f"advisor resume {shlex.quote(str(folder))}") from None
    if json:
        output.write_json(found)
    else:
        _tell(state, folder)
    _report(collected.story(session, read(folder)), json)
    return Ended(Exit.DONE if summary.trained(state) else Exit.NOTHING_TRAINED, found)


def _report(story: Story, json: bool) -> None:
    """Write the session's page; all else is already there, so it is no error where it cannot be."""
    try:
        path = write(story)
    except OSError as error:
        tell(f"the report could not be written: {error.strerror or error}")
        return
    if not json:
        output.say(f"report       {path}")


@contextmanager
def _observer(opened: Opened, json: bool) -> Iterator[Observer]:
    ledger, console = opened.ledger, output.console()
    if json:
        lines = JsonLines(output.write, len(ledger.entries()))
        lines.opened(opened.session.state, ledger.header(), ledger.folder)
        yield lines
    elif console.is_terminal:
        with LiveView(console) as view:
            yield view
    else:
        yield Narrator(console)


def _tell(state: State, folder: Path) -> None:
    console = output.console()
    console.print()
    console.print(before_and_after(state))
    tell_doubts(console, state)
    output.say(f"spent        {spent_words(state)}")
    if summary.trained(state):
        output.say(f"best recipe  {folder / 'best.yaml'}")
    output.say(f"session      {folder}")
