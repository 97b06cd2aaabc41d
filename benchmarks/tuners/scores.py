"""What the outcomes say: how soon we are where the searches end, and how often ahead of them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from advisor.metrics import oriented
from tuners.jobs import CHECKPOINTS, Outcome

TPE_TRIALS = 50
SHARE, STRETCH, AHEAD, OVERHEAD = 1 / 3, 1 / 5, 0.85, 0.03
NOISE = 2.0
"""Standard errors by which a test metric may fall below the start's."""


@dataclass(frozen=True)
class Figure:
    """A number with its target."""

    name: str
    value: float | None
    target: str
    met: bool | None
    """None: not measured"""
    of: int = 0
    """on how many runs it rests"""

    def record(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Round:
    """The outcomes of all methods from one start."""

    task: str
    start: str
    seed: int
    by: dict[str, Outcome]

    def share_of_tpe(self) -> float | None:
        """Our epochs to reach what TPE has after its 50th trial, over TPE's; inf: never."""
        ours, tpe = self.by.get("advisor"), self.by.get("tpe")
        if ours is None or tpe is None or not tpe.trials:
            return None
        spent = tpe.trials[min(TPE_TRIALS, len(tpe.trials)) - 1][0]
        wanted = tpe.best(spent)
        if wanted is None:
            return 0.0
        return _reached(ours, wanted) / spent

    def ahead_on_test(self, other: str) -> bool | None:
        """Whether what our session recommends is at least as good on the test as the other's best
        on validation, after all that each may spend."""
        ours, theirs = self.by.get("advisor"), self.by.get(other)
        if ours is None or theirs is None or ours.recommended is None or not theirs.tests:
            return None
        last = theirs.tests[max(theirs.tests, key=int)]
        metric: Any = ours.metric
        return oriented(metric, ours.recommended) >= oriented(metric, last)

    def ahead(self, other: str, equivalents: float) -> bool | None:
        """Whether our best so far is at least as good as theirs after so many trainings; as good
        counts only where neither can be better."""
        ours, theirs = self.by.get("advisor"), self.by.get(other)
        if ours is None or theirs is None:
            return None
        spent = equivalents * ours.epochs_a_training
        mine, yours = ours.best(spent), theirs.best(spent)
        if mine is None or yours is None:
            return yours is None and mine is not None
        metric: Any = ours.metric
        return oriented(metric, mine) >= oriented(metric, yours)


def _reached(outcome: Outcome, wanted: float) -> float:
    metric: Any = outcome.metric
    for spent, value, _ in outcome.trials:
        if value is not None and oriented(metric, value) >= oriented(metric, wanted):
            return spent
    return math.inf


def rounds(outcomes: Iterable[Outcome]) -> list[Round]:
    found: dict[tuple[str, str, int], Round] = {}
    for one in outcomes:
        key = (one.task, one.start, one.seed)
        found.setdefault(key, Round(*key, {})).by[one.method] = one
    return list(found.values())


def figures(found: Sequence[Round], equivalents: int) -> list[Figure]:
    """The figures of the whole, each with its target."""
    shares = [share for one in found if (share := one.share_of_tpe()) is not None]
    made = [_share(shares)]
    for other in ("random", "tpe", "hyperband"):
        ahead = [won for one in found if (won := one.ahead(other, equivalents)) is not None]
        made.append(_ahead(other, ahead))
    for other in ("random", "tpe"):
        ahead = [won for one in found if (won := one.ahead_on_test(other)) is not None]
        share = sum(ahead) / len(ahead) if ahead else None
        name = f"recommended: as good on the test as {other}'s best"
        made.append(Figure(name, share, "", None, len(ahead)))
    ours = [one.by["advisor"] for one in found if "advisor" in one.by]
    spent = [one.trials[-1][0] / one.epochs_a_training for one in ours if one.trials]
    made.append(
        Figure("trainings that a session spends, median", _median(spent), "", None, len(ours))
    )
    made.append(_never_worse(ours))
    made.append(_overhead(ours))
    trials = sum(len(one.trials) for one in ours)
    beside = sum(one.seconds - one.training_seconds for one in ours)
    each = beside / trials if trials else None
    made.append(Figure("seconds beside each training", each, "", None, trials))
    return made


def _share(shares: Sequence[float]) -> Figure:
    value = median(shares) if shares else None
    met = None if value is None else value <= SHARE
    return Figure("share of TPE's budget, median", value, f"<= {SHARE:.2f}", met, len(shares))


def _ahead(other: str, ahead: Sequence[bool]) -> Figure:
    value = sum(ahead) / len(ahead) if ahead else None
    aim = other == "random"
    met = None if value is None or not aim else value >= AHEAD
    name = f"as good as {other} or better, same epochs"
    return Figure(name, value, f">= {AHEAD}" if aim else "", met, len(ahead))


def _never_worse(ours: Sequence[Outcome]) -> Figure:
    worse = [one for one in ours if is_worse(one)]
    known = [one for one in ours if one.recommended is not None and one.test_start is not None]
    met = None if not known else not worse
    return Figure("sessions worse than their start on the test", len(worse), "0", met, len(known))


def is_worse(one: Outcome) -> bool:
    """Whether what was recommended is worse than the start on the test, beyond noise."""
    if one.recommended is None or one.test_start is None:
        return False
    metric: Any = one.metric
    gain = oriented(metric, one.recommended) - oriented(metric, one.test_start)
    return gain < -NOISE * math.sqrt(2) * one.test_error


def _overhead(ours: Sequence[Outcome]) -> Figure:
    whole = sum(one.seconds for one in ours)
    value = 1 - sum(one.training_seconds for one in ours) / whole if whole else None
    met = None if value is None else value <= OVERHEAD
    return Figure("time that is not training", value, f"<= {OVERHEAD}", met, len(ours))


def table(found: Sequence[Round], methods: Sequence[str]) -> list[dict[str, Any]]:
    """A row a task and method: medians over starts and seeds at each checkpoint."""
    rows = []
    for task in dict.fromkeys(one.task for one in found):
        mine = [one for one in found if one.task == task]
        for method in methods:
            done = [one.by[method] for one in mine if method in one.by]
            if done:
                rows.append(_row(task, method, done, mine))
    return rows


def _row(task: str, method: str, done: Sequence[Outcome], mine: Sequence[Round]) -> dict[str, Any]:
    row: dict[str, Any] = {"task": task, "method": method, "runs": len(done)}
    for checkpoint in CHECKPOINTS:
        values = [one.best(checkpoint * one.epochs_a_training) for one in done]
        tests = [one.tests[str(checkpoint)] for one in done if str(checkpoint) in one.tests]
        row[f"validation {checkpoint}"] = _median(values)
        row[f"test {checkpoint}"] = _median(tests)
    if method == "advisor":
        row["share of tpe"] = _median([one.share_of_tpe() for one in mine])
    return row


def _median(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return median(known) if known else None
