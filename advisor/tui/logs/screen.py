"""Watching the log of a training."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Vertical
from textual.content import Content
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Header, OptionList, Static
from textual.widgets.option_list import Option
from textual.worker import get_current_worker

from advisor.text import clean
from advisor.tui.chart import Chart, Role, Series
from advisor.tui.child import Child, Source
from advisor.tui.dialogs.ask import AskDialog
from advisor.tui.dialogs.text import TextDialog
from advisor.tui.footer import Footer
from advisor.tui.logs import texts
from advisor.tui.logs.look import GROUPS, Look, looks

WIDTHS = [(0, "-narrow"), (110, "-wide")]


class LogScreen(Screen[None]):
    """Curves and findings, again whenever the log has grown."""

    TITLE = "log"
    HORIZONTAL_BREAKPOINTS = WIDTHS
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "explain", "Explain"),
        Binding("c", "curve", "Next curves"),
        Binding("l", "log", "Log scale"),
        Binding("escape,q", "leave", "Back"),
    ]
    CSS = """
    LogScreen {
        & #all { height: 1fr; layout: vertical; }
        & Chart { height: 1fr; width: 1fr; }
        & #said { height: 1fr; border-top: solid $primary; }
        & OptionList { height: 1fr; border: none; padding: 0 1; scrollbar-size-vertical: 1; }
        & #rest { height: auto; max-height: 4; padding: 0 1; }
        &.-wide #all { layout: horizontal; }
        &.-wide #said { width: 50%; border-top: none; border-left: solid $primary; }
        &.-wide #rest { max-height: 12; }
    }
    """

    @dataclass
    class Looked(Message):
        """The log was read; of several looks in a row the last one counts."""

        look: Look

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, type(self))

    @dataclass
    class Ended(Message):
        """Nothing more comes; `failure` says why where something went wrong."""

        failure: str

    def __init__(
        self,
        path: Path,
        source: Callable[[], Source] | None = None,
        words: Sequence[str] = (),
    ) -> None:
        """`words`: options of `advisor diagnose`, such as what the log does not say."""
        super().__init__()
        self._path, self._look = path, Look()
        self._source = source() if source else Child(_words(path, words))
        self._group, self._log = "loss", False

    def compose(self) -> ComposeResult:
        yield Header()
        with Container(id="all"):
            yield Chart()
            with Vertical(id="said"):
                yield OptionList(markup=False)
                yield Static(id="rest", markup=False)
        yield Footer()

    def on_mount(self) -> None:
        self.sub_title = clean(self._path.name)
        self.query_one(OptionList).focus()
        self.query_one("#rest", Static).update(texts.rest(self._look))
        self._listen()

    def on_unmount(self) -> None:
        self._source.end()

    @work(thread=True, group="log", exit_on_error=False)
    def _listen(self) -> None:
        worker = get_current_worker()
        for look in looks(iter(self._source.lines())):
            if worker.is_cancelled:
                return
            self.post_message(self.Looked(look))
        self.post_message(self.Ended(self._source.failure))

    @on(Looked)
    def _looked(self, message: Looked) -> None:
        before, self._look = self._look, message.look
        if before.findings != self._look.findings or not before.summary:
            self._list()
        self.sub_title = f"{clean(self._path.name)}: {texts.heading(self._look)}"
        self.query_one("#rest", Static).update(texts.rest(self._look))
        self._draw()

    @on(Ended)
    async def _ended(self, message: Ended) -> None:
        if not message.failure:
            return
        self.query_one("#rest", Static).update(Content.styled("the log cannot be read", "bold"))
        dialog = AskDialog("The log cannot be watched", Content(message.failure))
        self.app.push_screen(dialog)

    def _list(self) -> None:
        """The findings; the same one stays highlighted where it is still there."""
        shown = self.query_one(OptionList)
        here = shown.highlighted_option
        shown.set_options(Option(texts.row(each), id=each.symptom) for each in self._look.findings)
        names = [each.symptom for each in self._look.findings]
        if names:
            name = here.id if here else None
            shown.highlighted = names.index(name) if name in names else 0

    def _draw(self) -> None:
        groups = self._look.groups
        if groups and self._group not in groups:
            self._group = groups[0]
        series = [
            Series(_label(name), curve.x, curve.y, _role(name))
            for name, curve in self._look.of(self._group).items()
        ]
        chart = self.query_one(Chart)
        chart.show(series, log=self._log, title=self._group, x_label=clean(self._look.axis))

    # keys

    @on(OptionList.OptionSelected)
    def _selected(self) -> None:
        self.action_explain()

    def action_explain(self) -> None:
        """All about the highlighted finding."""
        place = self.query_one(OptionList).highlighted
        if place is not None and place < len(self._look.findings):
            found = self._look.findings[place]
            title = clean(found.symptom.replace("_", " "))
            self.app.push_screen(TextDialog(title, texts.whole(found)))

    def action_curve(self) -> None:
        """Draw the next curves that the log has."""
        groups = self._look.groups or tuple(GROUPS)
        here = groups.index(self._group) if self._group in groups else -1
        self._group = groups[(here + 1) % len(groups)]
        self._draw()

    def action_log(self) -> None:
        """Logarithmic scale, or linear again."""
        self._log = not self._log
        self._draw()

    def action_leave(self) -> None:
        """Back; nothing happens to the training."""
        self._source.end()
        self.dismiss(None)


def _role(name: str) -> Role:
    kind = name.partition("_")[0]
    return "train" if kind == "train" else "validation" if kind == "validation" else "other"


def _label(name: str) -> str:
    kind, _, metric = name.partition("/")
    words = kind.replace("_metric", "").replace("_", " ")
    return f"{words} {metric}".strip()


def _words(path: Path, words: Sequence[str]) -> tuple[str, ...]:
    return ("diagnose", "--json", "--curves", "--follow", *words, "--", str(path))
