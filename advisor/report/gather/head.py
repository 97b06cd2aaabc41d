"""What the session was: its recipe, its data, where it ran, and how far it got."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from advisor.ledger import is_held
from advisor.recipe import LOWER_IS_BETTER
from advisor.report.model import Data, Head
from advisor.report.replay import Story
from advisor.requests import Choose, OpenTest, Request, Result, Results, RunProbe, Train, TrainAll
from advisor.text import number


def head(story: Story, verdict: str) -> Head:
    state, header = story.state, story.record.header
    started = state.baseline.result.started if state.baseline else None
    return Head(
        state.start.name,
        state.start.task.replace("_", " "),
        state.start.metric,
        state.start.metric in LOWER_IS_BETTER,
        str(header.get("backend", "")),
        started.device if started else str(header.get("device", "")),
        str(header.get("advisor", "")),
        versions(header),
        began(story),
        moment_words(story.record.times[-1]) if story.record.times else "",
        str(state.budget),
        story.pending is None,
        waiting_for(story.pending),
        verdict,
        story.pending is not None and is_held(story.record.folder),
    )


def data(story: Story) -> Data:
    recipe, found = story.state.start.data, _mapping(story.record.header.get("data"))
    shape = found.get("input_shape") or []
    outputs = found.get("outputs")
    sizes = " \N{MULTIPLICATION SIGN} ".join(map(number, shape)) if shape else "unknown"
    return Data(
        recipe.source,
        _count(found, "train"),
        _count(found, "validation"),
        _count(found, "test"),
        sizes if outputs is None else f"{sizes} to {number(outputs)}",
        f"{recipe.split}, seed {recipe.split_seed}",
        str(found.get("fingerprint", "")),
    )


def versions(header: Mapping[str, Any]) -> dict[str, str]:
    """Of what took part besides this program."""
    info = _mapping(header.get("backend_info"))
    return {str(k): str(v) for k, v in _mapping(info.get("versions")).items()}


def devices(header: Mapping[str, Any]) -> tuple[str, ...]:
    found = _mapping(header.get("backend_info")).get("devices")
    return tuple(map(str, found)) if isinstance(found, list) else ()


def began(story: Story) -> str:
    """The first answer was written when the first piece of work was done."""
    if not story.record.times:
        return ""
    first = next((m.answer for m in story.moments if m.answer is not None), None)
    took = first.seconds if isinstance(first, Result | Results) else 0.0
    try:
        at = datetime.fromisoformat(story.record.times[0]) - timedelta(seconds=took)
    except (ValueError, OverflowError):
        return story.record.times[0]
    return moment_words(at.isoformat())


def moment_words(iso: str) -> str:
    """`2026-01-31 12:05 UTC`."""
    try:
        at = datetime.fromisoformat(iso)
    except ValueError:
        return iso
    return f"{at:%Y-%m-%d %H:%M} {at.tzname() or ''}".rstrip()


def waiting_for(request: Request | None) -> str:
    """What an unfinished session was about to do, or is doing now."""
    match request:
        case None:
            return ""
        case Train():
            return f"trial {request.number} ({request.purpose})"
        case TrainAll():
            return f"trials {', '.join(str(trial.number) for trial in request.trials)}"
        case RunProbe():
            return f"probe {request.number} ({request.probe.replace('_', ' ')})"
        case Choose():
            return f"a choice in the stage {request.stage.name}"
        case OpenTest():
            return "opening the test split"
        case _:
            return "its next step"


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _count(found: Mapping[str, Any], name: str) -> int:
    return int(found.get(name) or 0)
