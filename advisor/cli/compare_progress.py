"""How far a comparison has come: on standard error a bar in a terminal and plain lines elsewhere,
or JSON lines on standard output."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from advisor.cli.errors import tell
from advisor.cli.output import write_json
from advisor.compare import Gate, Plan, Unwatched, Watcher
from advisor.events import Evaluated, Event, TrialFinished, TrialStarted, as_dict
from advisor.recipe import LOWER_IS_BETTER, Recipe
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


class Lines(Unwatched):
    """One line for each thing that is begun."""

    def began(self, what: str) -> None:
        tell(what)


class JsonProgress(Unwatched):
    """The lines of `--json --progress`, before the summary."""

    def __init__(self, recipe: Recipe, backends: Sequence[str], plan: Plan) -> None:
        write_json(
            {
                "event": "comparison",
                "recipe": recipe.name,
                "backends": list(backends),
                "metric": recipe.metric,
                "larger_is_better": recipe.metric not in LOWER_IS_BETTER,
                "steps": plan.steps,
                "seeds": list(plan.seeds),
                "epochs": plan.epochs or recipe.train.epochs,
            }
        )

    def began(self, what: str) -> None:
        write_json({"event": "began", "what": what})

    def decided(self, gate: Gate) -> None:
        write_json({"event": "gate", **asdict(gate), "ok": gate.ok})

    def reported(self, backend: str, seed: int, event: Event) -> None:
        if isinstance(event, TrialStarted | Evaluated | TrialFinished):
            write_json(as_dict(event) | {"backend": backend, "seed": seed})


class Bar(Unwatched):
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
