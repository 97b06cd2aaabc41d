"""Who found what for how many epochs, in numbers and in words; `control/summary.json`."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from advisor import evidence
from advisor.control import words
from advisor.control.beyond import Beyond, beyond
from advisor.control.curve import Points, best_so_far, reached, value_at
from advisor.control.ours import Ours, Side
from advisor.control.pruning import PrunerKind
from advisor.control.trial import ControlTrial
from advisor.estimates import within
from advisor.metrics import oriented
from advisor.requests import Train
from advisor.search import Dimension, Kind, space
from advisor.search.tpe import STARTUP
from advisor.state import Attempt
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
    session: Ours,
    searches: Mapping[str, Sequence[ControlTrial]],
    folder: Path,
    dims: Sequence[Dimension] | None = None,
) -> dict[str, Any]:
    """The documented summary; `searches` by the names in METHODS, `folder` holds their trials,
    `dims` is what was searched (None: the default space)."""
    metric, methods = session.start.metric, {ADVISOR: _line(session.curve, session, session.trials)}
    kept, searched = {}, {}
    for method in METHODS:
        trials, place = searches[method.name], folder / method.name
        curve = best_so_far(_evaluations(trials), metric)
        methods[method.name] = _line(curve, session, len(trials)) | {
            "pruned": sum(trial.pruned for trial in trials),
            "infeasible": sum(trial.infeasible for trial in trials),
            "best": _best(trials, session, place),
        }
        kept[method.name] = _comparison(session, session.kept, curve, trials, place)
        searched[method.name] = _comparison(session, session.searched, curve, trials, place)
    outside = _beyond(session, space(session.start) if dims is None else dims)
    return {
        "event": "summary",
        "metric": metric,
        "epochs": session.epochs,
        "methods": methods,
        "incumbent": _kept_line(session),
        "recommended": {"comparisons": kept, "beyond": outside},
        "comparisons": searched,
        "verdict": _verdict(session, kept, outside, searches),
        "search_verdict": words.searched_words(_titled(searched)),
    }


def _beyond(session: Ours, dims: Sequence[Dimension]) -> Beyond:
    return {} if session.best is None else beyond(session.start, session.best, dims)


def _kept_line(session: Ours) -> dict[str, Any]:
    value = session.incumbent[-1][1] if session.incumbent else None
    return {"value": value, "curve": [list(point) for point in session.incumbent]}


def _verdict(
    session: Ours,
    kept: Mapping[str, Mapping[str, Any]],
    outside: Beyond,
    searches: Mapping[str, Sequence[ControlTrial]],
) -> str:
    """Of what is recommended; and whether TPE could do what it does at all."""
    is_start = session.best is not None and session.best.digest() == session.start.digest()
    told = [words.kept_words(_titled(kept), is_start, outside)]
    told += [_start_up(method, searches[method.name]) for method in METHODS]
    return " ".join(part for part in told if part)


def _titled(found: Mapping[str, Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    return {method.title: found[method.name] for method in METHODS}


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
    session: Ours, ours: Side, curve: Points, trials: Sequence[ControlTrial], folder: Path
) -> dict[str, Any]:
    """One side of ours against one search at the end; `share` of its epochs after which we had its
    value, and whether that was the starting recipe's, which all begin with."""
    metric = session.start.metric
    mine, theirs = ours.value, value_at(curve, session.epochs)
    after = None if theirs is None else reached(ours.curve, theirs, metric)
    found: dict[str, Any] = {
        "gain": None,
        "low": None,
        "high": None,
        "standing": _standing_without(mine, theirs),
        "share": None if after is None else after / session.epochs,
        "of_start": theirs is not None and theirs == trials[0].value,
    }
    if mine is None or theirs is None:
        return found
    gain = oriented(metric, mine) - oriented(metric, theirs)
    error = _error(session, ours, _best_trial(trials, session), folder)
    low, high = gain - evidence.Z * error, gain + evidence.Z * error
    standing = _standing(gain, low, high)
    low, high = within(metric, theirs, gain, low, high)
    return found | {"gain": gain, "low": low, "high": high, "standing": standing}


def _standing(gain: float, low: float, high: float) -> Standing:
    if low <= 0 <= high:
        return "level"
    return "ahead" if gain > 0 else "behind"


def _standing_without(mine: float | None, theirs: float | None) -> Standing:
    """Where one of the two has no value at all."""
    if (mine is None) == (theirs is None):
        return "level"
    return "behind" if mine is None else "ahead"


def _error(session: Ours, ours: Side, best: ControlTrial | None, folder: Path) -> float:
    """Standard error of the gain: of the two trainings over the same validation examples, or,
    where the outputs that count are gone, of two that have nothing in common."""
    assert best is not None
    assert ours.predictions is not None
    result = read_result(folder / f"{best.number:03d}")
    if result.finished is not None and result.finished.validation_metric == best.value:
        theirs = Attempt(_trained(session, best), result, {}, ()).predictions(session.scale)
        if theirs is not None:
            pair = [(ours.predictions, theirs)]
            return evidence.compare(session.start, pair, session.scale).error
    alone = evidence.metric_error(session.start, ours.predictions, session.scale)
    return math.hypot(alone, alone)


def _trained(session: Ours, trial: ControlTrial) -> Train:
    return Train(trial.number, "candidate", session.start.changed(trial.change))


def _start_up(method: Method, trials: Sequence[ControlTrial]) -> str:
    if method.kind != "tpe" or len(trials) > STARTUP:
        return ""
    return f"(So few epochs are not enough for TPE to leave its {STARTUP} random trials.)"
