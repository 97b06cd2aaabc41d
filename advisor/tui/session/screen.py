"""The session screen: which keys hold when, leaving, and the end."""

from __future__ import annotations

from typing import Any, ClassVar

from textual import on, work
from textual.binding import BindingType
from textual.content import Content
from textual.events import Key
from textual.message import Message

from advisor.text import clean
from advisor.tui.dialogs.ask import CANCEL, Answer, AskDialog
from advisor.tui.faults import of_start
from advisor.tui.keys import BINDINGS, BY_KEY, NEEDS
from advisor.tui.model import SessionView
from advisor.tui.palette import SessionCommands
from advisor.tui.reader import Snapshot
from advisor.tui.session.base import is_refusal
from advisor.tui.session.keeping import Keeping
from advisor.tui.session.live import LivePanel
from advisor.tui.session.messages import HistoryWanted, Left, Shown
from advisor.tui.session.silent import why_not
from advisor.tui.session.top import TopBar

LEAVE, STOP = Answer("leave", "Leave it running", "primary"), Answer("stop", "Stop now")


class SessionScreen(Keeping):
    """A session as it goes, and the keys that steer it."""

    CSS_PATH = "session.tcss"
    TITLE = "session"
    BINDINGS: ClassVar[list[BindingType]] = [*BINDINGS]

    COMMANDS: ClassVar[set[Any]] = {SessionCommands}

    class ResumeFailed(Message):
        """Nothing could be brought to drive the session."""

        def __init__(self, message: str, detail: str) -> None:
            super().__init__()
            self.message, self.detail = message, detail

    class Resumed(Message):
        """Something drives the session again."""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys that mean nothing now are not shown, and do nothing."""
        if not self.filled and action != "leave":
            return not NEEDS.get(action)
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
                over = session.ended == "finished" or bool(session.summary)
                return driver is None and not over and not self.resuming
            case _:
                return True

    def on_key(self, event: Key) -> None:
        """A key that means nothing now says why."""
        key = BY_KEY.get(event.key)
        if self.filled and key is not None and not self.check_action(key.action, ()):
            event.stop()
            self.say(why_not(key.needs, self.snapshot, self.sent))

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
        self.post_message(HistoryWanted(self.snapshot.session))

    def action_resume(self, autopilot: bool = False) -> None:
        self.say("starting the session's process ...")
        self._resuming(True)
        self._resume(autopilot)

    def _resuming(self, on: bool) -> None:
        self.resuming = on
        self.query_one(TopBar).show(self.snapshot, on)
        self.refresh_bindings()

    @work(thread=True, exclusive=True, group="resume", exit_on_error=False)
    def _resume(self, autopilot: bool) -> None:
        try:
            self.driver.resume(trust=self.trust, autopilot=autopilot)
        except Exception as error:
            if not is_refusal(error):
                raise
            self.post_message(self.ResumeFailed(str(error), getattr(error, "detail", "")))
        else:
            self.post_message(self.Resumed())

    @on(Resumed)
    def _resumed(self) -> None:
        self.resuming = False
        self.refresh_bindings()

    @on(ResumeFailed)
    def _resume_failed(self, message: ResumeFailed) -> None:
        self._resuming(False)
        self._told.discard(message.message)
        self.tell(of_start(message.message, message.detail))

    def action_leave(self) -> None:
        """Ask first where something would go on."""
        session = self.snapshot.session
        if self.snapshot.driver != "host" or session.summary or session.ended:
            self.post_message(Left())
            return
        folder = clean(self.driver.folder)
        text = Content.assemble(
            f"Left running, it {_goes_on(session)}. Come back with\n\n  ",
            (f"advisor tui {folder}", "bold"),
            "\n\nStopped now, nothing is lost either: the same command goes on from there, with a "
            "training under way from its last checkpoint.",
        )
        answers = (LEAVE, STOP, CANCEL)
        self.app.push_screen(AskDialog("leave the session?", text, answers), self._leave)

    def _leave(self, answer: str | None) -> None:
        if answer == "stop":
            self.order(self.driver.stop)
        if answer:
            self.post_message(Left())

    def _notice(self, before: Snapshot, now: Snapshot) -> None:
        super()._notice(before, now)
        if before.session.revision != now.session.revision:
            self.post_message(Shown(now.session))
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
            self.post_message(Left())


def _goes_on(session: SessionView) -> str:
    """What a session does without anybody."""
    if session.autopilot:
        return "goes on to its end by itself"
    return (
        "trains on to the next proposal, waits ten minutes there for somebody, and then ends by "
        "itself; nothing is lost by that"
    )
