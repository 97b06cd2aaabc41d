"""One line that says which panels there are, where not all of them have room."""

from __future__ import annotations

from dataclasses import dataclass

from textual.content import Content
from textual.events import Click
from textual.message import Message
from textual.reactive import reactive
from textual.widgets import Static

PANELS = ("live", "proposal", "symptoms", "stages", "log")


class PanelTabs(Static):
    """`1 live  2 proposal ...`: by key or mouse."""

    chosen: reactive[str] = reactive("live")
    marked: reactive[str] = reactive("")
    """a panel that wants to be looked at"""
    DEFAULT_CSS = "PanelTabs { height: 1; padding: 0 1; background: $surface; }"

    @dataclass
    class Chosen(Message):
        """Somebody clicked on a panel's name."""

        panel: str

    def render(self) -> Content:
        return Content.assemble(*(self._part(panel) for panel in PANELS))

    def _part(self, panel: str) -> tuple[str, str]:
        mark = "*" if panel == self.marked and panel != self.chosen else " "
        style = "bold reverse" if panel == self.chosen else "$quiet" if mark == " " else "bold"
        return _label(panel, mark), style

    def on_click(self, event: Click) -> None:
        at = event.x - self.styles.padding.left
        for panel in PANELS:
            at -= len(_label(panel, " "))
            if at < 0:
                self.post_message(self.Chosen(panel))
                return


def _label(panel: str, mark: str) -> str:
    return f" {PANELS.index(panel) + 1} {panel}{mark}"
