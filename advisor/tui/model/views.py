"""What the screens show: frozen values, made by `journal` from what a session writes down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from advisor.tui.model.grown import Grown
from advisor.verdict_words import verdict_word

StageStatus = Literal["waiting", "now", "done", "skipped", "reopened"]
Severity = Literal["info", "good", "bad", "warning"]
LATEST = 200
"""Decisions back to which it is looked for what leads."""


@dataclass(frozen=True)
class StageView:
    """One stage of the order."""

    name: str
    phase: str = ""
    about: str = ""
    status: StageStatus = "waiting"
    outcome: str = ""
    """what it came to, or why it was skipped"""
    reopened_by: str = ""
    """the rule whose accepted change reopened it"""
    visits: int = 0
    accepted: int = 0
    rejected: int = 0
    undecided: int = 0


@dataclass(frozen=True)
class BudgetView:
    """Spent of what tuning may spend."""

    epochs: float = 0.0
    trials: float = 0.0
    seconds: float = 0.0
    share: float = 0.0
    text: str = ""
    """`12 of 60 epochs`"""


@dataclass(frozen=True)
class FindingView:
    """A symptom's outcome on one trial."""

    symptom: str
    outcome: str
    """fired, clear, not enough data"""
    severity: str = "info"
    explained_by: str = ""
    evidence: Mapping[str, Any] = field(default_factory=dict)
    window: str = ""
    threshold: str = ""
    reads: str = ""


@dataclass(frozen=True)
class TrialView:
    """One training, from its start to the decision on it."""

    number: int
    purpose: str
    stage: str = ""
    seed: int | None = None
    changes: Mapping[str, Any] = field(default_factory=dict)
    """path -> value, against the incumbent of its time"""
    folder: str = ""
    """relative to the session's"""
    epochs: int | None = None
    """planned"""
    against: int | None = None
    """the incumbent it was to beat"""
    status: str = "running"
    """then: finished, early_stopped, stopped, diverged, failed"""
    message: str = ""
    value: float | None = None
    """validation metric at the best evaluation; `loss` the same, and of training"""
    loss: float | None = None
    train_value: float | None = None
    train_loss: float | None = None
    spent: float | None = None
    """epochs"""
    best_epoch: float | None = None
    """of the best evaluation"""
    seconds: float | None = None
    rule: str = ""
    """whose proposal it tries"""
    origin: str = ""
    """rule; edited: the rule's, with values of the person's own; own: the person's own change"""
    verdict: str = ""
    """accepted, rejected, passed, undecided; empty where nothing was decided"""
    why: str = ""
    replayed: bool = False

    @property
    def running(self) -> bool:
        return self.status == "running"


@dataclass(frozen=True)
class ProbeView:
    """One short experiment."""

    number: int
    probe: str
    stage: str = ""
    folder: str = ""
    facts: Mapping[str, Any] | None = None
    """what it measured; None while it runs"""
    message: str = ""
    error: str = ""
    epochs: float | None = None

    @property
    def running(self) -> bool:
        return self.facts is None and not self.error


@dataclass(frozen=True)
class DecisionView:
    """A proposal met its evidence."""

    stage: str
    rule: str
    trial: int
    verdict: str
    why: str
    value: float | None = None
    incumbent: float | None = None
    gain: float | None = None
    low: float | None = None
    high: float | None = None
    reopens: tuple[str, ...] = ()
    origin: str = "rule"
    """as of a trial"""
    leads: bool = False
    """whether what follows is built on it, though it is not shown to help"""

    @property
    def word(self) -> str:
        """The verdict as it is shown."""
        return verdict_word(self.verdict, self.rule, self.gain)


@dataclass(frozen=True)
class ActView:
    """What a person did that is neither a trial nor a probe."""

    kind: Literal["refused", "locked", "unlocked", "returned"]
    place: int
    """how many acts there were before it"""
    after: int
    """number of the trial or probe before it; 0: none"""
    stage: str = ""
    rule: str = ""
    """whose proposal was refused"""
    change: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)
    """what was refused: path -> (now, then)"""
    fields: tuple[str, ...] = ()
    """what was locked or unlocked"""
    trial: int | None = None
    """what was returned to, and `left` what from"""
    left: int | None = None
    reopens: tuple[str, ...] = ()


