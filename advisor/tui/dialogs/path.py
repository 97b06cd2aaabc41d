"""Where to write a file."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from advisor.text import clean


class PathDialog(ModalScreen[Path | None]):
    """A path; one that is taken is told, and has to be entered twice."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "Back")]
    DEFAULT_CSS = """
    PathDialog {
        align: center middle;
        & > Vertical {
            width: 76; max-width: 96%; height: auto;
            padding: 0 1; border: round $primary; background: $surface;
        }
        & Static { color: $text-muted; }
    }
    """

    def __init__(self, title: str, path: str) -> None:
        super().__init__()
        self._title, self._path, self._confirmed = title, path, ""

    def compose(self) -> ComposeResult:
        with Vertical() as box:
            box.border_title = self._title
            yield Input(self._path)
            yield Static(Content("Enter writes the file, Escape leaves"), id="note")

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        path = Path(event.value.strip()).expanduser()
        fault = _fault(path, event.value)
        if path.is_file() and self._confirmed != event.value:
            fault, self._confirmed = "this file exists; Enter again replaces it", event.value
        if fault:
            self.query_one("#note", Static).update(Content(clean(fault)))
        else:
            self.dismiss(path)

    def action_leave(self) -> None:
        self.dismiss(None)


def _fault(path: Path, text: str) -> str:
    if not text.strip():
        return "name a file"
    if path.is_dir():
        return f"{path} is a folder; name a file in it"
    return "" if path.parent.is_dir() else f"{path.parent} is no folder"
