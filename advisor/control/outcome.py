"""Who found what for how many epochs, in numbers and in words; `control/summary.json`."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from advisor import evidence
from advisor.control.curve import Points, best_so_far, reached, value_at
from advisor.control.ours import Ours
from advisor.control.pruning import PrunerKind
from advisor.control.trial import ControlTrial
from advisor.metrics import oriented
from advisor.requests import Train
from advisor.search import Kind
from advisor.search.tpe import STARTUP
from advisor.state import Attempt
from advisor.text import number
from advisor.trial_files import read_result

Standing = Literal["ahead", "behind", "level"]


@dataclass(frozen=True)
class Method:
    """A way of searching that a session is measured against."""

    name: str
    title: str
    kind: Kind
    pruner: PrunerKind


METHODS = (
    Method("random", "random search", "random", "none"),
    Method("tpe", "TPE with pruning", "tpe", "median"),
)
ADVISOR = "advisor"
SHARES = (10, 25, 50, 100)
"""Percent of the epochs after which values are compared."""


def outcome(
    session: Ours, searches: Mapping[str, Sequence[ControlTrial]], folder: Path
) -> dict[str, Any]:
    """The documented summary; `searches` by the names in METHODS, `folder` holds their trials."""
    metric = session.start.metric
    methods = {ADVISOR: _line(session.curve, session, session.trials)}
    comparisons = {}
    for method in METHODS:
        trials = searches[method.name]
        curve = best_so_far(_evaluations(trials), metric)
        methods[method.name] = _line(curve, session, len(trials)) | {
            "pruned": sum(trial.pruned for trial in trials),
            "infeasible": sum(trial.infeasible for trial in trials),
            "best": _best(trials, session, folder / method.name),
        }
        comparisons[method.name] = _comparison(session, curve, trials, folder / method.name)
    incumbent = session.incumbent[-1][1] if session.incumbent else None
    return {
        "event": "summary",
        "metric": metric,
        "epochs": session.epochs,
        "methods": methods,
        "incumbent": {"value": incumbent, "curve": [list(point) for point in session.incumbent]},
        "comparisons": comparisons,
        "verdict": " ".join(_words(session, method, comparisons, searches) for method in METHODS),
    }


def _line(curve: Points, session: Ours, trials: int) -> dict[str, Any]:
    total = session.epochs
    return {
        "value": value_at(curve, total),
        "trials": trials,
        "at": {str(share): value_at(curve, share / 100 * total) for share in SHARES},
        "curve": [list(point) for point in curve],
    }


def _evaluations(trials: Iterable[ControlTrial]) -> Iterable[tuple[float, float]]:
    for trial in trials:
        before = trial.spent - trial.epochs
        yield from ((before + epoch, value) for epoch, value in trial.curve)


def _best_trial(trials: Sequence[ControlTrial], session: Ours) -> ControlTrial | None:
    finite = [trial for trial in trials if trial.value is not None]
    metric = session.start.metric
    return max(finite, key=lambda trial: oriented(metric, trial.value or 0.0), default=None)


def _best(trials: Sequence[ControlTrial], session: Ours, folder: Path) -> dict[str, Any] | None:
    best = _best_trial(trials, session)
    if best is None:
        return None
    return {"folder": str(folder / f"{best.number:03d}"), "change": best.change}


def _comparison(
    session: Ours, curve: Points, trials: Sequence[ControlTrial], folder: Path
) -> dict[str, Any]:
    """Ours against one search at the end; `share` of its epochs after which we had its value."""
    metric = session.start.metric
    mine, theirs = value_at(session.curve, session.epochs), value_at(curve, session.epochs)
    after = None if theirs is None else reached(session.curve, theirs, metric)
    found: dict[str, Any] = {
        "gain": None,
        "low": None,
        "high": None,
        "standing": _standing_without(mine, theirs),
        "share": None if after is None else after / session.epochs,
    }
    if mine is None or theirs is None:
        return found
    gain = oriented(metric, mine) - oriented(metric, theirs)
    error = _error(session, _best_trial(trials, session), folder)
    low, high = gain - evidence.Z * error, gain + evidence.Z * error
    return found | {"gain": gain, "low": low, "high": high, "standing": _standing(gain, low, high)}


def _standing(gain: float, low: float, high: float) -> Standing:
    if low <= 0 <= high:
        return "level"
    return "ahead" if gain > 0 else "behind"


def _standing_without(mine: float | None, theirs: float | None) -> Standing:
    """Where one of the two has no value at all."""
    if (mine is None) == (theirs is None):
        return "level"
    return "behind" if mine is None else "ahead"


def _error(session: Ours, best: ControlTrial | None, folder: Path) -> float:
    """Standard error of the gain: of the two best trainings over the same validation examples, or,
    where the outputs that count are gone, of two that have nothing in common."""
    assert best is not None
    assert session.predictions is not None
    result = read_result(folder / f"{best.number:03d}")
    if result.finished is not None and result.finished.validation_metric == best.value:
        theirs = Attempt(_trained(session, best), result, {}, ()).predictions(session.scale)
        if theirs is not None:
            pair = [(session.predictions, theirs)]
            return evidence.compare(session.start, pair, session.scale).error
    alone = evidence.metric_error(session.start, session.predictions, session.scale)
    return math.hypot(alone, alone)


def _trained(session: Ours, trial: ControlTrial) -> Train:
    return Train(trial.number, "candidate", session.start.changed(trial.change))


def _words(
    session: Ours,
    method: Method,
    comparisons: Mapping[str, Mapping[str, Any]],
    searches: Mapping[str, Sequence[ControlTrial]],
) -> str:
    found, trials = comparisons[method.name], searches[method.name]
    return " ".join(
        part for part in (_who(method, found), _when(found), _start_up(method, trials)) if part
    )


def _who(method: Method, found: Mapping[str, Any]) -> str:
    gain, standing = found["gain"], found["standing"]
    if gain is None:
        told = {
            "level": f"Neither this session nor {method.title} trained anything.",
            "ahead": f"This session is ahead of {method.title}, which trained nothing.",
            "behind": f"This session trained nothing, and is behind {method.title}.",
        }
        return told[standing]
    interval = f"interval [{found['low']:+.4f}, {found['high']:+.4f}]"
    if gain == 0:
        return f"This session came as far as {method.title}."
    place = "ahead of" if gain > 0 else "behind"
    where = f"This session is {place} {method.title} by {abs(gain):.4f}"
    if standing == "level":
        return f"{where}, which cannot be told from noise ({interval})."
    return f"{where}, beyond noise ({interval})."


def _when(found: Mapping[str, Any]) -> str:
    if found["gain"] is None:
        return ""
    if found["share"] is None:
        return "It never had that search's final value."
    return f"It had that search's final value after {number(100 * found['share'])} % of the epochs."


def _start_up(method: Method, trials: Sequence[ControlTrial]) -> str:
    if method.kind != "tpe" or len(trials) > STARTUP:
        return ""
    return f"(So few epochs are not enough for TPE to leave its {STARTUP} random trials.)"
