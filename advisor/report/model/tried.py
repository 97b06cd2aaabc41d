"""What was tried, in its order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from advisor.report.model.numbers import Interval
from advisor.report.model.result import Change

Told: TypeAlias = "Trial | Probe | Finals | Ensemble | Said"
"""What is told within a stage."""


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
    origin: str = "rule"
    """rule; edited: a person changed its values; own: a person made it up"""
    built_on: int | None = None
    """the trial that leads, whose change this one contains"""


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
