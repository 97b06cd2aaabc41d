"""How far a comparison has come, on standard error: a bar in a terminal, plain lines elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from advisor.cli.errors import tell
from advisor.compare import Watcher
from advisor.text import clean


@contextmanager
def watching() -> Iterator[Watcher]:
    """The watcher that fits standard error; leaves a terminal as it was."""
    console = Console(stderr=True, highlight=False)
    if not console.is_terminal:
        yield Lines()
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), BarColumn())
    with Progress(*columns, TimeElapsedColumn(), console=console, transient=True) as progress:
        yield Bar(progress)


class Lines:
    """One line for each thing that is begun."""

    def began(self, what: str) -> None:
        tell(what)

    def went(self, share: float, what: str = "") -> None:
        pass


class Bar:
    """A bar for what runs now; it pulses until something is known of how long that takes."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task = progress.add_task("", total=None)
        self._what = ""

    def began(self, what: str) -> None:
        self._what = clean(what)
        self._progress.reset(self._task, total=None, description=self._what)

    def went(self, share: float, what: str = "") -> None:
        told = f"{self._what}, {clean(what)}" if what else self._what
        self._progress.update(self._task, total=1.0, completed=share, description=told)
