"""A session told again from its record: what it asked, what it was answered, in order.

Nothing is run, nothing is written, and a session that was killed, or that is still at work, is
told as far as it got.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Protocol, get_args

from advisor.auto import Observer, read_answer, request_key
from advisor.events import Event
from advisor.ledger import LedgerError, Record
from advisor.requests import Answer, Note, Request
from advisor.state import State

NOTES = get_args(Note)


class Told(Protocol):
    """A session as far as a replay is concerned; `advisor.session.Session` is one."""

    state: State
    request: Request | None

    def tell(self, answer: Answer) -> Request | None: ...


@dataclass(frozen=True)
class Moment:
    """A request, its answer (None for a note), and what had been spent once it was answered."""

    request: Request
    answer: Answer
    epochs: float


@dataclass(frozen=True)
class Story:
    """All moments of a session, and what it knows after the last."""

    record: Record
    moments: tuple[Moment, ...]
    state: State
    pending: Request | None
    """what it waits for; None once it is over"""


def replay(session: Told, record: Record) -> Story:
    """Tell a new session the answers of its record.

    Raises LedgerError when they answer other questions than the session asks, or when a trial's
    files are gone.
    """
    moments: list[Moment] = []
    answers = deque(record.entries)
    while (request := session.request) is not None:
        answer = None
        if not isinstance(request, NOTES):
            if not answers:
                break
            entry = answers.popleft()
            if entry.request != request_key(request):
                raise LedgerError(
                    f"{record.folder}: this version of the program would have asked for "
                    f"{request_key(request)!r} where the session went on with {entry.request!r}; "
                    f"make the report with the version that it was begun with "
                    f"({record.header.get('advisor', 'unknown')})"
                )
            answer = read_answer(request, entry.answer, record.folder)
        session.tell(answer)
        moments.append(Moment(request, answer, session.state.budget.epochs))
    return Story(record, tuple(moments), session.state, session.request)


class Collector:
    """An observer that keeps the moments of a session at work, and passes on all that it hears."""

    def __init__(self, observer: Observer) -> None:
        self._observer = observer
        self._moments: list[Moment] = []

    def asked(self, request: Request, state: State) -> None:
        if isinstance(request, NOTES):
            self._moments.append(Moment(request, None, state.budget.epochs))
        self._observer.asked(request, state)

    def event(self, event: Event, trial: int) -> None:
        self._observer.event(event, trial)

    def answered(self, request: Request, answer: Answer, state: State) -> None:
        self._moments.append(Moment(request, answer, state.budget.epochs))
        self._observer.answered(request, answer, state)

    def story(self, session: Told, record: Record) -> Story:
        """What a replay of the record would tell, without doing it all again."""
        return Story(record, tuple(self._moments), session.state, session.request)