@dataclass(frozen=True)
class ProposalView:
    """A change with its reason."""

    rule: str
    title: str
    stage: str = ""
    change: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)
    """path -> (now, then)"""
    why: str = ""
    expect: str = ""
    caution: str = ""
    references: tuple[str, ...] = ()
    maturity: str = ""
    measured: Mapping[str, Any] = field(default_factory=dict)
    treats: str = ""
    aim: str = ""
    epochs: float | None = None
    """what one training of it costs"""
    experience: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class LookView:
    """A change that was run as a probe, beside the incumbent at the same evaluation."""

    rule: str
    change: Mapping[str, Any]
    """path -> value"""
    epochs: float
    value: float | None
    incumbent: float | None
    origin: str = "rule"


@dataclass(frozen=True)
class Question:
    """Proposals that wait for a choice; `number` names it in the answer."""

    number: int
    stage: str
    proposals: tuple[ProposalView, ...]
    refused: tuple[str, ...] = ()
    """proposals that could not be made, and why"""


@dataclass(frozen=True)
class IncumbentView:
    """A recipe that all else is, or was, held against."""

    trial: int
    recipe: Mapping[str, Any]
    value: float | None = None
    why: str = ""
    """baseline, accepted, returned"""


@dataclass(frozen=True)
class Entry:
    """A line of the session's log."""

    text: str
    severity: Severity = "info"
    trial: int | None = None


@dataclass(frozen=True)
class Fault:
    """Why the session's process ended."""

    kind: str
    """user, worker, ours"""
    message: str
    detail: str = ""


@dataclass(frozen=True)
class SessionView:
    """A session as far as it is known: all that a screen needs, at one moment."""

    folder: str = ""
    name: str = ""
    task: str = ""
    metric: str = "metric"
    larger_is_better: bool = True
    seed: int | None = None
    backend: str = ""
    device: str = ""
    recipe: Mapping[str, Any] = field(default_factory=dict)
    """the starting recipe, flat"""
    epochs: int | None = None
    """of one training"""
    stages: tuple[StageView, ...] = ()
    stage: str = ""
    """where it is"""
    limit: str = ""
    budget: BudgetView = BudgetView()
    trials: Grown[TrialView] = field(default_factory=Grown)
    probes: Grown[ProbeView] = field(default_factory=Grown)
    decisions: Grown[DecisionView] = field(default_factory=Grown)
    acts: Grown[ActView] = field(default_factory=Grown)
    incumbents: Grown[IncumbentView] = field(default_factory=Grown)
    """the last one holds"""
    best: IncumbentView | None = None
    """the one of the best value so far, which a return to an earlier recipe leaves"""
    log: Grown[Entry] = field(default_factory=Grown)
    findings: tuple[FindingView, ...] = ()
    """of the latest trial that was judged"""
    findings_of: int | None = None
    question: Question | None = None
    looks: tuple[LookView, ...] = ()
    """in this visit of the stage"""
    autopilot: bool = False
    locked: tuple[str, ...] = ()
    running: tuple[int, ...] = ()
    """numbers of trials and probes under way"""
    test: Mapping[str, Any] = field(default_factory=dict)
    summary: Mapping[str, Any] = field(default_factory=dict)
    """as in docs/json.md; empty while the session goes on"""
    fault: Fault | None = None
    ended: str = ""
    """finished, stopped, idle, error; empty while it goes on"""
    revision: int = 0
    """lines of the journal behind this"""

    @property
    def incumbent(self) -> IncumbentView | None:
        return self.incumbents[-1] if self.incumbents else None

    @property
    def leader(self) -> DecisionView | None:
        """What the next changes are built on, where that is not the incumbent."""
        now, later = self.incumbent, set[int]()
        for found in reversed(self.decisions[-LATEST:]):
            if found.verdict == "accepted" or now is None:
                return None
            if found.leads and found.incumbent == now.value:
                return None if found.trial in later else found
            later.add(found.trial)
        return None

    @property
    def known(self) -> bool:
        """Whether the journal has said anything yet."""
        return bool(self.stages)
