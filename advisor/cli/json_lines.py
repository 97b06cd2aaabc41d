"""A session as JSON lines on standard output; the format is documented in docs/json.md."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from typing import Any

from advisor.events import Event, as_dict
from advisor.experience import TrackRecord
from advisor.finals_summary import ensemble, finalists
from advisor.requests import (
    Answer,
    Choose,
    Decided,
    Ensemble,
    Finals,
    OpenTest,
    Remark,
    Request,
    RunProbe,
    StageEntered,
    StageLeft,
    StageSkipped,
    TestResult,
    Train,
    TrainAll,
)
from advisor.state import State
from advisor.symptoms import Finding


class JsonLines:
    """An observer that writes one object a line through `write`."""

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write

    def asked(self, request: Request, state: State) -> None:
        found = told(request, state)
        if found is not None:
            self._write(strict(found))

    def event(self, event: Event, trial: int) -> None:
        self._write(strict(as_dict(event) | {"trial": trial}))

    def answered(self, request: Request, answer: Answer, state: State) -> None:
        if isinstance(answer, TestResult):
            self._write(strict({"event": "test", **answer.facts}))


def told(request: Request, state: State) -> dict[str, Any] | None:
    """The line for a request or note; None for those that need none."""
    match request:
        case Train():
            return _trial(request, state)
        case TrainAll():
            trials = [_trial(trial, state) for trial in request.trials]
            return {"event": "trials", "trials": trials}
        case RunProbe():
            return {"event": "probe", "trial": request.number, "probe": request.probe}
        case Choose():
            first = request.proposals[0]
            return {
                "event": "proposal",
                "stage": request.stage.name,
                "rule": first.rule.id,
                "title": first.rule.title,
                "change": dict(first.change),
                "why": first.reason,
                "measured": dict(first.evidence),
                "experience": _experience(first.track_record),
                "others": [other.rule.id for other in request.proposals[1:]],
            }
        case Decided():
            return _decision(request)
        case StageEntered():
            return {
                "event": "stage_entered",
                "stage": request.stage.name,
                "phase": request.stage.phase,
                "reopened": request.reopened,
                "symptoms": [finding(f) for f in request.findings if f.outcome == "fired"],
            }
        case StageSkipped():
            return {"event": "stage_skipped", "stage": request.stage.name, "why": request.reason}
        case StageLeft():
            return {"event": "stage_left", "stage": request.stage.name, "why": request.outcome}
        case Finals():
            return {"event": "finals", "finalists": finalists(request, state)}
        case Ensemble():
            return {"event": "ensemble", **ensemble(request, state)}
        case Remark():
            return {"event": "remark", "text": request.text}
        case OpenTest():
            return None


def _trial(request: Train, state: State) -> dict[str, Any]:
    before = state.incumbent.recipe.flat() if state.incumbent else {}
    after = request.recipe.flat()
    return {
        "event": "trial",
        "trial": request.number,
        "purpose": request.purpose,
        "seed": request.recipe.train.seed,
        "changes": {k: v for k, v in after.items() if before and before.get(k) != v},
    }


def _experience(found: TrackRecord) -> dict[str, int]:
    counts = found.counts
    return {
        "accepted": counts.accepted,
        "rejected": counts.rejected,
        "undecided": counts.undecided,
        "refused": found.refused,
        "ranks": found.ranks,
    }


def _decision(decided: Decided) -> dict[str, Any]:
    comparison = decided.decision.comparison
    numbers: Mapping[str, Any] = (
        {
            "gain": comparison.gain,
            "low": comparison.low,
            "high": comparison.high,
            "seeds": comparison.seeds,
            "examples": comparison.examples,
            "better": comparison.better,
            "worse": comparison.worse,
            "mcnemar": comparison.mcnemar,
        }
        if comparison
        else {}
    )
    return {
        "event": "decision",
        "stage": decided.stage.name,
        "rule": decided.proposal.rule.id,
        "trial": decided.trial,
        "verdict": decided.decision.verdict,
        "why": decided.decision.reason,
        "value": decided.value,
        "incumbent": decided.incumbent,
        **numbers,
        "reopens": list(decided.reopens),
    }


def finding(found: Finding) -> dict[str, Any]:
    """A symptom as a JSON-able object."""
    return {
        "symptom": found.symptom,
        "outcome": found.outcome,
        "severity": found.severity,
        "explained_by": found.explained_by or None,
        "evidence": dict(found.evidence),
        "window": found.window,
        "threshold": found.threshold,
        "reads": found.reads,
    }


def strict(value: Mapping[str, Any]) -> str:
    """JSON without NaN and infinity, which are no JSON: they become null."""
    return json.dumps(_finite(value))


def _finite(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, Mapping):
        return {str(key): _finite(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(inner) for inner in value]
    return value
