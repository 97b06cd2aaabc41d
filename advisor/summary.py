"""What a session comes to: the summary of `--json`, `summary.json`, `best.yaml`, best weights."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from advisor import ensemble_files, provenance, recipe_file
from advisor.finals_summary import ensemble, estimate, finalists
from advisor.session_symptoms import judged
from advisor.state import LOCKS, Attempt, State
from advisor.symptoms import Finding
from advisor.trial_files import trial_folder


def conclude(state: State, folder: Path) -> dict[str, Any]:
    """Write the session's results into its folder and return its summary."""
    best = state.incumbent
    if best is not None and best.value is not None:
        _write(folder / "best.yaml", recipe_file.dump(state.kept))
        weights = trial_folder(folder, best.trial.number) / "best.safetensors"
        if weights.exists():
            shutil.copyfile(weights, folder / "best.safetensors")
    ensemble_files.keep(state, folder)
    found = summary(state, folder)
    (folder / "summary.json").write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    provenance.write(state, folder)
    return found


def _write(path: Path, text: str) -> None:
    """What stands there and is something else, such as a recipe that somebody edited, is kept
    beside it."""
    if path.exists() and path.read_text(encoding="utf-8", errors="replace") != text:
        path.replace(path.with_suffix(f".before{path.suffix}"))
    path.write_text(text, encoding="utf-8")


def summary(state: State, folder: Path) -> dict[str, Any]:
    """The documented last object of `auto --json`."""
    verdicts = Counter(decided.decision.verdict for decided in state.decisions)
    budget = state.budget
    return {
        "event": "summary",
        "baseline": measured(state.baseline),
        "best": measured(state.incumbent),
        "confirmation": measured(state.confirmation),
        "estimate": estimate(state),
        "finalists": finalists(state.finals, state) if state.finals else [],
        "ensemble": ensemble(state.ensemble, state) if state.ensemble else None,
        "test": _test(state),
        "cost": {
            "epochs": round(budget.epochs, 4),
            "examples": budget.examples,
            "seconds": round(budget.seconds, 3),
        },
        "trials": len(state.attempts),
        "probes": len(state.probes),
        "looks": len(state.looks),
        "accepted": verdicts["accepted"],
        "rejected": verdicts["rejected"],
        "undecided": verdicts["undecided"],
        "changes": changes(state),
        "session_symptoms": [_finding(found) for found in judged(state)],
        "blocking": sorted(state.incumbent.blocking) if state.incumbent else [],
        "best_recipe": str(folder / "best.yaml") if trained(state) else None,
        "session": str(folder),
    }


def trained(state: State) -> bool:
    """Whether any recipe gave a finite result."""
    return state.incumbent is not None and state.incumbent.value is not None


def measured(attempt: Attempt | None) -> dict[str, Any] | None:
    """Validation metric and loss of a trial at its best evaluation; None without one."""
    finished = attempt.result.finished if attempt else None
    if attempt is None or finished is None or finished.validation_metric is None:
        return None
    return {
        "metric": attempt.recipe.metric,
        "value": finished.validation_metric,
        "loss": finished.validation_loss,
    }


def changes(state: State) -> dict[str, list[Any]]:
    """Fields in which the best recipe differs from the start: [before, after]."""
    if state.incumbent is None:
        return {}
    before, after = state.start.flat(), state.incumbent.recipe.flat()
    names = [*after, *(name for name in before if name not in after)]
    return {
        name: [before.get(name), after.get(name)]
        for name in names
        if name != LOCKS and before.get(name) != after.get(name)
    }


def _finding(found: Finding) -> dict[str, Any]:
    return {
        "symptom": found.symptom,
        "outcome": found.outcome,
        "severity": found.severity,
        "evidence": dict(found.evidence),
        "window": found.window,
        "threshold": found.threshold,
        "reads": found.reads,
    }


def _test(state: State) -> dict[str, Any] | None:
    if state.test is None:
        return None
    facts: Mapping[str, float] = state.test.facts
    metric = state.start.metric
    found: dict[str, Any] = {
        name: {"metric": metric, "value": facts[f"{name}_metric"], "loss": facts[f"{name}_loss"]}
        for name in ("best", "baseline", "ensemble")
        if f"{name}_metric" in facts
    }
    best = found.pop("best", {})
    return {**best, **found, "opened": state.test.opened}
