"""The documented last object of `compare --json`."""

from __future__ import annotations

import dataclasses
from typing import Any

from advisor.compare.agreement import Agreement
from advisor.compare.equivalence import ALPHA, Equivalence, seeds_to_decide
from advisor.compare.gates import Gate
from advisor.compare.margins import scale_name
from advisor.compare.trainings import Trained
from advisor.recipe import Recipe


def summary(agreement: Agreement, recipe: Recipe) -> dict[str, Any]:
    """Plain values; NaN stays NaN for whoever writes JSON."""
    return {
        "event": "summary",
        "recipe": recipe.name,
        "backends": list(agreement.backends),
        "ok": agreement.ok,
        "gates": [_gate(gate) for gate in agreement.gates],
        "losses": {name: list(losses) for name, losses in agreement.losses.items()},
        "equivalence": _equivalence(agreement),
        "trainings": {
            name: [_training(run) for run in trainings.runs]
            for name, trainings in agreement.trainings.items()
        },
        "speed": {name: dataclasses.asdict(found) for name, found in agreement.speed.items()},
        "notes": list(agreement.notes),
        "verdict": agreement.sentence,
    }


def _gate(gate: Gate) -> dict[str, Any]:
    return {**dataclasses.asdict(gate), "ok": gate.ok}


def _equivalence(agreement: Agreement) -> dict[str, Any] | None:
    found: Equivalence | None = agreement.equivalence
    if found is None:
        return None
    return {
        **dataclasses.asdict(found),
        "metric": scale_name(agreement.metric),
        "alpha": ALPHA,
        "failed": dict(zip(agreement.backends, found.failed, strict=True)),
        "seeds_to_decide": seeds_to_decide(found) if found.outcome == "undecided" else None,
    }


def _training(run: Trained) -> dict[str, Any]:
    finished, evaluations = run.finished, run.evaluations
    return {
        "seed": run.seed,
        "status": finished.status if finished else "failed",
        "best": run.best,
        "seconds": finished.seconds if finished else None,
        "epoch": [each.epoch for each in evaluations],
        "validation_metric": [each.validation_metric for each in evaluations],
        "validation_loss": [each.validation_loss for each in evaluations],
        "train_loss": [each.train_loss for each in evaluations],
    }
