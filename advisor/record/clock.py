"""How long a loop has trained, and how much of that it waited for its batches."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import Generic, TypeVar

Batch = TypeVar("Batch")


class Clock:
    """Told of steps, evaluations and batches; times are those of `time.perf_counter`."""

    def __init__(self, now: float) -> None:
        self._began = self._stepped = now
        self._away = 0.0
        self._lag = 0.0
        self._waited, self._batches = 0.0, 0
        """since the last step"""
        self._sum, self._count = 0.0, 0
        """of the steps since the last report"""

    def step(self, now: float) -> None:
        """An optimiser step is done."""
        self._stepped = now
        if self._batches:
            self._sum += self._waited
            self._count += 1
            self._waited, self._batches = 0.0, 0

    def evaluated(self, now: float) -> None:
        """What has passed since the last step was no training."""
        self._away += now - self._stepped
        self._stepped = now
        self._waited, self._batches = 0.0, 0

    def got(self, seconds: float) -> None:
        """A batch has come after so long."""
        self._waited += seconds
        self._batches += 1

    def seconds(self, now: float) -> float:
        """Of training since the start."""
        return now - self._began - self._away

    def waits(self, steps: int, lag: float | None = None) -> float | None:
        """Seconds of the last `steps` steps, all since the last call, in which nothing was
        computed for want of a batch; None where not every step was preceded by one.

        `lag`: seconds by which the device is behind the loop, where just measured. So long it
        goes on computing while the loop waits.
        """
        self._lag = self._lag if lag is None else lag
        found, count = self._sum, self._count
        self._sum, self._count = 0.0, 0
        return max(0.0, found - steps * self._lag) if count == steps else None


class Batches(Generic[Batch]):
    """The batches of a loader, as often as they are gone through, with the wait for each told."""

    def __init__(self, loader: Iterable[Batch], clock: Clock) -> None:
        self._loader, self._clock = loader, clock

    def __len__(self) -> int:
        """As many as the loader's; TypeError where it does not know."""
        return len(self._loader)  # type: ignore[arg-type]

    def __iter__(self) -> Iterator[Batch]:
        began = time.perf_counter()
        for batch in self._loader:
            self._clock.got(time.perf_counter() - began)
            yield batch
            began = time.perf_counter()
