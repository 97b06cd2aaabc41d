"""What a session asks for, what it is told, and what it announces."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from advisor.advice import Proposal
from advisor.events import Evaluated, Event, ProbeFinished, TrialFinished, TrialStarted
from advisor.evidence import Decision, Predictions
from advisor.recipe import Recipe
from advisor.stages import Stage
from advisor.symptoms import Finding

Purpose = Literal["baseline", "candidate", "repeat", "confirmation"]


@dataclass(frozen=True)
class Train:
    """Run this trial; answer with a `Result`."""

    number: int
    purpose: Purpose
    recipe: Recipe
    race: tuple[float | None, ...] = ()


@dataclass(frozen=True)
class RunProbe:
    """Run this probe; answer with a `Result` whose only event is a ProbeFinished."""

    number: int
    probe: str
    recipe: Recipe


@dataclass(frozen=True)
class Choose:
    """Say what to do with these proposals, best first; answer with a `Choice`."""

    stage: Stage
    proposals: tuple[Proposal, ...]


@dataclass(frozen=True)
class OpenTest:
    """Open the sealed test split for these trials, by number; answer with a `TestResult`."""

    trials: Mapping[str, int]


@dataclass(frozen=True)
class Result:
    """What a trial or probe left behind."""

    events: Sequence[Event]
    predictions: Predictions | None = None
    seconds: float = 0.0
    """wall time as the caller saw it"""
    error: str = ""
    """why it failed, when the worker did"""

    def last(self, kind: type[Any]) -> Any:
        """The last event of this class, or None."""
        return next((event for event in reversed(self.events) if isinstance(event, kind)), None)

    @property
    def finished(self) -> TrialFinished | None:
        found: TrialFinished | None = self.last(TrialFinished)
        return found

    @property
    def probed(self) -> ProbeFinished | None:
        found: ProbeFinished | None = self.last(ProbeFinished)
        return found

    @property
    def started(self) -> TrialStarted | None:
        found: TrialStarted | None = self.last(TrialStarted)
        return found

    def curve(self) -> list[float]:
        """Validation metric at each evaluation."""
        return [e.validation_metric for e in self.events if isinstance(e, Evaluated)]


@dataclass(frozen=True)
class Choice:
    """An answer to `Choose`: try one of the proposals, leave the stage, or end the session."""

    action: Literal["try", "leave", "finish"]
    index: int = 0


@dataclass(frozen=True)
class TestResult:
    """Metric and loss on the sealed test split, by the names in `OpenTest`."""

    facts: Mapping[str, float] = field(default_factory=dict)
    opened: int = 1
    """how often the split has been opened in this session, this time included"""


@dataclass(frozen=True)
class StageEntered:
    stage: Stage
    reopened: bool
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class StageLeft:
    stage: Stage
    outcome: str


@dataclass(frozen=True)
class StageSkipped:
    stage: Stage
    reason: str


@dataclass(frozen=True)
class Decided:
    """A proposal met its evidence."""

    stage: Stage
    proposal: Proposal
    trial: int
    decision: Decision
    value: float | None
    """the candidate's validation metric"""
    incumbent: float | None
    """the incumbent's"""
    reopens: tuple[str, ...]


@dataclass(frozen=True)
class Remark:
    """Something worth saying that is none of the above."""

    text: str


Note = StageEntered | StageLeft | StageSkipped | Decided | Remark
Request = Train | RunProbe | Choose | OpenTest | Note
Answer = Result | Choice | TestResult | None
