"""Comparing two backends, live."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Header, Static
from textual.worker import get_current_worker

from advisor.text import clean
from advisor.tui.chart import Chart, Role, Series
from advisor.tui.child import Child, Source
from advisor.tui.compare import texts
from advisor.tui.compare.course import CURVES, METRIC, Course, fed
from advisor.tui.dialogs.ask import CANCEL, Answer, AskDialog
from advisor.tui.footer import Footer

WIDTHS = [(0, "-narrow"), (110, "-wide")]
ROLES: tuple[Role, ...] = ("validation", "incumbent")
END = Answer("end", "End it", "warning")


class CompareScreen(Screen[None]):
    """Gates as they are decided, curves of both backends, and the verdict."""

    TITLE = "compare backends"
    HORIZONTAL_BREAKPOINTS = WIDTHS
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "curve", "Next curve"),
        Binding("l", "log", "Log scale"),
        Binding("s", "seeds", "Each seed"),
        Binding("x", "cancel", "End it"),
        Binding("escape,q", "leave", "Back"),
    ]
    CSS = """
    CompareScreen {
        & #all { height: 1fr; layout: vertical; }
        & #gates { height: auto; max-height: 60%; padding: 0 1; }
        & Chart { height: 1fr; width: 1fr; border-top: solid $primary; }
        & #verdict {
            height: auto; max-height: 30%; padding: 0 1; border-top: solid $primary;
        }
        &.-wide #all { layout: horizontal; }
        &.-wide #gates { width: 60; max-height: 100%; }
        &.-wide Chart { border-top: none; border-left: solid $primary; }
    }
    """

    @dataclass
    class Went(Message):
        """How far it has come; of several in a row the last one counts."""

        course: Course

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, type(self))

    @dataclass
    class Ended(Message):
        """It is over; `failure` says why where something went wrong."""

        failure: str

    def __init__(self, recipe: Path, source: Callable[[], Source] | None = None) -> None:
        super().__init__()
        self._recipe, self._course = recipe, Course()
        self._source = source() if source else Child(_words(recipe))
        self._curve, self._log, self._each = METRIC, False, False
        self._state = "running"

    def compose(self) -> ComposeResult:
        yield Header()
        with Container(id="all"):
            with VerticalScroll(id="gates"):
                yield Static(markup=False)
            yield Chart()
        with VerticalScroll(id="verdict"):
            yield Static(markup=False)
        yield Footer()

    def on_mount(self) -> None:
        self._show()
        self._listen()

    def on_unmount(self) -> None:
        self._source.end()

    @work(thread=True, group="compare", exit_on_error=False)
    def _listen(self) -> None:
        worker, course = get_current_worker(), Course()
        for line in self._source.lines():
            if worker.is_cancelled:
                return
            course = fed(course, line)
            self.post_message(self.Went(course))
        self.post_message(self.Ended(self._source.failure))

    @on(Went)
    def _went(self, message: Went) -> None:
        self._course = message.course
        self._show()

    @on(Ended)
    def _over(self, message: Ended) -> None:
        if self._state == "running":
            self._state = "done" if self._course.summary else "failed"
        self._show()
        if message.failure:
            text = Content(message.failure)
            self.app.push_screen(AskDialog("The comparison could not go on", text))

    # what is shown

    def _show(self) -> None:
        if not self.is_mounted:
            return
        self.sub_title = f"{clean(self._course.recipe or self._recipe.name)}, {self._state}"
        self.query_one("#gates Static", Static).update(texts.gates(self._course))
        self.query_one("#verdict Static", Static).update(self._told())
        self._draw()
        self.refresh_bindings()

    def _told(self) -> Content:
        if self._course.summary:
            return texts.verdict(self._course)
        if self._state == "running":
            doing = self._course.doing or "starting: loading both backends"
            return Content.assemble(("... ", "bold"), clean(doing))
        return Content.styled(f"{self._state}: nothing can be said", "bold")

    def _draw(self) -> None:
        title = self._curve.replace("_", " ").replace("metric", self._course.metric)
        if not self._each:
            title += ", mean"
        chart = self.query_one(Chart)
        chart.show(self._series(), log=self._log, title=clean(title))

    def _series(self) -> list[Series]:
        series = []
        for role, backend in zip(ROLES, self._course.backends, strict=False):
            if self._each:
                runs = [run for run in self._course.runs if run.backend == backend]
                for run in runs:
                    if found := run.curves.get(self._curve):
                        series.append(Series(f"{backend} {run.seed}", found.x, found.y, role))
            elif mean := self._course.mean(backend, self._curve):
                series.append(Series(backend, mean.x, mean.y, role))
        return series

    # keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What is over cannot be ended."""
        return action != "cancel" or self._state == "running"

    def action_curve(self) -> None:
        """Draw the next curve."""
        self._curve = CURVES[(CURVES.index(self._curve) + 1) % len(CURVES)]
        self._draw()

    def action_log(self) -> None:
        """Logarithmic scale, or linear again."""
        self._log = not self._log
        self._draw()

    def action_seeds(self) -> None:
        """A curve for each seed, or their mean."""
        self._each = not self._each
        self._draw()

    def action_cancel(self) -> None:
        """End the comparison and keep what is known."""
        if self._state == "running":
            self._state = "cancelled"
            self._source.end()
            self._show()

    @work(exclusive=True, group="leave")
    async def action_leave(self) -> None:
        """Back; one that is running is ended, after a question."""
        if self._state == "running":
            text = Content("The comparison is still running. Leaving ends it.")
            dialog = AskDialog("End the comparison?", text, (END, CANCEL))
            if await self.app.push_screen_wait(dialog) != END.name:
                return
        self._source.end()
        self.dismiss(None)


def _words(recipe: Path) -> tuple[str, ...]:
    return ("compare", "--json", "--progress", "--", str(recipe))
