"""A long text to read, which may take a moment to be there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Static
from textual.worker import Worker, WorkerState

from advisor.text import clean

Load = Callable[[], Content]
WIDEST = 100


def text_width(screen: int) -> int:
    """Columns of text on a screen of so many."""
    return min(WIDEST, int(screen * 0.96)) - 6


class TextDialog(ModalScreen[None]):
    """`text` is there at once; what `load` finds, in a thread, comes below it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,enter", "leave", "Close"),
        Binding("down,j", "scroll(1)", show=False),
        Binding("up,k", "scroll(-1)", show=False),
    ]
    DEFAULT_CSS = """
    TextDialog {
        align: center middle;
        & > Vertical {
            width: 100; max-width: 96%; height: auto; max-height: 94%;
            padding: 0 1; border: round $primary; background: $surface;
        }
        & VerticalScroll { height: auto; max-height: 84vh; }
        & #note { color: $text-muted; }
    }
    """

    @dataclass
    class Loaded(Message):
        """The rest of the text."""

        text: Content

    def __init__(self, title: str, text: Content | None = None, load: Load | None = None) -> None:
        super().__init__()
        self._title, self._text, self._load = title, text or Content(), load

    def compose(self) -> ComposeResult:
        with Vertical() as box:
            box.border_title = self._title
            with VerticalScroll():
                yield Static(self._text, id="text")
                yield Static(Content("looking it up ..." if self._load else ""), id="more")
            yield Static(Content("arrows scroll, Escape closes"), id="note")

    def on_mount(self) -> None:
        self.query_one(VerticalScroll).focus()
        if self._load is not None:
            self._look_up(self._load)

    @work(thread=True, exit_on_error=False)
    def _look_up(self, load: Load) -> None:
        self.post_message(self.Loaded(load()))

    @on(Loaded)
    def _show(self, message: Loaded) -> None:
        self.query_one("#more", Static).update(message.text)

    @on(Worker.StateChanged)
    def _failed(self, event: Worker.StateChanged) -> None:
        if event.state is WorkerState.ERROR:
            self.query_one("#more", Static).update(Content(clean(event.worker.error)))

    def action_scroll(self, lines: int) -> None:
        self.query_one(VerticalScroll).scroll_relative(y=lines, animate=False)

    def action_leave(self) -> None:
        self.dismiss(None)
