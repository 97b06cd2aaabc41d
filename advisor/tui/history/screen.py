"""The history of a session."""

from __future__ import annotations

import asyncio
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.content import Content
from textual.screen import Screen
from textual.timer import Timer
from textual.widgets import Header, Input, Static

from advisor.text import clean
from advisor.tui.footer import Footer
from advisor.tui.history.evidence import told
from advisor.tui.history.pair import PairScreen
from advisor.tui.history.rows import Arrangement, Row, Rows, shown
from advisor.tui.history.table import Column, VirtualTable
from advisor.tui.model import DecisionView, SessionView, TrialView

REST = 0.05
"""seconds that the cursor rests on a row before all about it is told: rows are passed quickly"""
PAUSE = 0.5
"""seconds between two looks at a session that grows"""
WIDTHS = [(0, "-narrow"), (110, "-wide")]
SORTS = ("number", "value", "loss", "verdict", "stage", "title", "epochs", "seconds", "status")
FALLING_FIRST = ("value", "verdict")


def _verdict_style(row: Row) -> str:
    return {"accepted": "table--good", "rejected": "table--bad"}.get(row.verdict, "table--dim")


class HistoryScreen(Screen[None]):
    """Every trial and decision; `show` may be called with each new state of the session."""

    TITLE = "history"
    HORIZONTAL_BREAKPOINTS = WIDTHS
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "filter", "Filter"),
        Binding("s", "sort", "Sort by"),
        Binding("r", "reverse", "Reverse"),
        Binding("space", "mark", "Mark"),
        Binding("enter", "pair", "Two side by side"),
        Binding("escape,q", "leave", "Back"),
    ]
    CSS = """
    HistoryScreen {
        & #what { height: 3; border: tall $panel; }
        & #what:focus { border: tall $primary; }
        & #all { height: 1fr; layout: vertical; }
        & VirtualTable { width: 1fr; }
        & #about { height: 8; border-top: solid $primary; padding: 0 1; }
        &.-wide #all { layout: horizontal; }
        &.-wide #about {
            height: 1fr; width: 50; border-top: none; border-left: solid $primary;
        }
    }
    """

    def __init__(self, session: SessionView | None = None) -> None:
        super().__init__()
        self._session = session or SessionView()
        self._rows, self._asked = Rows(), Arrangement()
        self._marked: list[int] = []
        self._dirty = self._arranging = False
        self._timer: Timer | None = None
        self._resting: Timer | None = None

    def compose(self) -> ComposeResult:
        yield Header()
        yield Input(placeholder="type to filter: rule, path, verdict, stage", id="what")
        with Container(id="all"):
            yield VirtualTable(self._columns(), lambda row: row.number)
            yield Static(id="about", markup=False)
        yield Footer()

    def _columns(self) -> list[Column[Row]]:
        metric = clean(self._session.metric)
        return [
            Column("mark", "", 1, self._mark_of, 100),
            Column("number", "#", 6, lambda row: row.label, 90, right=True),
            Column("stage", "stage", 13, lambda row: row.stage, 40, style=_dim),
            Column("purpose", "what", 12, lambda row: row.purpose, 30, style=_dim),
            Column("title", "rule", 14, lambda row: row.title, 75, grows=True),
            Column("change", "change", 16, lambda row: row.change, 70, grows=True),
            Column("value", metric[:10], 10, lambda row: shown(row.value), 80, right=True),
            Column("loss", "loss", 9, lambda row: shown(row.loss), 35, right=True),
            Column(
                "verdict", "verdict", 11, lambda row: f"{row.sign} {row.verdict}", 85,
                style=_verdict_style,
            ),
            Column("epochs", "epochs", 7, lambda row: shown(row.epochs), 25, right=True),
            Column("seconds", "seconds", 8, lambda row: shown(row.seconds), 20, right=True),
            Column("seed", "seed", 5, lambda row: row.seeded, 10, right=True),
            Column("status", "status", 13, lambda row: row.status, 22, style=_dim),
        ]  # fmt: skip

    def on_mount(self) -> None:
        self.table.focus()
        self._arrange()

    @property
    def table(self) -> VirtualTable[Row]:
        return self.query_one(VirtualTable)

    # what is shown

    def show(self, session: SessionView) -> None:
        """Another state of the session. States that come fast are shown together."""
        if session.revision == self._session.revision:
            return
        self._session = session
        if self._timer is None and self.is_mounted:
            self._timer = self.set_timer(PAUSE, self._look_again)

    def _look_again(self) -> None:
        self._timer = None
        self._arrange()

    def _arrange(self) -> None:
        self._dirty = True
        if not self._arranging:
            self._arranging = True
            self._work()

    @work(group="arrange", exit_on_error=False)
    async def _work(self) -> None:
        """Sort and filter in a thread until nothing new was asked meanwhile."""
        try:
            while self._dirty:
                self._dirty = False
                asked = self._asked
                rows = await asyncio.to_thread(self._rows.arranged, self._session, asked)
                self.table.show(rows, asked.key, asked.reverse)
                self._retitle(len(rows))
        finally:
            self._arranging = False

    def _retitle(self, count: int) -> None:
        session = self._session
        every = len(session.trials) + len(session.probes) + len(session.acts)
        some = f"{count:,} of " if count != every else ""
        kinds = "trials, probes and acts of yours" if session.acts else "trials and probes"
        self.sub_title = f"{some}{every:,} {kinds}"

    @on(Input.Changed, "#what")
    def _filtered(self, event: Input.Changed) -> None:
        words = tuple(event.value.lower().split())
        self._asked = Arrangement(self._asked.key, self._asked.reverse, words)
        self._arrange()

    @on(VirtualTable.HeadClicked)
    def _head_clicked(self, event: VirtualTable.HeadClicked) -> None:
        if event.key == "mark":
            return
        reverse = not self._asked.reverse if event.key == self._asked.key else False
        self._sort(event.key, reverse)

    def _sort(self, key: str, reverse: bool) -> None:
        self._asked = Arrangement(key, reverse, self._asked.words)
        self._arrange()

    @on(VirtualTable.Highlighted)
    def _highlighted(self) -> None:
        if self._resting is not None:
            self._resting.stop()
        if REST:
            self._resting = self.set_timer(REST, self._describe)
        else:
            self._describe()

    def _describe(self) -> None:
        row, about = self.table.current, self.query_one("#about", Static)
        if row is None:
            text = Content("nothing fits" if self._asked.words else "no trial yet")
        else:
            width = min(max(0, about.content_size.width - 2), 48)
            text = told(row, self._decision(row), self._session.metric, width)
        about.update(text, layout=False)  # its size is that of the room it has

    def _decision(self, row: Row) -> DecisionView | None:
        return self._rows.decision(self._session, row.number)

    def _mark_of(self, row: Row) -> str:
        return "AB"[self._marked.index(row.number)] if row.number in self._marked else " "

    # keys

    def action_filter(self) -> None:
        """Type into the filter."""
        self.query_one("#what").focus()

    @on(Input.Submitted, "#what")
    def _to_table(self) -> None:
        self.table.focus()

    def action_sort(self) -> None:
        """Sort by the next column."""
        key = self._asked.key
        key = SORTS[(SORTS.index(key) + 1) % len(SORTS)] if key in SORTS else SORTS[0]
        self._sort(key, key in FALLING_FIRST and self._session.larger_is_better)

    def action_reverse(self) -> None:
        """Turn the order round."""
        self._sort(self._asked.key, not self._asked.reverse)

    def action_mark(self) -> None:
        """Mark or unmark the trial; of three, the first mark goes."""
        row = self.table.current
        if row is None or not isinstance(row.of, TrialView):
            return
        if row.number in self._marked:
            self._marked.remove(row.number)
        else:
            self._marked = [*self._marked, row.number][-2:]
        self.table.refresh()

    @on(VirtualTable.Selected)
    def action_pair(self) -> None:
        """The two marked trials; else this one and the marked one, or what it was to beat."""
        pair = self._pair()
        found = [trial for trial in map(self._trial, pair) if trial is not None]
        if len(found) < 2:
            told = "mark two trials with Space, or choose one that was tried against another"
            self.notify(told, severity="warning", markup=False)
            return
        decisions = tuple(self._rows.decision(self._session, one.number) for one in found)
        self.app.push_screen(PairScreen(self._session, (found[0], found[1]), decisions))

    def _pair(self) -> list[int]:
        if len(self._marked) == 2:
            return self._marked
        row = self.table.current
        if row is None or not isinstance(row.of, TrialView):
            return []
        other = self._marked or ([] if row.of.against is None else [row.of.against])
        return [] if other == [row.number] else [*other, row.number]

    def _trial(self, number: int) -> TrialView | None:
        found = self._rows.made(number)
        return found.of if found is not None and isinstance(found.of, TrialView) else None

    def action_leave(self) -> None:
        """From the filter to the table, then to a list without filter, then back."""
        what = self.query_one("#what", Input)
        if what.has_focus:
            self.table.focus()
        elif what.value:
            what.value = ""
        else:
            self.dismiss(None)


def _dim(row: Row) -> str:
    return "table--dim"
