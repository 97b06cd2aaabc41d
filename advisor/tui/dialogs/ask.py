"""A text and a button for each answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Static


@dataclass(frozen=True)
class Answer:
    """A button: what it is called in code and on the screen."""

    name: str
    label: str
    variant: Literal["default", "primary", "success", "warning", "error"] = "default"


CANCEL = Answer("", "Cancel")
CLOSE = Answer("", "Close", "primary")


class AskDialog(ModalScreen[str]):
    """Its result is the answer's name, empty for Cancel and Escape. The first has the focus."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "leave", "Back"),
        Binding("left", "app.focus_previous", show=False),
        Binding("right", "app.focus_next", show=False),
    ]
    DEFAULT_CSS = """
    AskDialog {
        align: center middle;
        & > Vertical {
            width: 76; max-width: 96%; height: auto; max-height: 94%;
            padding: 0 1; border: round $primary; background: $surface;
        }
        & VerticalScroll { height: auto; max-height: 70vh; margin: 1 0; }
        & Horizontal { height: auto; align-horizontal: right; }
        & Button { margin-left: 1; min-width: 10; }
    }
    """

    def __init__(self, title: str, text: Content, answers: Sequence[Answer] = (CLOSE,)) -> None:
        super().__init__()
        self._title, self._text, self._answers = title, text, tuple(answers)

    def compose(self) -> ComposeResult:
        with Vertical() as box:
            box.border_title = self._title
            with VerticalScroll(can_focus=False):
                yield Static(self._text)
            with Horizontal():
                for answer in self._answers:
                    yield Button(answer.label, answer.variant, name=answer.name)

    @on(Button.Pressed)
    def _answered(self, event: Button.Pressed) -> None:
        event.stop()
        self.dismiss(event.button.name or "")

    def action_leave(self) -> None:
        self.dismiss("")
