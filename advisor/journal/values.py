"""Parts of the journal's lines: what a session knows, as JSON-able values. Pure."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from advisor.advice import Proposal
from advisor.budget import Budget
from advisor.experience import TrackRecord
from advisor.recipe import Recipe
from advisor.requests import Decided, Result, Train
from advisor.state import Attempt, State
from advisor.symptoms import Finding
from advisor.trial_files import trial_folder


def strict(value: Mapping[str, Any]) -> str:
    """JSON without NaN and infinity, which are no JSON: they become null."""
    try:
        return json.dumps(value, allow_nan=False)  # nearly always enough, and quicker
    except (TypeError, ValueError):
        return json.dumps(_finite(value))


def _finite(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, Mapping):
        return {str(key): _finite(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(inner) for inner in value]
    return value


def flat(recipe: Recipe) -> dict[str, Any]:
    """Every field of the recipe by its path."""
    return dict(recipe.flat())


def folder_of(number: int) -> str:
    """Where the trial or probe of this number keeps its files, from the session's folder."""
    return trial_folder(Path(), number).as_posix()


def limits(budget: Budget, text: str) -> dict[str, Any]:
    """What a session may spend, as it was written and in the one unit that it is written in."""
    limit = budget.limit
    return {
        "text": text,
        "epochs": limit if budget.unit == "e" else None,
        "trials": limit if budget.unit == "t" else None,
        "seconds": 60 * limit if budget.unit == "m" else None,
    }


def spent(budget: Budget) -> dict[str, Any]:
    """What a session has spent; `trials` are whole trainings' worth of epochs."""
    return {
        "epochs": round(budget.epochs, 4),
        "trials": round(budget.epochs / budget.epochs_a_training, 4),
        "seconds": round(budget.seconds, 3),
        "share": min(1.0, budget.share),
        "text": str(budget),
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


def trial(request: Train, state: State, stage: str | None) -> dict[str, Any]:
    """A training that is about to run."""
    incumbent = state.incumbent
    before = incumbent.recipe.flat() if incumbent else {}
    after = request.recipe.flat()
    return {
        "event": "trial",
        "trial": request.number,
        "purpose": request.purpose,
        "seed": request.recipe.train.seed,
        "changes": {k: v for k, v in after.items() if before and before.get(k) != v},
        "folder": folder_of(request.number),
        "epochs": request.recipe.train.epochs,
        "against": incumbent.trial.number if incumbent else None,
        "stage": stage,
    }


def result(request: Train, told: Result, attempt: Attempt | None, budget: Budget) -> dict[str, Any]:
    """What a training came to. `attempt`: None where the session keeps nothing of it."""
    ended = told.finished
    measured = {
        "value": ended.validation_metric if ended else None,
        "loss": ended.validation_loss if ended else None,
        "train_value": ended.train_metric if ended else None,
        "train_loss": ended.train_loss if ended else None,
    }
    return {
        "event": "result",
        "trial": request.number,
        "status": ended.status if ended else "failed",
        "message": told.error or (ended.message if ended else ""),
        **measured,
        "epochs": ended.epochs if ended else 0.0,
        "best_epoch": ended.best_epoch if ended else None,
        "seconds": told.seconds,
        "symptoms": [finding(one) for one in attempt.findings] if attempt else [],
        "budget": spent(budget),
    }


def proposal(one: Proposal, incumbent: Recipe) -> dict[str, Any]:
    """A proposal with all that its rule says of it."""
    before, rule = incumbent.flat(), one.rule
    return {
        "rule": rule.id,
        "title": rule.title,
        "stage": rule.stage,
        "change": {path: [before.get(path), value] for path, value in one.change.items()},
        "why": one.reason,
        "expect": rule.expect,
        "caution": rule.caution,
        "references": list(rule.references),
        "maturity": rule.maturity,
        "measured": one.measured,
        "treats": one.treats,
        "aim": one.aim,
        "epochs": one.change.get("train.epochs", incumbent.train.epochs),
        "origin": one.origin,
        "experience": experience(one.track_record),
    }


def experience(found: TrackRecord) -> dict[str, int]:
    counts = found.counts
    return {
        "accepted": counts.accepted,
        "rejected": counts.rejected,
        "undecided": counts.undecided,
        "refused": found.refused,
        "ranks": found.ranks,
    }


def decision(decided: Decided) -> dict[str, Any]:
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
        "origin": decided.proposal.origin,
        "trial": decided.trial,
        "verdict": decided.decision.verdict,
        "why": decided.decision.reason,
        "value": decided.value,
        "incumbent": decided.incumbent,
        **numbers,
        "reopens": list(decided.reopens),
        "leads": decided.leads,
    }
