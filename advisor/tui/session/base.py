"""What the session screen consists of, and how a snapshot gets into it."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from threading import Event
from typing import Protocol

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.message import Message
from textual.screen import Screen
from textual.worker import Worker, WorkerState, get_current_worker

from advisor.text import clean
from advisor.tui.dialogs.ask import AskDialog
from advisor.tui.driver import Driver
from advisor.tui.faults import Told, of_fault, of_silence, of_writing
from advisor.tui.footer import Footer
from advisor.tui.reader import INTERVAL, Snapshot
from advisor.tui.session.live import LivePanel
from advisor.tui.session.log import LogPanel
from advisor.tui.session.proposal import ProposalPanel
from advisor.tui.session.rail import Rail
from advisor.tui.session.symptoms import SymptomsPanel
from advisor.tui.session.tabs import PanelTabs
from advisor.tui.session.top import TopBar

WIDTHS = [(0, "-narrow"), (100, "-normal"), (160, "-wide")]
HEIGHTS = [(0, "-low"), (45, "-tall")]
PAUSE = 1.0
"""seconds at least from one picture of growing curves to the next: drawing them takes 20 to 60 ms
where trainings take every core, and a key that comes meanwhile waits"""


class Source(Protocol):
    """What snapshots come from: `advisor.tui.reader.Reader`."""

    def look(self) -> Snapshot: ...


class SessionBase(Screen[None]):
    """Shows snapshots."""

    AUTO_FOCUS = ""
    HORIZONTAL_BREAKPOINTS = WIDTHS
    VERTICAL_BREAKPOINTS = HEIGHTS

    @dataclass
    class SnapshotRead(Message):
        """What the session's files say now; a newer one takes the place of one that waits."""

        snapshot: Snapshot

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, SessionBase.SnapshotRead)

    @dataclass
    class ReadingFailed(Message):
        """The session's files cannot be read."""

        error: OSError

    def __init__(
        self,
        driver: Driver,
        source: Source | None,
        trust: bool = False,
        first: Snapshot | None = None,
    ) -> None:
        """`source`: None where snapshots come from elsewhere, as in tests. `trust`: a process that
        is started to go on with the session may run code that its recipe names. `first`: what is
        known already."""
        super().__init__(classes="panel-live")
        self.driver = driver
        self.trust = trust
        self.resuming = False
        """whether a process that drives the session is being started"""
        self.snapshot = first or Snapshot()
        self.panel = "live"
        self._source = source
        self._gone = Event()
        self._sent: tuple[int, int] | None = None
        """question that was answered, and the journal's length then"""
        self._told: set[str] = set()
        """dialogs that were shown already"""
        self._state: tuple[object, ...] = ()
        self.filled = False
        """whether the panels are there"""
        self._drawn = Snapshot()
        """what they show"""

    def compose(self) -> ComposeResult:
        yield TopBar()
        yield PanelTabs()
        yield Container(id="body")
        yield Footer()

    def on_mount(self) -> None:
        self.query_one(TopBar).show(self.snapshot, self.resuming)
        self.call_after_refresh(self._fill)

    async def _fill(self) -> None:
        """The panels take most of the time: the line above all is drawn before them."""
        middle = Vertical(LivePanel(id="live"), LogPanel(id="log"), id="middle")
        right = Vertical(ProposalPanel(id="proposal"), SymptomsPanel(id="symptoms"), id="right")
        main = Container(middle, right, id="main")
        await self.query_one("#body").mount(Rail(id="rail"), main)
        self.filled = True
        if not self.snapshot.reading:
            self._show_all()
        if self._source is not None:
            self._watch(self._source)

    def on_unmount(self) -> None:
        self._gone.set()

    @work(thread=True, group="watch", exit_on_error=False)
    def _watch(self, source: Source) -> None:
        worker, at = get_current_worker(), 0.0
        shown: Snapshot | None = None
        while not worker.is_cancelled and not self._gone.is_set():
            try:
                found = source.look()
            except OSError as error:
                self.post_message(self.ReadingFailed(error))
                return
            now = time.monotonic()
            if shown is None or news(shown, found) or (now >= at + PAUSE and moved(shown, found)):
                shown, at = found, now
                self.post_message(self.SnapshotRead(found))
            self._gone.wait(0.0 if found.reading else INTERVAL)

    @on(SnapshotRead)
    def _read(self, message: SnapshotRead) -> None:
        self.show(message.snapshot)

    @on(ReadingFailed)
    def _unreadable(self, message: ReadingFailed) -> None:
        self.tell(of_writing(message.error))

    @on(Worker.StateChanged)
    def _worker_failed(self, event: Worker.StateChanged) -> None:
        """What fails in a thread is told, not lost."""
        if event.state is WorkerState.ERROR and event.worker.error is not None:
            error = event.worker.error
            lines = traceback.format_exception(error)
            self.tell(of_fault("ours", f"{type(error).__name__}: {error}", "".join(lines[-3:])))

    def show(self, snapshot: Snapshot) -> None:
        """A new moment of the session: into all panels at once."""
        self.snapshot = snapshot
        self.resuming = self.resuming and snapshot.driver is None
        if self.filled:
            self._show_all()

    def _show_all(self) -> None:
        before, snapshot = self._drawn, self.snapshot
        self._drawn = snapshot
        revision = before.session.revision
        with self.app.batch_update():
            self.query_one(TopBar).show(snapshot, self.resuming)
            self.query_one(LivePanel).show(snapshot)
            if snapshot.session.revision != revision or snapshot.driver != before.driver:
                self._show_journal(snapshot)
        if not snapshot.reading:
            self._notice(before, snapshot)

    def _show_journal(self, snapshot: Snapshot) -> None:
        session = snapshot.session
        self.query_one(Rail).show(session)
        self.query_one(SymptomsPanel).show(session)
        self.query_one(LogPanel).show(session)
        self.query_one(ProposalPanel).show(snapshot, self.sent)

    def _notice(self, before: Snapshot, now: Snapshot) -> None:
        """What else follows from a new moment: keys that hold, the panel that matters, dialogs."""
        self._turn(before, now)
        state = self.situation()
        if state != self._state:
            self._state = state
            self.refresh_bindings()
        self._report_end(before, now)

    def _turn(self, before: Snapshot, now: Snapshot) -> None:
        """Where panels take turns, show the one that matters now."""
        asked, was = now.session.question, before.session.question
        if asked is not None and (was is None or was.number != asked.number):
            self.query_one(PanelTabs).marked = "proposal"
            if self.panel == "live" and not now.session.autopilot:
                self.show_panel("proposal")
        elif asked is None and was is not None:
            self.query_one(PanelTabs).marked = ""
            if self.panel == "proposal":
                self.show_panel("live")

    def _report_end(self, before: Snapshot, now: Snapshot) -> None:
        fault = now.session.fault
        if fault is not None and now.driver is None:
            self.tell(of_fault(fault.kind, fault.message, fault.detail))
        elif before.driver is not None and now.driver is None and not now.session.ended:
            self.tell(of_silence(self.driver.last_words()))

    def situation(self) -> tuple[object, ...]:
        """All that decides which keys hold."""
        session = self.snapshot.session
        asked = session.question.number if session.question else None
        return asked, self.sent, self.snapshot.driver, bool(session.running), session.ended

    @property
    def sent(self) -> bool:
        """Whether an answer to the open question is on its way. One that the session refuses is
        told by a line of the journal, and the question stays open."""
        question = self.snapshot.session.question
        if self._sent is None or question is None:
            return False
        return self._sent == (question.number, self.snapshot.session.revision)

    def show_panel(self, name: str) -> None:
        """Where panels take turns: this one."""
        self.remove_class(f"panel-{self.panel}", update=False)
        self.add_class(f"panel-{name}")
        self.panel = name
        self.query_one(PanelTabs).chosen = name
        self.query_one(LivePanel).show(self.snapshot)

    @on(PanelTabs.Chosen)
    def _chosen(self, message: PanelTabs.Chosen) -> None:
        self.show_panel(message.panel)

    def tell(self, told: Told) -> None:
        """A dialog about an error, once for each."""
        if told.message not in self._told:
            self._told.add(told.message)
            self.app.push_screen(AskDialog(told.title, told.content))

    def order(self, call: Callable[[], None]) -> bool:
        """Tell the driver something; whether it could be told."""
        try:
            call()
        except OSError as error:
            self.tell(of_writing(error))
        except Exception as error:
            if not is_refusal(error):
                raise
            self.notify(clean(error), severity="warning", markup=False)
        else:
            return True
        return False

    def say(self, text: str) -> None:
        self.notify(clean(text), markup=False)


def news(one: Snapshot, other: Snapshot) -> bool:
    """Whether the session has said something, or who drives it is another: shown at once."""
    same = one.session.revision == other.session.revision and one.driver == other.driver
    return not same or one.reading != other.reading


def moved(one: Snapshot, other: Snapshot) -> bool:
    """Whether curves have grown. What did not change is the same object."""
    same = len(one.live) == len(other.live) and one.incumbent is other.incumbent
    return not same or any(a is not b for a, b in zip(one.live, other.live, strict=True))


def is_refusal(error: Exception) -> bool:
    """Whether the driver says, in words for people, that it cannot be told."""
    from advisor.host.client import HostError

    return isinstance(error, HostError)
