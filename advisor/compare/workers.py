"""What a comparison asks of a worker process; `advisor.runner.Runner` has it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol

from advisor.compare.gates import Gate
from advisor.events import Event
from advisor.recipe import Recipe


class Worker(Protocol):
    """One process of one backend."""

    def check(self, recipe: Recipe) -> dict[str, Any]: ...

    def parity(self, recipe: Recipe, precision: str, steps: int, file: Path) -> None: ...

    def train(
        self, recipe: Recipe, folder: Path, on_event: Callable[[Event], None]
    ) -> list[Event]: ...

    @property
    def pid(self) -> int | None:
        """None while no process runs."""


OpenWorker = Callable[[str], AbstractContextManager[Worker]]
"""The worker of a backend by its name, to use as a context manager; its process starts later."""


class Watcher(Protocol):
    """Is told how far a comparison has come."""

    def began(self, what: str) -> None:
        """Something that takes a while."""

    def went(self, share: float, what: str = "") -> None:
        """How much of it is done, and what can be said of it."""

    def decided(self, gate: Gate) -> None:
        """One of the gates 1 to 3."""

    def reported(self, backend: str, seed: int, event: Event) -> None:
        """What the whole training of this seed says of itself."""


class Unwatched:
    """Tells nobody."""

    def began(self, what: str) -> None:
        pass

    def went(self, share: float, what: str = "") -> None:
        pass

    def decided(self, gate: Gate) -> None:
        pass

    def reported(self, backend: str, seed: int, event: Event) -> None:
        pass
