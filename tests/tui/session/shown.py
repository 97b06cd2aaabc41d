"""The session screen in its app, with a driver that only notes what it is told."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from textual.message import Message
from textual.pilot import Pilot
from textual.widgets import Static

from advisor.tui.app import AdvisorApp
from advisor.tui.opening import Opening
from advisor.tui.reader import Snapshot
from advisor.tui.session.screen import SessionScreen
from tests.tui import fed

SMALL = (80, 24)


class Shown(AdvisorApp):
    """Begins with the session screen, fed once with a snapshot."""

    def __init__(self, snapshot: Snapshot, theme: str = "advisor-dark") -> None:
        super().__init__(Opening(theme=theme))
        self.driver = fed.FakeDriver()
        self.session = SessionScreen(self.driver, None, first=snapshot)
        self.left: list[Message] = []

    def open_first(self) -> None:
        self.show_session(self.session)

    async def _dispatch_message(self, message: Message) -> None:
        self.left.append(message)
        await super()._dispatch_message(message)

    def of(self, kind: type[Message]) -> list[Any]:
        return [message for message in self.left if isinstance(message, kind)]


@asynccontextmanager
async def shown(
    snapshot: Snapshot, size: tuple[int, int] = SMALL
) -> AsyncIterator[tuple[Shown, Pilot[int]]]:
    app = Shown(snapshot)
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        await pilot.pause()  # what came to the front has been given its size
        yield app, pilot


def text(app: AdvisorApp, selector: str) -> str:
    """What a text on the screen on top says."""
    return str(app.screen.query_one(selector, Static).content)
