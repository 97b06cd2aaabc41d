"""The session screen: which keys hold when, leaving, and the end."""

from __future__ import annotations

from typing import Any, ClassVar

from textual import on, work
from textual.binding import BindingType
from textual.content import Content
from textual.message import Message

from advisor.text import clean
from advisor.tui.dialogs.ask import CANCEL, Answer, AskDialog
from advisor.tui.faults import of_start
from advisor.tui.keys import BINDINGS, NEEDS
from advisor.tui.model import SessionView
from advisor.tui.palette import SessionCommands
from advisor.tui.reader import Snapshot
from advisor.tui.session.base import is_refusal
from advisor.tui.session.keeping import Keeping
from advisor.tui.session.live import LivePanel

LEAVE, STOP = Answer("leave", "Leave it running", "primary"), Answer("stop", "Stop now")


class SessionScreen(Keeping):
    """A session as it goes, and the keys that steer it."""

    CSS_PATH = "session.tcss"
    TITLE = "session"
    BINDINGS: ClassVar[list[BindingType]] = [*BINDINGS]

    COMMANDS: ClassVar[set[Any]] = {SessionCommands}

    class Left(Message):
        """The person has left; the session may go on."""

    class ResumeFailed(Message):
        """Nothing could be brought to drive the session."""

        def __init__(self, message: str, detail: str) -> None:
            super().__init__()
            self.message, self.detail = message, detail

    class Shown(Message):
        """There is something new."""

        def __init__(self, session: SessionView) -> None:
            super().__init__()
            self.session = session

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, SessionScreen.Shown)

    class HistoryWanted(Message):
        """All trials and decisions, please."""

        def __init__(self, snapshot: Snapshot) -> None:
            super().__init__()
            self.snapshot = snapshot

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys that mean nothing now are not shown, and do nothing."""
        session, driver = self.snapshot.session, self.snapshot.driver
        asked = session.question is not None and driver == "host" and not self.sent
        match NEEDS.get(action, "nothing"):
            case "question":
                return asked
            case "proposal":
                return asked and bool(session.question and session.question.proposals)
            case "host":
                return driver == "host" and not session.ended
            case "training":
                return driver == "host" and bool(session.running)
            case "gone":
                return driver is None and session.ended != "finished" and not session.summary
            case _:
                return True

    def action_panel(self, name: str) -> None:
        self.show_panel(name)
        found: Any = self.query_one(f"#{'rail' if name == 'stages' else name}")
        if found.can_focus:
            found.focus()

    def action_log_scale(self) -> None:
        live = self.query_one(LivePanel)
        live.log_scale = not live.log_scale

    def action_other(self) -> None:
        self.query_one(LivePanel).other()

    def action_history(self) -> None:
        self.post_message(self.HistoryWanted(self.snapshot))

    def action_resume(self) -> None:
        self.say("starting the session's process ...")
        self._resume()

    @work(thread=True, exclusive=True, group="resume", exit_on_error=False)
    def _resume(self) -> None:
        try:
            self.driver.resume()
        except Exception as error:
            if not is_refusal(error):
                raise
            self.post_message(self.ResumeFailed(str(error), getattr(error, "detail", "")))

    @on(ResumeFailed)
    def _resume_failed(self, message: ResumeFailed) -> None:
        self._told.discard(message.message)
        self.tell(of_start(message.message, message.detail))

    def action_leave(self) -> None:
        """Ask first where something would go on."""
        session = self.snapshot.session
        if self.snapshot.driver != "host" or session.summary or session.ended:
            self.post_message(self.Left())
            return
        folder = clean(self.driver.folder)
        text = Content.assemble(
            "Left running, it trains on and waits at the next proposal; come back with\n\n  ",
            (f"advisor tui {folder}", "bold"),
            "\n\nStopped now, nothing is lost either: a training under way goes on from its last "
            "checkpoint when the session is resumed with the same command.",
        )
        answers = (LEAVE, STOP, CANCEL)
        self.app.push_screen(AskDialog("leave the session?", text, answers), self._leave)

    def _leave(self, answer: str | None) -> None:
        if answer == "stop":
            self.order(self.driver.stop)
        if answer:
            self.post_message(self.Left())

    def _notice(self, before: Snapshot, now: Snapshot) -> None:
        super()._notice(before, now)
        if before.session.revision != now.session.revision:
            self.post_message(self.Shown(now.session))
        if now.session.summary and "summary" not in self._told:
            self._told.add("summary")
            from advisor.tui.session import ending

            text = ending.content(now.session, self.driver.folder)
            answers = (Answer("", "Look around", "primary"), Answer("report", "Write the report"),
                       Answer("leave", "Quit"))  # fmt: skip
            self.app.push_screen(AskDialog("the session has ended", text, answers), self._ended)

    def _ended(self, answer: str | None) -> None:
        if answer == "report":
            self.action_report()
        elif answer == "leave":
            self.post_message(self.Left())
