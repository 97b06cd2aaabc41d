"""How far a long command has come: a bar in a terminal, a line now and then elsewhere."""

from __future__ import annotations

import threading
from types import TracebackType
from typing import Self


class Progress:
    """Counts to `total` on standard error. `advance` may be called from any thread."""

    def __init__(self, about: str, total: int) -> None:
        self.about, self.total, self.done = about, total, 0
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as Bar

        self._console = Console(stderr=True, highlight=False)
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        self._bar = Bar(
            *columns,
            TimeRemainingColumn(),
            console=self._console,
            transient=True,
            disable=not self._console.is_terminal,
        )
        self._bar.start()
        self._task = self._bar.add_task(self.about, total=self.total)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.stop()

    def advance(self) -> None:
        with self._lock:
            self.done += 1
            self._bar.advance(self._task)
            if not self._console.is_terminal and self._told():
                self._console.print(f"{self.about} {self.done} of {self.total}")

    def _told(self) -> bool:
        """About ten lines in all."""
        return self.done == self.total or self.done % max(1, self.total // 10) == 0
