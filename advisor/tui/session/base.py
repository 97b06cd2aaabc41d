"""What the session screen consists of, and how a snapshot gets into it."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Protocol

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Footer
from textual.worker import Worker, WorkerState, get_current_worker

from advisor.text import clean
from advisor.tui.dialogs.ask import AskDialog
from advisor.tui.driver import Driver
from advisor.tui.faults import Told, of_fault, of_silence, of_writing
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

    def __init__(self, driver: Driver, source: Source | None, rules: tuple[Path, ...] = ()) -> None:
        """`source`: None where snapshots come from elsewhere, as in tests."""
        super().__init__(classes="panel-live")
        self.driver = driver
        self.rules = rules
        self.snapshot = Snapshot()
        self.panel = "live"
        self._source = source
        self._gone = Event()
        self._sent: tuple[int, int] | None = None
        """question that was answered, and the journal's length then"""
        self._told: set[str] = set()
        """dialogs that were shown already"""
        self._state: tuple[object, ...] = ()

    def compose(self) -> ComposeResult:
        yield TopBar()
        yield PanelTabs()
        with Container(id="body"):
            yield Rail(id="rail")
            with Container(id="main"):
                with Vertical(id="middle"):
                    yield LivePanel(id="live")
                    yield LogPanel(id="log")
                with Vertical(id="right"):
                    yield ProposalPanel(id="proposal")
                    yield SymptomsPanel(id="symptoms")
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        if self._source is not None:
            self._watch(self._source)

    def on_unmount(self) -> None:
        self._gone.set()

    @work(thread=True, group="watch", exit_on_error=False)
    def _watch(self, source: Source) -> None:
        worker, shown = get_current_worker(), None
        while not worker.is_cancelled and not self._gone.is_set():
            try:
                found = source.look()
            except OSError as error:
                self.post_message(self.ReadingFailed(error))
                return
            if shown is None or differs(shown, found):
                shown = found
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
        before, self.snapshot = self.snapshot, snapshot
        session = snapshot.session
        with self.app.batch_update():
            self.query_one(TopBar).show(snapshot)
            self.query_one(LivePanel).show(snapshot)
            if session.revision != before.session.revision or snapshot.driver != before.driver:
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


def differs(one: Snapshot, other: Snapshot) -> bool:
    """Whether there is anything new to show. What did not change is the same object."""
    same = one.session.revision == other.session.revision and one.driver == other.driver
    live = len(one.live) == len(other.live)
    live = live and all(a is b for a, b in zip(one.live, other.live, strict=False))
    return not (same and live and one.incumbent is other.incumbent and one.reading == other.reading)


def is_refusal(error: Exception) -> bool:
    """Whether the driver says, in words for people, that it cannot be told."""
    from advisor.host.client import HostError

    return isinstance(error, HostError)
