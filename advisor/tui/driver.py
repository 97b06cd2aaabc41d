"""What the session screen needs of whoever drives the session: `advisor.host.client.Client`, or
in tests one that only notes what it was told."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Protocol

Action = Literal["try", "own", "refuse", "look", "leave", "finish", "back", "lock", "unlock"]


class Driver(Protocol):
    """Calls are quick except `resume`, which takes seconds."""

    folder: Path

    def kind(self) -> str | None: ...

    def last_words(self) -> str: ...

    def resume(self, *, trust: bool = False, autopilot: bool = False) -> None: ...

    def choose(
        self,
        ask: int,
        action: Action,
        *,
        index: int | None = 0,
        change: Mapping[str, Any] | None = None,
        trial: int | None = None,
        fields: tuple[str, ...] = (),
    ) -> None: ...

    def autopilot(self, on: bool) -> None: ...

    def give_up(self) -> None: ...

    def stop(self) -> None: ...

    def close(self) -> None: ...
