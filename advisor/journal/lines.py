"""The journal's lines: what a session asks, what it is told, and what it announces. Pure.

docs/json.md describes every field.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from advisor.finals_summary import ensemble, finalists
from advisor.journal import values
from advisor.metrics import oriented
from advisor.requests import (
    Answer,
    Choice,
    Choose,
    Decided,
    Ensemble,
    Finals,
    Locked,
    Looked,
    OpenTest,
    Remark,
    Request,
    Result,
    Results,
    Returned,
    RunProbe,
    StageEntered,
    StageLeft,
    StageSkipped,
    TestResult,
    Train,
    TrainAll,
)
from advisor.state import State

Line = dict[str, Any]


def session(state: State, header: Mapping[str, Any], folder: Path) -> Line:
    """The first line: what the session was begun with, by its ledger's header."""
    start = state.start
    return {
        "event": "session",
        "folder": str(folder),
        "seed": start.train.seed,
        "name": start.name,
        "task": start.task,
        "metric": start.metric,
        "larger_is_better": oriented(start.metric, 1.0) > 0,
        "backend": header.get("backend"),
        "device": header.get("device"),
        "workers": header.get("workers", 1),
        "epochs": start.train.epochs,
        "budget": values.limits(state.budget, start.tune.budget),
        "stages": [
            {"name": one.name, "phase": one.phase, "about": one.about} for one in state.stages
        ],
        "recipe": values.flat(start),
        "locked": list(start.tune.locked),
        "advisor": header.get("advisor"),
        "began": header.get("began"),
    }


def asked(request: Request, state: State, stage: str | None = None) -> Line | None:
    """The line for a request or note, made in this stage; None for those that need none."""
    match request:
        case Train():
            return values.trial(request, state, stage)
        case TrainAll():
            trials = [values.trial(one, state, stage) for one in request.trials]
            return {"event": "trials", "trials": trials}
        case RunProbe():
            return _probe(request, stage)
        case Choose():
            return _proposal(request, state)
        case Finals():
            return {"event": "finals", "finalists": finalists(request, state)}
        case Ensemble():
            return {"event": "ensemble", **ensemble(request, state)}
        case Remark():
            return {"event": "remark", "text": request.text}
        case OpenTest():
            return None
        case Decided():
            return values.decision(request)
        case Looked():
            return _looked(request)
        case Returned():
            return _returned(request)
        case Locked():
            return _locked(request)
        case _:
            return _stage(request, state)


def _probe(request: RunProbe, stage: str | None) -> Line:
    return {
        "event": "probe",
        "trial": request.number,
        "probe": request.probe,
        "folder": values.folder_of(request.number),
        "stage": stage,
    }


def _proposal(request: Choose, state: State) -> Line:
    first = request.proposals[0]
    return {
        "event": "proposal",
        "stage": request.stage.name,
        "rule": first.rule.id,
        "title": first.rule.title,
        "change": dict(first.change),
        "why": first.reason,
        "measured": dict(first.evidence),
        "experience": values.experience(first.track_record),
        "others": [other.rule.id for other in request.proposals[1:]],
        "proposals": [values.proposal(one, state.best.recipe) for one in request.proposals],
        "refused": list(request.refused),
    }


def _stage(note: StageEntered | StageSkipped | StageLeft, state: State) -> Line:
    waiting = [stage.name for stage in state.waiting]
    match note:
        case StageEntered():
            return {
                "event": "stage_entered",
                "stage": note.stage.name,
                "phase": note.stage.phase,
                "reopened": note.reopened,
                "symptoms": [values.finding(f) for f in note.findings if f.outcome == "fired"],
                "waiting": waiting,
            }
        case StageSkipped():
            told = {"stage": note.stage.name, "why": note.reason, "waiting": waiting}
            return {"event": "stage_skipped", **told}
        case StageLeft():
            told = {"stage": note.stage.name, "why": note.outcome, "waiting": waiting}
            return {"event": "stage_left", **told, "budget": values.spent(state.budget)}


def _looked(note: Looked) -> Line:
    return {
        "event": "looked",
        "stage": note.stage.name,
        "trial": note.trial,
        "rule": note.proposal.rule.id,
        "origin": note.proposal.origin,
        "change": dict(note.proposal.change),
        "epochs": note.epochs,
        "value": note.value,
        "incumbent": note.incumbent,
    }


def _returned(note: Returned) -> Line:
    return {
        "event": "returned",
        "stage": note.stage.name,
        "trial": note.trial,
        "from": note.left,
        "reopens": list(note.reopens),
    }


def _locked(note: Locked) -> Line:
    return {
        "event": "locked",
        "fields": list(note.fields),
        "on": note.on,
        "all": list(note.all),
        "reopens": list(note.reopens),
    }


def answered(request: Request, answer: Answer, state: State) -> list[Line]:
    """The lines for what a request was answered with; a note is answered with None."""
    match request, answer:
        case Train(), Result():
            return [_result(request, answer, state)]
        case TrainAll(), Results():
            both = zip(request.trials, answer.results, strict=True)
            return [_result(trial, result, state) for trial, result in both]
        case RunProbe(), Result():
            return [_probe_result(request, answer, state)]
        case Choose(), Choice():
            return [{"event": "choice", **answer.as_json()}]
        case OpenTest(), TestResult():
            return [{"event": "test", **answer.facts}]
        case _:
            return []


def _result(request: Train, told: Result, state: State) -> Line:
    attempt = next((one for one in state.attempts if one.trial.number == request.number), None)
    return values.result(request, told, attempt, state.budget)


def _probe_result(request: RunProbe, told: Result, state: State) -> Line:
    found = told.probed
    preflight = request.probe == "preflight"
    return {
        "event": "probe_result",
        "trial": request.number,
        "probe": request.probe,
        "facts": dict(found.facts) if found else {},
        "message": found.message if found else "",
        "epochs": found.epochs if found else 0.0,
        "error": told.error,
        "symptoms": [values.finding(one) for one in state.checked] if preflight else [],
        "budget": values.spent(state.budget),
    }


def incumbent(state: State, why: str) -> Line:
    """What is held against from now on."""
    best = state.best
    return {
        "event": "incumbent",
        "trial": best.trial.number,
        "recipe": values.flat(best.recipe),
        "value": best.value,
        "why": why,
    }
