"""The command palette: every key of the session screen by its name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from textual.command import DiscoveryHit, Hit, Hits, Provider

from advisor.tui.keys import KEYS


class SessionCommands(Provider):
    """What can be done now."""

    def _commands(self) -> Iterator[tuple[str, str, Callable[[], object]]]:
        screen = self.screen
        for key in KEYS:
            if screen.check_action(key.action.partition("(")[0], ()):
                run = partial(screen.run_action, key.action)
                yield f"{key.label} ({key.key})", key.help, run

    async def discover(self) -> Hits:
        for name, told, run in self._commands():
            yield DiscoveryHit(name, run, help=told)

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for name, told, run in self._commands():
            score = max(matcher.match(name), matcher.match(told) / 2)
            if score > 0:
                yield Hit(score, matcher.highlight(name), run, help=told)
