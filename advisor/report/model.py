"""What a report says, as plain values: all that its charts and its page need to know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

Told: TypeAlias = "Trial | Probe | Finals | Ensemble | Said"
"""What is told within a stage."""
Points: TypeAlias = tuple[tuple[float, float], ...]
"""(x, y) each; values that are not finite are gaps"""


@dataclass(frozen=True)
class Interval:
    """A gain, larger is better, and between what it lies."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Estimate:
    """A metric with its 95 % interval over the examples it was measured on."""

    value: float
    low: float | None = None
    high: float | None = None
    loss: float | None = None
    trial: int | None = None
    """the trial it comes from"""


@dataclass(frozen=True)
class Outcome:
    """What was measured on one set of examples, of the starting and of the best recipe."""

    name: str
    note: str
    before: Estimate | None
    after: Estimate | None
    gain: Interval | None = None
    """of the paired comparison, where both predicted the same examples"""


@dataclass(frozen=True)
class Head:
    """What the session was, and how far it got."""

    name: str
    task: str
    metric: str
    lower_is_better: bool
    backend: str
    device: str
    version: str
    """of this program, when the session was begun"""
    versions: Mapping[str, str]
    """of what else took part"""
    began: str
    ended: str
    budget: str
    finished: bool
    pending: str
    """what an unfinished session waits for; "" when it is over"""
    verdict: str
    """a sentence or two"""


@dataclass(frozen=True)
class Data:
    """What was learned from, and how it was split."""

    source: str
    train: int
    validation: int
    test: int
    shape: str
    split: str
    fingerprint: str


@dataclass(frozen=True)
class Change:
    """A field's value before and after."""

    path: str
    old: Any
    new: Any


@dataclass(frozen=True)
class Step:
    """A value that a field was given, and the trial that brought it."""

    value: Any
    trial: int
    rule: str


@dataclass(frozen=True)
class Difference:
    """A field in which the best recipe differs from the starting one, with all it went through."""

    path: str
    old: Any
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Proposed:
    """A change, the rule behind it, and what had been measured."""

    rule: str
    title: str
    why: str
    changes: tuple[Change, ...]
    measured: tuple[tuple[str, Any], ...]
    record: str = ""
    """what became of this rule's proposals in earlier sessions; "" where that is not known"""


@dataclass(frozen=True)
class Verdict:
    """What became of a proposal."""

    verdict: str
    """accepted, rejected or undecided"""
    reason: str
    before: float | None
    after: float | None
    gain: Interval | None
    seeds: int
    examples: int
    reopens: tuple[str, ...]


@dataclass(frozen=True)
class Trial:
    """A training: what was changed, what it gave, what it cost."""

    number: int
    purpose: str
    seed: int
    status: str
    message: str
    value: float | None
    train_value: float | None
    loss: float | None
    train_loss: float | None
    epochs: float
    examples: int
    seconds: float
    spent: float
    """epochs that the session had spent once it was done"""
    repeats: int | None = None
    """the first trial of the same recipe, with another seed"""
    proposed: Proposed | None = None
    verdict: Verdict | None = None


@dataclass(frozen=True)
class Probe:
    """A short experiment that is no trial."""

    number: int
    name: str
    facts: Mapping[str, Any]
    message: str
    epochs: float
    seconds: float
    curve: Mapping[str, tuple[float, ...]]


@dataclass(frozen=True)
class Said:
    """A remark of the session."""

    text: str


@dataclass(frozen=True)
class Finalist:
    """A recipe that was trained again on fresh seeds."""

    trial: int
    fresh: tuple[tuple[int, float | None], ...]
    """its trainings on fresh seeds: trial and validation metric"""
    verdict: Verdict | None
    """against the incumbent; None for the incumbent itself"""
    winner: bool


@dataclass(frozen=True)
class Finals:
    """Who met on seeds that no decision had seen, and what that decided."""

    finalists: tuple[Finalist, ...]


@dataclass(frozen=True)
class Ensemble:
    """The predictions of several trainings of one recipe, averaged."""

    members: tuple[int, ...]
    value: float
    loss: float
    single: float
    """the metric of the first member alone"""
    verdict: Verdict


@dataclass(frozen=True)
class Visit:
    """One stage that was worked through, passed over, or what came before and after the stages."""

    place: int
    stage: str
    phase: str
    about: str
    kind: Literal["entered", "reopened", "skipped", "outside"]
    outcome: str
    """why it was skipped or left; "" while it is at work"""
    by: int | None
    """the trial whose accepted change reopened it"""
    steps: tuple[Told, ...]
    spent: float
    """epochs that the session had spent when it began"""


@dataclass(frozen=True)
class Curve:
    """The evaluations of one training."""

    trial: int
    title: str
    losses: Mapping[str, Points]
    """against epochs; by "training" and "validation" """
    metrics: Mapping[str, Points]
    chance: float | None
    """the metric of ignoring the input"""
    kept: float | None = None
    """the epoch of the best evaluation, whose weights were kept"""


@dataclass(frozen=True)
class Mark:
    """A training in the course of the session."""

    trial: int
    spent: float
    value: float | None
    kind: str
    """baseline, accepted, rejected, undecided, or the purpose of a training that was not judged"""


@dataclass(frozen=True)
class Course:
    """The session against epochs spent."""

    marks: tuple[Mark, ...]
    incumbent: Points
    """the best recipe's metric, each time it changed, and at the end"""
    total: float
    """epochs spent at the end"""


@dataclass(frozen=True)
class Symptom:
    """A symptom's outcome with its evidence, and what came of it."""

    name: str
    about: str
    severity: str
    reads: str
    evidence: tuple[tuple[str, Any], ...]
    threshold: str
    window: str
    led_to: tuple[Symptom, ...] = ()


@dataclass(frozen=True)
class Looked:
    """All symptoms that were looked for in one training, or in the session."""

    title: str
    fired: tuple[Symptom, ...]
    clear: tuple[str, ...]
    unknown: tuple[Symptom, ...]
    """those without enough data to judge; `reads` says what is missing"""


@dataclass(frozen=True)
class Spent:
    """What one kind of work cost."""

    kind: str
    count: int
    epochs: float
    examples: int
    training: float
    """seconds of optimiser steps"""
    evaluating: float
    """seconds of evaluations and saving, within trainings"""
    other: float
    """seconds of starting, loading and handing over"""

    @property
    def seconds(self) -> float:
        return self.training + self.evaluating + self.other


@dataclass(frozen=True)
class Method:
    """One way of searching."""

    name: str
    curve: Points
    """(epochs spent, best value so far), to the end"""
    trials: int | None
    at: tuple[float | None, ...]
    """the best value after each of `Control.shares` of the epochs"""


@dataclass(frozen=True)
class Control:
    """What others would have found for the same epochs."""

    methods: tuple[Method, ...]
    shares: tuple[int, ...]
    """percent of the epochs"""
    verdict: str
    """in words, "" where nobody wrote them"""
    problem: str = ""
    """why there is nothing to show"""


@dataclass(frozen=True)
class Command:
    """A line to type, and what it does."""

    line: str
    does: str


@dataclass(frozen=True)
class Repeat:
    """How to come to the same again."""

    commands: tuple[Command, ...]
    facts: tuple[tuple[str, str], ...]
    best: str
    """the best recipe, as YAML; "" where nothing was trained"""


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
