"""What a session was, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from advisor.report.model.numbers import Estimate, Interval


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
    at_work: bool = False
    """whether a process works on the session now"""


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
    below: bool = False
    """whether it is that of the trial which the proposal is built on"""


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
