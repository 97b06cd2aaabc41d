"""The lines of `advisor compare --json --progress`, folded into frozen values. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from advisor.tui.model import CurveView, plain

Line = Mapping[str, Any]
METRIC, LOSS, TRAIN = "validation_metric", "validation_loss", "train_loss"
CURVES = (METRIC, LOSS, TRAIN)


@dataclass(frozen=True)
class GateView:
    """One of the gates 1 to 3."""

    name: str
    about: str
    value: float | None
    """None: not a finite number"""
    limit: float
    ok: bool


@dataclass(frozen=True)
class Run:
    """One whole training: its curves, by name."""

    backend: str
    seed: int
    curves: Mapping[str, CurveView] = field(default_factory=dict)
    status: str = "running"
    best: float | None = None


@dataclass(frozen=True)
class Course:
    """How far a comparison has come."""

    recipe: str = ""
    backends: tuple[str, ...] = ()
    metric: str = "metric"
    steps: int = 0
    seeds: tuple[int, ...] = ()
    doing: str = ""
    gates: tuple[GateView, ...] = ()
    runs: tuple[Run, ...] = ()
    summary: Mapping[str, Any] = field(default_factory=dict)
    """as in docs/json.md; empty while it goes on"""

    def mean(self, backend: str, curve: str) -> CurveView:
        """Over the seeds that got there with a finite value."""
        values: dict[float, list[float]] = {}
        for run in self.runs:
            if run.backend == backend and (found := run.curves.get(curve)):
                for x, y in zip(found.x, found.y, strict=True):
                    if math.isfinite(y):
                        values.setdefault(x, []).append(y)
        places = sorted(values)
        return CurveView(tuple(places), tuple(sum(values[x]) / len(values[x]) for x in places))


def fed(course: Course, line: Line) -> Course:
    """The comparison after this line; one that is not known changes nothing."""
    match line.get("event"):
        case "comparison":
            return Course(
                plain.text(line, "recipe"),
                plain.texts(line, "backends"),
                plain.text(line, "metric") or "metric",
                plain.whole(line, "steps") or 0,
                tuple(int(seed) for seed in line.get("seeds") or ()),
            )
        case "began":
            return replace(course, doing=plain.text(line, "what"))
        case "gate":
            return replace(course, gates=(*course.gates, _gate(line)))
        case "trial_started":
            run = Run(plain.text(line, "backend"), plain.whole(line, "seed") or 0)
            return replace(course, runs=(*course.runs, run))
        case "evaluated" | "trial_finished":
            return replace(course, runs=tuple(_told(run, line) for run in course.runs))
        case "summary":
            return replace(course, summary=dict(line), doing="")
    return course


def _gate(line: Line) -> GateView:
    return GateView(
        plain.text(line, "name"),
        plain.text(line, "about"),
        plain.number(line, "value"),
        plain.number(line, "limit") or 0.0,
        line.get("ok") is True,
    )


def _told(run: Run, line: Line) -> Run:
    if (run.backend, run.seed) != (line.get("backend"), line.get("seed")):
        return run
    if line.get("event") == "trial_finished":
        status = plain.text(line, "status") or "failed"
        return replace(run, status=status, best=plain.number(line, METRIC))
    x = plain.number(line, "epoch") or 0.0
    curves = dict(run.curves)
    for name in CURVES:
        y = plain.number(line, name)
        before = curves.get(name, CurveView())
        curves[name] = CurveView((*before.x, x), (*before.y, math.nan if y is None else y))
    return replace(run, curves=curves)
