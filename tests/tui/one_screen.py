"""An app with one screen, for tests of that screen alone."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from textual.app import App
from textual.message import Message
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widgets import Input, TextArea

from advisor.tui.themes import DARK

MOST_LOOKS = 20
SIZES = ((80, 24), (120, 40), (200, 60))


class OneScreen(App[None]):
    """Shows a screen in the usual colours, and remembers what is posted to the app."""

    def __init__(self, screen: Screen[Any]) -> None:
        super().__init__()
        self.shown = screen
        self.told: list[Message] = []

    def on_mount(self) -> None:
        self.register_theme(DARK)
        self.theme = DARK.name
        self.push_screen(self.shown)

    async def _dispatch_message(self, message: Message) -> None:
        self.told.append(message)
        await super()._dispatch_message(message)

    def of(self, kind: type[Message]) -> list[Any]:
        """The messages of this kind that reached the app."""
        return [message for message in self.told if isinstance(message, kind)]


async def settled(pilot: Pilot[Any]) -> None:
    """Wait until threads have told what they found, and it is shown; cursors stand still."""
    for _ in range(2):
        await pilot.app.workers.wait_for_complete()
        await pilot.pause()
    for field in pilot.app.screen.query(Input):
        field.cursor_blink = False
    for area in pilot.app.screen.query(TextArea):
        area.cursor_blink = False
    before = ""
    for _ in range(MOST_LOOKS):  # layouts follow each other on a loaded machine
        await pilot.pause(0.02)
        now = pilot.app.export_screenshot()
        if now == before:
            break
        before = now


def pressing(*keys: str) -> Callable[[Pilot[Any]], Awaitable[None]]:
    """For `snap_compare(run_before=...)`: wait, press, wait."""

    async def run(pilot: Pilot[Any]) -> None:
        await settled(pilot)
        await pilot.press(*keys)
        await settled(pilot)

    return run
