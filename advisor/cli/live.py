"""The live view of a terminal: the narration scrolls by, a panel below shows what runs now."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from advisor.cli.narrate import Narrator
from advisor.events import Evaluated, Event, StepsDone, TrialStarted
from advisor.requests import Answer, Request, RunProbe, StageEntered, Train
from advisor.stages import STAGES
from advisor.state import State
from advisor.text import number, sparkline

LEAST_HEIGHT = 18
"""Below so many lines the panel is one line."""


class LiveView:
    """An observer for a terminal. Use as a context manager."""

    def __init__(self, console: Console) -> None:
        self._narrator = Narrator(console)
        self._live = Live(console=console, refresh_per_second=8, transient=True)
        self._state: State | None = None
        self._stage = ""
        self._what = ""
        self._epoch, self._epochs, self._loss = 0.0, 1, 0.0
        self._curve: list[float] = []
        self._began = time.monotonic()

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._live.stop()

    def asked(self, request: Request, state: State) -> None:
        self._state = state
        if isinstance(request, StageEntered):
            self._stage = request.stage.name
        if isinstance(request, Train | RunProbe):
            name = request.purpose if isinstance(request, Train) else request.probe
            self._what = f"{request.number} {name.replace('_', ' ')}"
            self._epoch, self._epochs, self._curve = 0.0, request.recipe.train.epochs, []
            self._began = time.monotonic()
        self._narrator.asked(request, state)
        self._draw()

    def event(self, event: Event) -> None:
        match event:
            case TrialStarted():
                self._epochs = event.epochs
            case StepsDone():
                self._epoch, self._loss = event.epoch, event.loss[-1]
            case Evaluated():
                self._curve.append(event.validation_metric)
        self._draw()

    def answered(self, request: Request, answer: Answer, state: State) -> None:
        self._narrator.answered(request, answer, state)
        self._draw()

    def _draw(self) -> None:
        if self._state is None:
            return
        if self._live.console.height < LEAST_HEIGHT:
            self._live.update(Text(self._line(self._state), style="dim", no_wrap=True))
        else:
            self._live.update(Panel(self._body(self._state), border_style="dim", padding=(0, 1)))

    def _line(self, state: State) -> str:
        """What a small terminal has room for."""
        value = number(self._curve[-1]) if self._curve else "..."
        return f"{self._stage} {self._what} {state.start.metric} {value}, {state.budget}"

    def _body(self, state: State) -> RenderableType:
        rows = Table.grid(padding=(0, 1))
        rows.add_column(justify="right", style="dim")
        rows.add_column()
        rows.add_row("stages", self._rail(state))
        rows.add_row("budget", self._bar(min(1.0, state.budget.share), str(state.budget)))
        rows.add_row("trial", self._bar(self._epoch / self._epochs, f"{self._what}{self._left()}"))
        curve = f"{sparkline(self._curve)} {number(self._curve[-1])}" if self._curve else "..."
        rows.add_row(state.start.metric, f"{curve}   training loss {number(self._loss)}")
        return Group(rows)

    def _rail(self, state: State) -> Text:
        rail, waiting = Text(), {stage.name for stage in state.waiting}
        for stage in STAGES:
            here, done = stage.name == self._stage, stage.name not in waiting
            style = "reverse bold" if here else "green" if done else "dim"
            mark = ">" if here else "+" if done else " "
            rail.append(f"{mark}{stage.name} ", style=style)
        return rail

    @staticmethod
    def _bar(share: float, label: str) -> Table:
        row = Table.grid(padding=(0, 1))
        row.add_row(ProgressBar(total=1.0, completed=share, width=24), label)
        return row

    def _left(self) -> str:
        elapsed = time.monotonic() - self._began
        if not 0 < self._epoch < self._epochs or elapsed < 1:
            return ""
        seconds = elapsed / self._epoch * (self._epochs - self._epoch)
        return f", epoch {self._epoch:.1f} of {self._epochs}, {seconds:.0f} s left"
