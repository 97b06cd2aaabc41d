"""While a session begins: its recipe, data and backend are being checked."""

from __future__ import annotations

import time
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static
from textual.worker import Worker, WorkerState, get_current_worker

from advisor.host.client import Client, HostError, NewSession
from advisor.text import clean
from advisor.tui.bars import duration
from advisor.tui.beginning import Begun, Failed

BEAT = 0.5


class StartingScreen(Screen[None]):
    """Says how long it takes; Escape ends it."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q", "leave", "Cancel")]
    DEFAULT_CSS = """
    StartingScreen {
        align: center middle;
        & > Vertical { width: 70; max-width: 96%; height: auto; }
    }
    """

    def __init__(self, new: NewSession) -> None:
        super().__init__()
        self._new, self._began, self._cancelled = new, time.monotonic(), False

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Static(Content.styled(f"beginning a session: {clean(self._new.recipe)}", "bold"))
            yield Static(id="beat")
            yield Static(Content.styled("Escape leaves it", "$quiet"))

    def on_mount(self) -> None:
        self._beat()
        self.set_interval(BEAT, self._beat)
        self._begin()

    def _beat(self) -> None:
        told = duration(time.monotonic() - self._began)
        self.query_one("#beat", Static).update(
            Content(f"checking the recipe, the data and the backend ... {told}")
        )

    @work(thread=True, exit_on_error=False)
    def _begin(self) -> None:
        worker = get_current_worker()

        def cancelled() -> bool:
            return self._cancelled or worker.is_cancelled

        try:
            client = Client.start(self._new, cancelled)
        except HostError as error:
            if not cancelled():
                self.post_message(Failed(self._new, str(error), error.detail))
        else:
            self.post_message(Begun(client))

    @on(Worker.StateChanged)
    def _broke(self, event: Worker.StateChanged) -> None:
        if event.state is WorkerState.ERROR:
            error = event.worker.error
            self.post_message(Failed(self._new, f"{type(error).__name__}: {error}", ""))

    def action_leave(self) -> None:
        self._cancelled = True
        self.dismiss(None)
