"""Two trials side by side."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Header, Static

from advisor.text import clean
from advisor.tui.chart import Chart, Role, Series
from advisor.tui.footer import Footer
from advisor.tui.history.evidence import differences, evidence, result, verdict
from advisor.tui.history.rows import recipe_of
from advisor.tui.model import DecisionView, LiveTrial, SessionView, TrialView
from advisor.tui.reader import Watched

LETTERS = ("A", "B")
ROLES: tuple[Role, Role] = ("validation", "incumbent")
CURVES = ("validation_metric", "validation_loss", "train_loss", "loss", "grad_norm")
WIDTHS = [(0, "-narrow"), (110, "-wide")]
Pair = tuple[TrialView, TrialView]


class PairScreen(Screen[None]):
    """What two trials differ in, what they came to, how they learned, what was decided."""

    TITLE = "side by side"
    HORIZONTAL_BREAKPOINTS = WIDTHS
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "curve", "Next curve"),
        Binding("l", "log", "Log scale"),
        Binding("x", "swap", "Swap"),
        Binding("escape,q", "leave", "Back"),
    ]
    CSS = """
    PairScreen {
        & #cards { height: auto; max-height: 40%; }
        & .card { width: 1fr; height: auto; padding: 0 1; }
        & #difference { height: auto; max-height: 8; border-top: solid $primary; padding: 0 1; }
        & Chart { height: 1fr; border-top: solid $primary; }
        &.-wide #cards { max-height: 50%; }
        &.-wide #difference { max-height: 16; }
    }
    """

    def __init__(
        self,
        session: SessionView,
        pair: Pair,
        decisions: Sequence[DecisionView | None] = (None, None),
    ) -> None:
        super().__init__()
        self._session, self._pair = session, pair
        self._decisions = (decisions[0], decisions[1])
        self._curves: tuple[LiveTrial | None, LiveTrial | None] = (None, None)
        self._shown, self._log = 0, False

    def compose(self) -> ComposeResult:
        yield Header()
        with VerticalScroll(id="cards"), Horizontal(classes="card"):
            yield Static(classes="card", markup=False)
            yield Static(classes="card", markup=False)
        with VerticalScroll(id="difference"):
            yield Static(markup=False)
        yield Chart()
        yield Footer()

    def on_mount(self) -> None:
        self._update()
        self._read()

    @work(exclusive=True, group="curves", exit_on_error=False)
    async def _read(self) -> None:
        """The curves, out of the trials' events."""
        folder = Path(self._session.folder)
        one, other = self._pair
        self._curves = (
            await asyncio.to_thread(curves, folder, one),
            await asyncio.to_thread(curves, folder, other),
        )
        self._draw()

    def _update(self) -> None:
        cards = self.query("Static.card").results(Static)
        for letter, card, trial, decision in zip(
            LETTERS, cards, self._pair, self._decisions, strict=True
        ):
            card.update(self._card(letter, trial, decision))
        self.query_one("#difference Static", Static).update(self._difference())
        self._draw()

    def _card(self, letter: str, trial: TrialView, decision: DecisionView | None) -> Content:
        head = f"{letter}  trial {trial.number}, {trial.purpose}"
        lines = [Content.styled(clean(head), "bold")]
        if trial.rule:
            lines.append(Content(clean(trial.rule)))
        lines += result(trial, self._session.metric)
        if trial.verdict:
            lines.append(verdict(trial.verdict))
        if decision is not None:
            lines += evidence(decision, 24)
        return Content("\n").join(lines)

    def _difference(self) -> Content:
        found = differences(*(recipe_of(self._session, trial) for trial in self._pair))
        if not found:
            return Content.styled("the same recipe", "bold")
        width = max(len(path) for path, *_ in found)
        lines = [
            Content.assemble((f"{path:{width}}  ", "dim"), f"A {left:>12}  B {right:>12}")
            for path, left, right in found
        ]
        return Content("\n").join([Content.styled("what differs", "bold"), *lines])

    def _draw(self) -> None:
        name = CURVES[self._shown]
        series = []
        for letter, role, trial, live in zip(LETTERS, ROLES, self._pair, self._curves, strict=True):
            if live is not None and (curve := getattr(live, name)):
                series.append(Series(f"{letter} trial {trial.number}", curve.x, curve.y, role))
        self.query_one(Chart).show(series, log=self._log, title=self._title(name))

    def _title(self, name: str) -> str:
        told = name.replace("_", " ").replace("metric", self._session.metric)
        return "training loss as optimised" if name == "loss" else told

    def action_curve(self) -> None:
        """Draw the next curve."""
        self._shown = (self._shown + 1) % len(CURVES)
        self._draw()

    def action_log(self) -> None:
        """Logarithmic scale, or linear again."""
        self._log = not self._log
        self._draw()

    def action_leave(self) -> None:
        """Back to the history."""
        self.dismiss(None)

    def action_swap(self) -> None:
        """A becomes B."""
        self._pair = (self._pair[1], self._pair[0])
        self._decisions = (self._decisions[1], self._decisions[0])
        self._curves = (self._curves[1], self._curves[0])
        self._update()


def curves(folder: Path, trial: TrialView) -> LiveTrial | None:
    """How a trial learned, as its events tell; None where they cannot be read. For a thread."""
    if not trial.folder:
        return None
    watched = Watched.of(folder / trial.folder, trial.number)
    try:
        watched.look()
        while watched.tail.more:
            watched.look()
    except OSError:
        return None
    return watched.live.view()
