"""What the outcomes say: how soon we are where the searches end, and how often ahead of them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from statistics import median
from typing import Any

from advisor.metrics import oriented
from tuners.jobs import CHECKPOINTS, Outcome

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
        spent = tpe.spent_by_tpe_trials
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
        """Whether our best so far is at least as good as theirs after so many trainings: ties
        count as ours."""
        gain = self._gain(other, equivalents)
        return None if gain is None else gain >= 0

    def strictly_ahead(self, other: str, equivalents: float) -> bool | None:
        """Whether our best so far is better than theirs after so many trainings: ties don't
        count."""
        gain = self._gain(other, equivalents)
        return None if gain is None else gain > 0

    def _gain(self, other: str, equivalents: float) -> float | None:
        """Our best so far less theirs, larger is better; who has none is infinitely behind, and
        that is us where neither has."""
        ours, theirs = self.by.get("advisor"), self.by.get(other)
        if ours is None or theirs is None:
            return None
        spent = equivalents * ours.epochs_a_training
        mine, yours = ours.best(spent), theirs.best(spent)
        if mine is None:
            return -math.inf
        if yours is None:
            return math.inf
        metric: Any = ours.metric
        return oriented(metric, mine) - oriented(metric, yours)


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
    """The figures of the whole, each with its target where it has one."""
    made = [*_shares_of_tpe(found)]
    for other in ("random", "tpe", "hyperband"):
        made.append(_ahead(other, [one.ahead(other, equivalents) for one in found]))
    for other in ("random", "tpe"):
        won = [one.strictly_ahead(other, equivalents) for one in found]
        made.append(_rate(f"strictly better than {other}, same epochs", won))
    for other in ("random", "tpe"):
        won = [one.ahead_on_test(other) for one in found]
        made.append(_rate(f"recommended: as good on the test as {other}'s best", won))
    ours = [one.by["advisor"] for one in found if "advisor" in one.by]
    spent = [one.trials[-1][0] / one.epochs_a_training for one in ours if one.trials]
    made.append(
        Figure("trainings that a session spends, median", _median(spent), "", None, len(ours))
    )
    made.append(_never_worse(ours))
    made.append(_overhead(ours))
    trials = sum(one.count for one in ours)
    beside = sum(one.seconds - one.training_seconds for one in ours)
    each = beside / trials if trials else None
    made.append(Figure("seconds beside each training", each, "", None, trials))
    return made


def _shares_of_tpe(found: Sequence[Round]) -> Iterator[Figure]:
    """Of all, with the target, and of each seed by itself."""
    name = "share of TPE's budget, median"
    whole = _median_share(name, found)
    met = None if whole.value is None else whole.value <= SHARE
    yield replace(whole, target=f"<= {SHARE:.2f}", met=met)
    for seed in sorted({one.seed for one in found}):
        yield _median_share(f"{name}, seed {seed}", [one for one in found if one.seed == seed])


def _median_share(name: str, found: Sequence[Round]) -> Figure:
    shares = [share for one in found if (share := one.share_of_tpe()) is not None]
    return Figure(name, _median(shares), "", None, len(shares))


def _ahead(other: str, won: Sequence[bool | None]) -> Figure:
    found = _rate(f"as good as {other} or better, same epochs", won)
    if other != "random":
        return found
    met = None if found.value is None else found.value >= AHEAD
    return replace(found, target=f">= {AHEAD}", met=met)


def _rate(name: str, won: Sequence[bool | None]) -> Figure:
    """How often it is so, where it is known, without a target."""
    known = [one for one in won if one is not None]
    return Figure(name, sum(known) / len(known) if known else None, "", None, len(known))


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
