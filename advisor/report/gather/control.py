"""What other ways of searching found for the same epochs, where that was tried.

`control/summary.json` is read tolerantly: whatever is not as expected is left out, and a file that
cannot be read at all is a sentence in the report, never an error.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from advisor.report.model import Control, Method, Points

FILE = Path("control") / "summary.json"
MOST_METHODS = 8
OURS = "ours, recommended"
NAMES = {"advisor": "ours, any training", "random": "random search", "tpe": "TPE with pruning"}
SHARES = (10, 25, 50, 100)
"""Percent of the epochs after which methods are compared in numbers."""


def control(folder: Path) -> Control | None:
    """None where nothing was compared."""
    path = folder / FILE
    if not path.is_file():
        return None
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return Control((), SHARES, problem=f"{FILE.as_posix()} cannot be read")
    raw = _mapping(raw)
    curves = {str(name): _mapping(one) for name, one in _mapping(raw.get("methods")).items()}
    points = {name: _points(one.get("curve")) for name, one in curves.items()}
    points = {name: found for name, found in list(points.items())[:MOST_METHODS] if found}
    if not points:
        return Control((), SHARES, problem=f"{FILE.as_posix()} holds no curve")
    total = _number(raw.get("epochs")) or max(found[-1][0] for found in points.values())
    methods = [_method(name, curves[name], found, total) for name, found in points.items()]
    kept = _mapping(raw.get("incumbent"))
    if found := _points(kept.get("curve")):
        methods.insert(0, _method(OURS, kept, found, total))
    return Control(tuple(methods), SHARES, _text(raw, "verdict"), _text(raw, "search_verdict"))


def _text(raw: Mapping[str, Any], name: str) -> str:
    said = raw.get(name)
    return said if isinstance(said, str) else ""


def _method(name: str, raw: Mapping[str, Any], points: Points, total: float) -> Method:
    """What was found last holds to the end of the epochs."""
    trials = raw.get("trials")
    count = trials if isinstance(trials, int) and not isinstance(trials, bool) else None
    if points[-1][0] < total:
        points = (*points, (total, points[-1][1]))
    title = NAMES.get(name, name.replace("_", " "))
    return Method(title, points, count, tuple(_at(points, share / 100 * total) for share in SHARES))


def _at(points: Points, epochs: float) -> float | None:
    return next((value for spent, value in reversed(points) if spent <= epochs + 1e-9), None)


def _points(raw: Any) -> Points:
    pairs = raw if isinstance(raw, list) else []
    made = (_point(pair) for pair in pairs)
    return tuple(sorted((point for point in made if point is not None), key=lambda p: p[0]))


def _point(raw: Any) -> tuple[float, float] | None:
    if not isinstance(raw, list) or len(raw) != 2:
        return None
    epochs, value = _number(raw[0]), _number(raw[1])
    return (epochs, value) if epochs is not None and value is not None else None


def _number(raw: Any) -> float | None:
    """None for what is no finite number, such as an integer beyond any float."""
    if not isinstance(raw, int | float) or isinstance(raw, bool):
        return None
    try:
        return float(raw) if math.isfinite(raw) else None
    except OverflowError:
        return None


def _mapping(raw: Any) -> Mapping[str, Any]:
    return raw if isinstance(raw, Mapping) else {}
