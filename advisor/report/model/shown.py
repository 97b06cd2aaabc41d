"""Curves, symptoms, cost, comparison, and how to repeat it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from advisor.report.model.numbers import Points


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
    epochs: float = 0.0
    """that it took"""


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
    verdict: str = ""
    """of what the session recommends, "" where nobody wrote it"""
    search_verdict: str = ""
    """of the best of any of its trainings"""
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
