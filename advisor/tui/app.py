"""The app: it opens screens and hands them what they need; screens do the rest."""

from __future__ import annotations

import asyncio
import gc
import signal
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import App
from textual.binding import Binding, BindingType

from advisor.tui.beginning import Begun, Failed
from advisor.tui.opening import Opening
from advisor.tui.picker.messages import CompareRecipe, EditRecipe, OpenLog, OpenRecipe, OpenSession
from advisor.tui.session.messages import HistoryWanted, Left, Shown
from advisor.tui.themes import DEFAULTS, THEMES, fitting

if TYPE_CHECKING:
    from advisor.host.client import Client
    from advisor.tui.session.screen import SessionScreen

ENDED = 128 + signal.SIGTERM
SWITCH = 0.0005
"""seconds after which a thread that reads files makes room for a key; Python's own 0.005 make a key
wait as long at each turn that it needs"""


class AdvisorApp(App[int]):
    """Begins with what it was opened with; leaving the last screen ends it."""

    TITLE = "advisor"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f1,question_mark", "help", "Help", show=False, tooltip="These keys."),
        Binding("ctrl+c", "leave_screen", "Leave", show=False),
    ]

    def __init__(self, opening: Opening | None = None) -> None:
        super().__init__()
        self.opening = opening or Opening()
        self.clients: list[Client] = []
        """of sessions that were looked at, the latest last"""
        self._sessions: list[SessionScreen] = []
        """on the stack of screens, the topmost last"""
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = self.opening.theme or fitting(self.console.color_system)

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """What our style sheets need beside what every theme has."""
        return DEFAULTS

    def on_mount(self) -> None:
        if not self.is_headless:
            loop = asyncio.get_running_loop()
            loop.add_signal_handler(signal.SIGTERM, self.exit, ENDED, ENDED)
            sys.setswitchinterval(SWITCH)
        self.open_first()
        self.call_after_refresh(self._painted)

    def _painted(self) -> None:
        gc.freeze()
        gc.enable()

    def open_first(self) -> None:
        """The screen that it was started for."""
        opening = self.opening
        if opening.recipe is not None:
            self._begin(opening.recipe)
        elif opening.folder is not None:
            self._open(opening.folder)
        elif opening.log is not None:
            self._watch_log(opening.log)
        else:
            self._pick()

    # screens

    def _pick(self) -> None:
        from advisor.tui.picker.screen import PickerScreen

        self.push_screen(PickerScreen())

    def _begin(self, recipe: Path) -> None:
        from advisor.tui.starting import StartingScreen

        self.push_screen(StartingScreen(replace(self.opening.options, recipe=recipe)), self._back)

    def _open(self, folder: Path) -> None:
        from advisor.host.client import Client, HostError

        try:
            client = Client.attach(folder)
        except HostError as error:
            self._refused(Path(), str(error), error.detail)
        else:
            self._show_session(client, self.opening.options.autopilot)

    def _show_session(self, client: Client, autopilot: bool = False) -> None:
        """`autopilot`: turn it on."""
        from advisor.tui.reader import Reader
        from advisor.tui.session.screen import SessionScreen

        self.clients.append(client)
        reader = Reader(client.folder, client.kind)
        screen = SessionScreen(client, reader, self.opening.options.trust, reader.glance())
        self.show_session(screen)
        if client.kind() is None and not client.finished():
            self.call_later(screen.action_resume, autopilot)
        elif client.kind() == "host" and autopilot:
            screen.order(partial(client.autopilot, True))

    def show_session(self, screen: SessionScreen) -> None:
        """Put it on top."""
        self._sessions.append(screen)
        self.push_screen(screen)

    def _watch_log(self, path: Path) -> None:
        from advisor.tui.logs.screen import LogScreen

        self.push_screen(LogScreen(path), self._back)

    def _back(self, result: object = None) -> None:
        """A screen has left; without another below there is nothing more to do."""
        if len(self.screen_stack) <= 1:
            self.exit(0)

    # what screens ask for

    @on(OpenRecipe)
    def _open_recipe(self, message: OpenRecipe) -> None:
        self._begin(message.path)

    @on(OpenSession)
    def _open_session(self, message: OpenSession) -> None:
        self._open(message.folder)

    @on(OpenLog)
    def _open_log(self, message: OpenLog) -> None:
        self._watch_log(message.path)

    @on(EditRecipe)
    def _edit(self, message: EditRecipe) -> None:
        from advisor.tui.editor.screen import EditorScreen

        self.push_screen(EditorScreen(message.path), self._back)

    @on(CompareRecipe)
    def _compare(self, message: CompareRecipe) -> None:
        from advisor.tui.compare.screen import CompareScreen

        self.push_screen(CompareScreen(message.path), self._back)

    @on(Begun)
    def _begun(self, message: Begun) -> None:
        self.pop_screen()
        self._show_session(message.client)

    @on(Failed)
    def _failed(self, message: Failed) -> None:
        self.pop_screen()
        self._refused(message.new.recipe, message.message, message.detail)

    def _refused(self, recipe: Path, message: str, detail: str) -> None:
        """What could not be opened, and what to do about it."""
        from advisor.tui.dialogs.ask import CANCEL, Answer, AskDialog
        from advisor.tui.faults import of_start

        told = of_start(message, detail)
        first = len(self.screen_stack) <= 1

        def answered(answer: str | None) -> None:
            if answer == "edit":
                self._edit(EditRecipe(recipe))
            elif answer == "pick":
                self._pick()
            elif first:
                self.exit(2, return_code=2)

        answers = [Answer("edit", "Edit the recipe", "primary")] if recipe.is_file() else []
        answers += [Answer("pick", "Pick another")] if first else []
        answers.append(Answer("", "Quit") if first else CANCEL)
        self.push_screen(AskDialog(told.title, told.content, answers), answered)

    @on(Left)
    def _left(self) -> None:
        """Away from the session that is shown; it goes on by itself."""
        if self._sessions:  # a key pressed twice asks twice
            self._uncover().driver.close()
            self._sessions.pop()
            self.pop_screen()
            self._back()

    def _uncover(self) -> SessionScreen:
        """The topmost session, without what lies over it."""
        while self.screen_stack[-1] is not self._sessions[-1]:
            self.pop_screen()
        return self._sessions[-1]

    @on(HistoryWanted)
    def _history(self, message: HistoryWanted) -> None:
        from advisor.tui.history.screen import HistoryScreen

        self.push_screen(HistoryScreen(message.session))

    @on(Shown)
    def _follow(self, message: Shown) -> None:
        """A history over the session grows with it."""
        if type(self.screen).__name__ == "HistoryScreen":
            self.screen.show(message.session)  # type: ignore[attr-defined]

    # keys

    def action_help(self) -> None:
        from advisor.tui.dialogs.text import TextDialog, text_width
        from advisor.tui.help import content

        if not isinstance(self.screen, TextDialog):
            self.push_screen(TextDialog("keys", content(self.screen, text_width(self.size.width))))

    async def action_leave_screen(self) -> None:
        """What Escape or q would do here."""
        if hasattr(self.screen, "action_leave"):
            await self.run_action("screen.leave")
        else:
            await self.action_quit()

    async def action_quit(self) -> None:
        """A session under way asks first, and so does a recipe that is not saved."""
        if getattr(self.screen, "unsaved", False):
            await self.run_action("screen.quit")
            return
        if not self._sessions or type(self.screen).__name__ == "AskDialog":
            self.exit(0)
        else:
            self._uncover().action_leave()
