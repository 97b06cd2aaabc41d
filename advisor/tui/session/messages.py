"""What the session screen tells the app. Small, as the app knows these before any session."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.message import Message

if TYPE_CHECKING:
    from advisor.tui.model import SessionView


class Left(Message):
    """The person has left; the session may go on."""


@dataclass
class Shown(Message):
    """There is something new."""

    session: SessionView

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, Shown)


@dataclass
class HistoryWanted(Message):
    """All trials and decisions, please."""

    session: SessionView
