"""How often a loop is looked at, so that looking costs a fixed share of its time."""

from __future__ import annotations

import math
from collections import deque
from statistics import median

SHARE = 0.01
"""Of the loop's time for looks; keeping each step's loss comes on top."""
LONGEST, LOOKS = 30.0, 200
"""Seconds between two looks at most, and about how many looks a run gets early on."""
MOST_STEPS = 10_000
"""Steps whose values may wait to be written."""
WAITING = 0.1
"""Share of the time that a look waits for the device which counts as its cost: the device works
meanwhile, and all that is lost is its lead."""
EARLY = 7
"""Steps after the first two looks, which are no measure: compilation and caches are in them."""
SURE, SOON, CHEAP = 5, 22, 10.0
"""So many looks, about so many steps apart at most, has every run in which a look costs less than
so many steps: one whose cost was measured while the machine was busy must not be the last."""


class Pace:
    """Chooses the step of the next look from what looks and steps have cost."""

    def __init__(self, now: float) -> None:
        self._began = self._ended = now
        self._costs: deque[float] = deque(maxlen=3)
        self._step_seconds = math.inf
        self._step = self._looks = 0
        self._interrupted = False
        self.spent = 0.0
        """seconds that looks took"""

    def interrupted(self) -> None:
        """Something else than steps has taken time since the last look."""
        self._interrupted = True

    def looked(self, step: int, cost: float, now: float, waiting: float = 0.0) -> int:
        """After a look at `step` that took `cost` seconds, `waiting` of which for the device: the
        step of the next."""
        counted = cost - (1 - WAITING) * waiting
        self.spent += counted
        self._costs.append(counted)
        steps = max(1, step - self._step)
        seconds = max(now - counted - self._ended, 1e-7) / steps
        self._step_seconds = min(seconds, self._step_seconds) if self._interrupted else seconds
        self._step, self._ended, self._interrupted = step, now, False
        return step + self._next_gap(now)

    def _next_gap(self, now: float) -> int:
        self._looks += 1
        if self._looks < 3:
            self._costs.clear()
            return 1 if self._looks < 2 else EARLY
        affordable = median(self._costs) / SHARE
        sensible = min((now - self._began) / LOOKS, LONGEST)
        wanted = min(max(affordable, sensible), max(LONGEST, affordable)) / self._step_seconds
        cheap = min(self._costs) < CHEAP * self._step_seconds
        most = SOON + self._looks if self._looks < SURE and cheap else MOST_STEPS
        return max(1, min(math.ceil(wanted), most))
