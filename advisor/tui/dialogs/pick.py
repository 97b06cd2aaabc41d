"""One of a list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option


class PickDialog(ModalScreen[int | None]):
    """Its result is the place of what was picked; None where nothing was."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "Back")]
    DEFAULT_CSS = """
    PickDialog {
        align: center middle;
        & > Vertical {
            width: 90; max-width: 96%; height: auto; max-height: 94%;
            padding: 0 1; border: round $primary; background: $surface;
        }
        & OptionList { height: auto; max-height: 60vh; border: none; background: $surface; }
        & OptionList:focus { border: none; }
        & Static { color: $text-muted; }
    }
    """

    def __init__(self, title: str, options: Sequence[Content], note: str = "") -> None:
        super().__init__()
        self._title, self._options, self._note = title, tuple(options), note

    def compose(self) -> ComposeResult:
        with Vertical() as box:
            box.border_title = self._title
            if self._note:
                yield Static(Content(self._note))
            options = [Option(content, id=str(n)) for n, content in enumerate(self._options)]
            yield OptionList(*options, markup=False)
            yield Static(Content("Enter picks, Escape leaves"))

    @on(OptionList.OptionSelected)
    def _picked(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.dismiss(event.option_index)

    def action_leave(self) -> None:
        self.dismiss(None)
