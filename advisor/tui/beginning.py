"""What the screen of a session that begins tells the app."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.message import Message

if TYPE_CHECKING:
    from advisor.host.client import Client, NewSession


@dataclass
class Begun(Message):
    """The session is under way."""

    client: Client


@dataclass
class Failed(Message):
    """It cannot be begun."""

    new: NewSession
    message: str
    detail: str
