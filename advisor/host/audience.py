"""Who watches a session: front ends say when they come and go, or are found to be gone."""

from __future__ import annotations

from collections.abc import Iterable

from advisor.host.commands import Command
from advisor.host.presence import Process


class Audience:
    """The front ends that are attached."""

    def __init__(self) -> None:
        self._known: dict[int, Process] = {}

    def heed(self, commands: Iterable[Command]) -> None:
        """Take in each `hello` and `bye`; what else there is, is passed over."""
        for command in commands:
            try:
                if command["do"] == "hello":
                    process = Process(int(command["pid"]), float(command["created"]))
                    self._known[process.pid] = process
                elif command["do"] == "bye":
                    self._known.pop(int(command["pid"]), None)
            except (KeyError, TypeError, ValueError):
                continue

    def anyone(self) -> bool:
        """Whether any of them is still there."""
        self._known = {pid: one for pid, one in self._known.items() if one.alive()}
        return bool(self._known)
