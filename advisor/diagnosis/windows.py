"""Where on the axis of a plot a finding was made."""

from __future__ import annotations

import re
from collections.abc import Sequence

from advisor.diagnosis.case import Case
from advisor.events import Evaluated
from advisor.symptoms import Finding

LAST = re.compile(r"last (\d+) (evaluations|steps|entries|epochs|inspections)")
SHARES = {
    "last third": (2 / 3, 1.0),
    "last two thirds": (1 / 3, 1.0),
    "second half": (0.5, 1.0),
    "the run": (0.0, 1.0),
}


def window_of(finding: Finding, case: Case) -> tuple[float, float] | None:
    """First and last share of the log that was looked at; None where that is no part of it."""
    step = finding.evidence.get("step")
    evaluations = [event for event in case.events if isinstance(event, Evaluated)]
    if isinstance(step, int | float):
        return _at_label(case, float(step))
    if finding.window == "best evaluation":
        best = [event.step for event in evaluations if event.best]
        return _point(best[-1] / _end(case)) if best else None
    if finding.window == "last evaluation":
        return _point(evaluations[-1].step / _end(case)) if evaluations else None
    found = LAST.match(finding.window)
    if found:
        return _last(int(found[1]), found[2], evaluations, case)
    return next(
        (share for words, share in SHARES.items() if finding.window.startswith(words)), None
    )


def _end(case: Case) -> int:
    return max((event.step for event in case.events if hasattr(event, "step")), default=0) or 1


def _point(share: float) -> tuple[float, float]:
    place = min(max(share, 0.0), 1.0)
    return place, place


def _last(
    n: int, what: str, evaluations: Sequence[Evaluated], case: Case
) -> tuple[float, float] | None:
    if what in ("evaluations", "inspections"):
        first = evaluations[-n:][:1]
        return (first[0].step / _end(case), 1.0) if first else None
    return max(0.0, 1 - n / _end(case)), 1.0


def _at_label(case: Case, label: float) -> tuple[float, float] | None:
    """The place of one of the log's own numbers."""
    labels = case.scale.labels or range(1, _end(case) + 1)
    first, last = labels[0], labels[-1]
    return _point((label - first) / (last - first) if last > first else 0.0)
