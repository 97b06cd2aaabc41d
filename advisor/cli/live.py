"""The live view of a terminal: the narration scrolls by, a panel below shows what runs now."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from advisor.cli.narrate import Narrator
from advisor.cli.narrate_trials import trial_words
from advisor.events import Evaluated, Event, StepsDone, TrialFinished, TrialStarted
from advisor.requests import Answer, Request, RunProbe, StageEntered, Train, TrainAll
from advisor.state import State
from advisor.text import number, sparkline

LEAST_HEIGHT = 18
"""Below so many lines the panel is one line."""
MOST_SHOWN = 4
"""Of the trials that run side by side."""


@dataclass
class Running:
    """A trial or probe in progress."""

    what: str
    epochs: int
    began: float
    epoch: float = 0.0
    loss: float = 0.0
    curve: list[float] = field(default_factory=list)
    ended: bool = False

    @classmethod
    def of(cls, request: Train | RunProbe, state: State) -> Running:
        name = (
            trial_words(request, state)
            if isinstance(request, Train)
            else request.probe.replace("_", " ")
        )
        what = f"{request.number} {name}"
        return cls(what, request.recipe.train.epochs, time.monotonic())

    def hear(self, event: Event) -> None:
        match event:
            case TrialStarted():
                self.epochs, self.began = event.epochs, time.monotonic()
            case StepsDone():
                self.epoch, self.loss = event.epoch, event.loss[-1]
            case Evaluated():
                self.curve.append(event.validation_metric)
            case TrialFinished():
                self.ended = True

    def value(self) -> str:
        return number(self.curve[-1]) if self.curve else "..."

    def share(self) -> float:
        return 1.0 if self.ended else self.epoch / self.epochs

    def left(self) -> str:
        """Where it is, and how long it still takes at its pace."""
        elapsed = time.monotonic() - self.began
        if self.ended or not 0 < self.epoch < self.epochs or elapsed < 1:
            return ", done" if self.ended else ""
        seconds = elapsed / self.epoch * (self.epochs - self.epoch)
        return f", epoch {self.epoch:.1f} of {self.epochs}, {seconds:.0f} s left"


class LiveView:
    """An observer for a terminal. Use as a context manager."""

    def __init__(self, console: Console) -> None:
        self._narrator = Narrator(console)
        self._live = Live(console=console, refresh_per_second=8, transient=True)
        self._state: State | None = None
        self._stage = ""
        self._running: dict[int, Running] = {}

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
            self._running = {request.number: Running.of(request, state)}
        elif isinstance(request, TrainAll):
            self._running = {trial.number: Running.of(trial, state) for trial in request.trials}
        self._narrator.asked(request, state)
        self._draw()

    def event(self, event: Event, trial: int) -> None:
        if trial in self._running:
            self._running[trial].hear(event)
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
        metric = state.start.metric
        now = ", ".join(f"{one.what} {metric} {one.value()}" for one in self._running.values())
        return f"{self._stage} {now}, {state.budget}"

    def _body(self, state: State) -> RenderableType:
        rows = Table.grid(padding=(0, 1))
        rows.add_column(justify="right", style="dim")
        rows.add_column()
        rows.add_row("stages", self._rail(state))
        rows.add_row("budget", self._bar(min(1.0, state.budget.share), str(state.budget)))
        for one in list(self._running.values())[:MOST_SHOWN]:
            rows.add_row("trial", self._bar(one.share(), f"{one.what}{one.left()}"))
            curve = f"{sparkline(one.curve)} {one.value()}" if one.curve else "..."
            rows.add_row(state.start.metric, f"{curve}   training loss {number(one.loss)}")
        return Group(rows)

    def _rail(self, state: State) -> Text:
        rail, waiting = Text(), {stage.name for stage in state.waiting}
        for stage in state.stages:
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
