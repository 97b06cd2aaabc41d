"""The log: remarks and decisions, the latest at the bottom."""

from __future__ import annotations

from functools import lru_cache

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from advisor.tui.hanging import hanging
from advisor.tui.model import Entry, SessionView

SHOWN = 200
"""Older entries are in the history."""
STYLES = {"info": "", "good": "$text-success", "bad": "$text-error", "warning": "$text-warning"}


class LogPanel(VerticalScroll):
    """Follows the end unless somebody has scrolled up."""

    BORDER_TITLE = "log"

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._told: tuple[int, int] | None = None
        self._session: SessionView | None = None

    def compose(self) -> ComposeResult:
        yield Static(id="entries")

    def show(self, session: SessionView) -> None:
        self._session = session
        told = (len(session.log), self.scrollable_content_region.width)
        if told == self._told or not told[1]:  # a panel without room is drawn when it has some
            return
        self._told = told
        found = content(session.log[-SHOWN:], told[1])
        self.query_one("#entries", Static).update(found)
        if not self.is_anchored and found.plain.count("\n") >= self.size.height:
            self.anchor()

    def on_resize(self) -> None:
        if self._session is not None:
            self.show(self._session)


def content(entries: list[Entry], width: int) -> Content:
    lines = [_line(entry, width) for entry in entries]
    return Content("\n").join(lines or [Content.styled("nothing yet", "$quiet")])


@lru_cache(maxsize=2 * SHOWN)
def _line(entry: Entry, width: int) -> Content:
    return hanging("", entry.text, width, indent=4, style=STYLES[entry.severity])
