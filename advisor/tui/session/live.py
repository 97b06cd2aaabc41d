"""The training under way: its curves against those of the best recipe, and how it goes."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.reactive import reactive
from textual.widgets import Static

from advisor.text import clean, number
from advisor.tui.bars import bar, duration, percent
from advisor.tui.chart import Chart, Role, Series
from advisor.tui.model import CurveView, LiveTrial, SessionView
from advisor.tui.putting import put
from advisor.tui.reader import Snapshot
from advisor.tui.session.verdict import last

Part = str | tuple[str, str]
MOST_BARS = 4


class LivePanel(Vertical):
    """Numbers above, curves below."""

    BORDER_TITLE = "training"
    log_scale: reactive[bool] = reactive(False, init=False)
    DEFAULT_CSS = """
    LivePanel {
        & #now { height: auto; }
        & Chart { height: 1fr; }
    }
    """
    EXTRA: ClassVar[tuple[str, ...]] = ("#grad", "#ratio")

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._snapshot = Snapshot()
        self._chosen = 0

    def compose(self) -> ComposeResult:
        yield Static(id="now")
        yield Chart(id="metric")
        yield Chart(id="loss")
        yield Chart(id="grad", classes="extra")
        yield Chart(id="ratio", classes="extra")

    def show(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._draw()

    def watch_log_scale(self) -> None:
        self._draw()

    def other(self) -> None:
        """Show the next of the trainings side by side."""
        self._chosen += 1
        self._draw()

    @property
    def shown(self) -> LiveTrial | None:
        live = self._snapshot.live
        return live[self._chosen % len(live)] if live else None

    def _draw(self) -> None:
        snapshot, trial = self._snapshot, self.shown
        told = now(snapshot, trial, self.size.width)
        if self.screen.has_class("-narrow"):
            verdict = last(snapshot.session, self.size.width - 2)
            told = told if verdict is None else Content("\n").join([told, verdict])
        put(self.query_one("#now", Static), told)
        if trial is None or not self.display:
            return
        best = snapshot.incumbent
        if best is not None and best.number == trial.number:
            best = None
        metric, log = clean(snapshot.session.metric), self.log_scale
        raced = [] if best is None else _one("incumbent", best.validation_metric, "incumbent")
        curves = _pair(trial.train_metric, trial.validation_metric) + raced
        self.query_one("#metric", Chart).show(curves, title=metric)
        raced = [] if best is None else _one("incumbent", best.validation_loss, "incumbent")
        curves = _pair(trial.train_loss or trial.loss, trial.validation_loss) + raced
        self.query_one("#loss", Chart).show(curves, log=log, title="loss")
        for chart, curve, title, name in (
            ("#grad", trial.grad_norm, "gradient norm", "global"),
            ("#ratio", trial.update_ratio, "update / weight", "largest"),
        ):
            if (shown := self.query_one(chart, Chart)).display:
                shown.show(_one(name, curve, "other"), log=log, title=title)


def _pair(train: CurveView, validation: CurveView) -> list[Series]:
    return _one("validation", validation, "validation") + _one("train", train, "train")


def _one(name: str, curve: CurveView, role: Role) -> list[Series]:
    return [Series(name, curve.x, curve.y, role)] if curve else []


def now(snapshot: Snapshot, trial: LiveTrial | None, width: int) -> Content:
    """A bar for each training under way, then the numbers of the one that is shown."""
    if trial is None:
        return Content.styled("no training yet", "$quiet")
    running = snapshot.live[:MOST_BARS]
    lines = [
        _bar(each, what(snapshot.session, each.number), len(running) > 1 and each is trial, width)
        for each in running
    ]
    if len(snapshot.live) > MOST_BARS:
        lines.append(Content(f"and {len(snapshot.live) - MOST_BARS} more; t shows another"))
    return Content("\n").join([*lines, *_numbers(trial)])


def what(session: SessionView, number: int) -> str:
    """`trial 4, candidate: batch-size`."""
    for trial in session.trials[-64:]:
        if trial.number == number:
            told = f"trial {number}, {clean(trial.purpose)}"
            return f"{told}: {clean(trial.rule)}" if trial.rule else told
    for probe in session.probes[-64:]:
        if probe.number == number:
            return f"probe {number}, {clean(probe.probe).replace('_', ' ')}"
    return f"trial {number}"


def _bar(trial: LiveTrial, name: str, chosen: bool, width: int) -> Content:
    parts: list[Part] = ["> " if chosen else "", (name, "bold"), "  "]
    if trial.status == "running":
        parts += [(bar(trial.share, max(8, min(30, width // 5))), "$success"), " "]
        parts += [f"epoch {trial.epoch:.1f} of {number(trial.epochs)} ({percent(trial.share)})"]
        parts += [f", {duration(trial.left)} left" if trial.left is not None else ""]
    else:
        parts += [clean(trial.status).replace("_", " ")]
        parts += [f", {duration(trial.seconds)}" if trial.seconds else ""]
        parts += [f"; {_best(trial)}" if trial.best_epoch is not None else ""]
        parts += [f"; {clean(trial.message)}" if trial.message else ""]
    return Content.assemble(*parts)


def _best(trial: LiveTrial) -> str:
    """Which of the evaluations the trial is judged by."""
    return f"best at epoch {number(trial.best_epoch)} of {number(trial.epoch)}"


def _numbers(trial: LiveTrial) -> list[Content]:
    shown = [
        ("examples/s", f"{trial.throughput:,.0f}" if trial.throughput else None),
        ("rate", _number(trial.lr)),
        ("gradient norm", _number(trial.grad_norm.latest)),
        ("update/weight", _number(trial.update_ratio.latest)),
        ("weights", f"{trial.parameters:,}" if trial.parameters else None),
    ]
    parts: list[Part] = []
    for name, value in shown:
        if value is not None:
            parts += [(f"{name} ", "$quiet"), f"{value}   "]
    return [Content.assemble(*parts)] if parts else []


def _number(value: float | None) -> str | None:
    return None if value is None else number(value)
