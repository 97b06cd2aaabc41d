"""Watching a control: a line for each trial, and on a terminal a panel of what runs now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol

from rich.console import Console, Group
from rich.live import Live
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from advisor.cli import output
from advisor.control import ControlTrial, Ours
from advisor.control.outcome import Method
from advisor.events import Evaluated, Event, StepsDone, TrialStarted
from advisor.metrics import oriented
from advisor.text import change, number, sparkline


class View(Protocol):
    """Watches the searches, one after the other."""

    def searches(self, method: Method) -> None:
        """This search begins, or goes on."""

    def event(self, number: int, event: Event) -> None:
        """The trial in progress reports."""

    def tried(self, trial: ControlTrial) -> None:
        """A trial is over; those of an earlier call are told again."""


@contextmanager
def watching(session: Ours, json: bool) -> Iterator[View]:
    console = output.console()
    if json:
        yield JsonView()
    elif console.is_terminal:
        with Live(console=console, refresh_per_second=8, transient=True) as live:
            yield LiveView(console, session, live)
    else:
        yield Lines(console, session)


class JsonView:
    """An object for each trial."""

    def __init__(self) -> None:
        self._method = ""

    def searches(self, method: Method) -> None:
        self._method = method.name

    def event(self, number: int, event: Event) -> None:
        pass

    def tried(self, trial: ControlTrial) -> None:
        output.write_json({"event": "control_trial", "method": self._method, **trial.as_dict()})


class Lines:
    """A line for each trial, with what it changed."""

    def __init__(self, console: Console, session: Ours) -> None:
        self._console, self._session = console, session

    def searches(self, method: Method) -> None:
        self._console.print(
            Text(f"{method.title.upper()}, {number(self._session.epochs)} epochs", style="bold")
        )

    def event(self, number: int, event: Event) -> None:
        pass

    def tried(self, trial: ControlTrial) -> None:
        start = self._session.start.flat()
        what = change(start, _different(trial.change, start)) or "the starting recipe"
        ended = trial.status.replace("_", " ")
        self._console.print(Text(f"  trial {trial.number}: {what}", style="dim"))
        self._console.print(
            Text(
                f"    {ended} after {number(trial.epochs)} epochs: {self._session.start.metric} "
                f"{number(trial.value)}{f' ({trial.message})' if trial.message else ''}; "
                f"{number(trial.spent)} of {number(self._session.epochs)} epochs"
            )
        )


def _different(values: Mapping[str, Any], start: Mapping[str, Any]) -> dict[str, Any]:
    plain = {path: tuple(v) if isinstance(v, list) else v for path, v in values.items()}
    return {path: value for path, value in plain.items() if start.get(path) != value}


class LiveView(Lines):
    """Lines that scroll by, over a panel."""

    def __init__(self, console: Console, session: Ours, live: Live) -> None:
        super().__init__(console, session)
        self._live = live
        self._title, self._spent, self._best = "", 0.0, list[float]()
        self._number, self._epoch, self._epochs = 0, 0.0, 1
        self._curve: list[float] = []

    def searches(self, method: Method) -> None:
        super().searches(method)
        self._title, self._spent, self._best, self._number = method.title, 0.0, [], 0
        self._draw()

    def event(self, number: int, event: Event) -> None:
        self._number = number
        match event:
            case TrialStarted():
                self._epoch, self._epochs, self._curve = 0.0, event.epochs, []
            case StepsDone():
                self._epoch = event.epoch
            case Evaluated():
                self._curve.append(event.validation_metric)
        self._draw()

    def tried(self, trial: ControlTrial) -> None:
        super().tried(trial)
        self._spent, self._epoch, self._curve = trial.spent, 0.0, []
        self._number = trial.number + 1
        self._best += [] if trial.value is None else [trial.value]
        self._draw()

    def _draw(self) -> None:
        rows = Table.grid(padding=(0, 1))
        rows.add_column(justify="right", style="dim")
        rows.add_column()
        metric, total = self._session.start.metric, self._session.epochs
        spent = min(total, self._spent + self._epoch)
        rows.add_row("budget", _bar(spent / total, f"{number(spent)} of {number(total)} epochs"))
        rows.add_row("trial", _bar(self._epoch / self._epochs, f"{self._number} {self._title}"))
        curve = f"{sparkline(self._curve)} {number(self._curve[-1])}" if self._curve else "..."
        best = max(self._best, key=lambda value: oriented(metric, value), default=None)
        ours = self._session.kept.value
        rows.add_row(metric, f"{curve}   best so far {number(best)}, ours {number(ours)}")
        self._live.update(Panel(Group(rows), border_style="dim", padding=(0, 1)))


def _bar(share: float, label: str) -> Table:
    row = Table.grid(padding=(0, 1))
    row.add_row(ProgressBar(total=1.0, completed=share, width=24), label)
    return row
