"""What a report says, as plain values: all that its charts and its page need to know."""

from __future__ import annotations

from dataclasses import dataclass

from advisor.report.model.numbers import (
    Estimate,
    Interval,
    Points,
)
from advisor.report.model.result import (
    Change,
    Data,
    Difference,
    Head,
    Outcome,
    Step,
)
from advisor.report.model.shown import (
    Command,
    Control,
    Course,
    Curve,
    Looked,
    Mark,
    Method,
    Repeat,
    Spent,
    Symptom,
)
from advisor.report.model.tried import (
    Ensemble,
    Finalist,
    Finals,
    Probe,
    Proposed,
    Said,
    Told,
    Trial,
    Verdict,
    Visit,
)

__all__ = [
    "Change",
    "Command",
    "Control",
    "Course",
    "Curve",
    "Data",
    "Difference",
    "Ensemble",
    "Estimate",
    "Finalist",
    "Finals",
    "Head",
    "Interval",
    "Looked",
    "Mark",
    "Method",
    "Outcome",
    "Points",
    "Probe",
    "Proposed",
    "Repeat",
    "Report",
    "Said",
    "Spent",
    "Step",
    "Symptom",
    "Told",
    "Trial",
    "Verdict",
    "Visit",
]


@dataclass(frozen=True)
class Report:
    """A session, ready to be laid out."""

    head: Head
    data: Data
    outcomes: tuple[Outcome, ...]
    doubts: tuple[str, ...]
    differences: tuple[Difference, ...]
    visits: tuple[Visit, ...]
    curves: tuple[Curve, ...]
    course: Course
    symptoms: tuple[Looked, ...]
    probes: tuple[Probe, ...]
    spent: tuple[Spent, ...]
    elapsed: float
    """seconds by the clock, for all trainings and probes; those side by side count once"""
    control: Control | None
    repeat: Repeat
