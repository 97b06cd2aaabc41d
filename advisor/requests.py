"""What a session asks for, what it is told, and what it announces."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from advisor.advice import Proposal
from advisor.events import Evaluated, Event, ProbeFinished, TrialFinished, TrialStarted
from advisor.evidence import Decision, Predictions
from advisor.recipe import Recipe
from advisor.stages import Stage
from advisor.symptoms import Finding

Purpose = Literal["baseline", "candidate", "repeat", "confirmation", "member", "look"]
"""confirmation: on a seed that no decision has seen; member: one more seed for the ensemble; look:
only begun, to be seen beside the incumbent, and never decided about"""
Action = Literal["try", "own", "refuse", "look", "leave", "finish", "back", "lock", "unlock"]
ACTIONS: tuple[Action, ...] = get_args(Action)


@dataclass(frozen=True)
class Train:
    """Run this trial; answer with a `Result`."""

    number: int
    purpose: Purpose
    recipe: Recipe
    race: tuple[float | None, ...] = ()
    until: int | None = None
    """the evaluation (the first is 1) after which it is stopped; None: it goes to its end"""


@dataclass(frozen=True)
class TrainAll:
    """Run these trials, side by side where there is room; answer with `Results`."""

    trials: tuple[Train, ...]
    together: bool = False
    """whether they may go in step with each other, as one program"""


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
    refused: tuple[str, ...] = ()
    """proposals that could not be made, and why: for people"""


@dataclass(frozen=True)
class OpenTest:
    """Open the sealed test split for these trials, by number; answer with a `TestResult`."""

    trials: Mapping[str, int]
    ensemble: tuple[int, ...] = ()
    """trials whose predictions are averaged, and told under the name "ensemble" as well"""


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
class Results:
    """What trials that ran side by side left behind, in their order."""

    results: tuple[Result, ...]
    seconds: float = 0.0
    """wall time of all together"""


@dataclass(frozen=True)
class Choice:
    """An answer to `Choose`. What an action doesn't need is left as it is."""

    action: Action
    """try: this proposal, edited where there is a `change`; own: `change`, which nobody proposed;
    refuse: this proposal, for this visit of the stage; look: only begin to train this proposal, or
    a `change` of one's own where `index` is None; leave: the stage; finish: the session; back: to
    an earlier `trial`; lock and unlock: `fields`"""
    index: int | None = 0
    """of the proposal: try, refuse, look"""
    change: Mapping[str, Any] | None = None
    """new values by path: of a proposal's own fields (try, look), or of any fields (own, look)"""
    trial: int | None = None
    """whose recipe is the incumbent again: back"""
    fields: tuple[str, ...] = ()
    """paths of fields or sections: lock, unlock"""
    by: Literal["person", "autopilot"] = "autopilot"
    """who chose, for whoever reads it; nothing depends on it"""

    def as_json(self) -> dict[str, Any]:
        """As the ledger keeps it."""
        change = None if self.change is None else dict(self.change)
        return {
            "action": self.action,
            "index": self.index,
            "change": change,
            "trial": self.trial,
            "fields": list(self.fields),
            "by": self.by,
        }

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Choice:
        """From its ledger form; older ledgers hold an action and an index alone."""
        return cls(
            content["action"],
            content.get("index", 0),
            content.get("change"),
            content.get("trial"),
            tuple(content.get("fields") or ()),
            content.get("by", "autopilot"),
        )


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
    leads: bool = False
    """whether the next changes are built on this one, though it is not shown to help"""


@dataclass(frozen=True)
class Finalist:
    """A recipe that was trained again on fresh seeds."""

    trial: int
    """its first training, whose weights are kept if it wins"""
    fresh: tuple[int, ...]
    """its trainings on fresh seeds"""
    values: tuple[float | None, ...]
    """their validation metrics"""
    decision: Decision | None
    """against the incumbent, by the fresh seeds alone; None for the incumbent itself"""


@dataclass(frozen=True)
class Finals:
    """The incumbent, and what came close to it, on seeds that no decision had seen."""

    finalists: tuple[Finalist, ...]
    """the incumbent first"""
    winner: Finalist


@dataclass(frozen=True)
class Ensemble:
    """The winner's predictions averaged over seeds, on the validation examples."""

    wanted: int
    members: tuple[int, ...]
    """trials; the first is the single model that it is compared with"""
    value: float
    """validation metric"""
    loss: float
    single: float
    """the first member's validation metric"""
    decision: Decision
    """whether it is better than that member, by the same examples"""


@dataclass(frozen=True)
class Looked:
    """A change was only begun to train, at a person's wish; nothing is decided by it."""

    stage: Stage
    proposal: Proposal
    trial: int
    epochs: float
    """that it was trained"""
    value: float | None
    """its validation metric at its last evaluation; None when it has none"""
    incumbent: float | None
    """the incumbent's at the same evaluation; None when it has none"""


@dataclass(frozen=True)
class Returned:
    """A person went back to an earlier trial: it is the incumbent again."""

    stage: Stage
    trial: int
    left: int
    """the incumbent until now, by its trial"""
    reopens: tuple[str, ...]


@dataclass(frozen=True)
class Locked:
    """A person locked fields, or unlocked them, for the rest of the session."""

    fields: tuple[str, ...]
    on: bool
    all: tuple[str, ...]
    """what is locked now"""
    reopens: tuple[str, ...] = ()
    """stages that were left while a field was locked that they may change"""


@dataclass(frozen=True)
class Remark:
    """Something worth saying that is none of the above."""

    text: str


Note = (
    StageEntered
    | StageLeft
    | StageSkipped
    | Decided
    | Looked
    | Returned
    | Locked
    | Finals
    | Ensemble
    | Remark
)
Request = Train | TrainAll | RunProbe | Choose | OpenTest | Note
Answer = Result | Results | Choice | TestResult | None
