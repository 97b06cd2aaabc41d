"""What a person chose, out of a `choice` line and the question that it answers, and in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from advisor.text import clean, number
from advisor.tui.model import plain
from advisor.tui.model.views import Entry, IncumbentView, Question

Line = Mapping[str, Any]
OWN = "own change"


@dataclass(frozen=True)
class Chosen:
    """An answer to a question."""

    action: str
    by: str
    rule: str = ""
    """whose proposal it is about; empty: none"""
    origin: str = "rule"
    """rule, edited or own"""
    change: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)
    """path -> (now, then)"""
    proposed: Mapping[str, Any] = field(default_factory=dict)
    """path -> value that the rule proposed, where the person wanted another"""


def chosen(line: Line, question: Question | None, now: IncumbentView | None) -> Chosen:
    """`now`: what the change is made to."""
    action, by = plain.text(line, "action"), plain.text(line, "by") or "person"
    if action not in ("try", "own", "look", "refuse"):
        return Chosen(action, by)
    recipe = now.recipe if now else {}
    wanted = plain.mapping(line, "change")
    change = {path: (recipe.get(path), value) for path, value in wanted.items()}
    index, known = plain.whole(line, "index"), question.proposals if question else ()
    if action == "own" or index is None or not 0 <= index < len(known):
        return Chosen(action, by, "", "own" if wanted else "rule", change)
    offer = known[index]
    proposed = {path: pair[1] for path, pair in offer.change.items()}
    if not wanted or dict(wanted) == proposed:
        return Chosen(action, by, offer.rule, "rule", offer.change)
    other = {path: value for path, value in proposed.items() if wanted.get(path) != value}
    return Chosen(action, by, offer.rule, "edited", change, other)


def entry(found: Chosen, stage: str) -> Entry | None:
    """A line of the log; None for what a line of its own tells (`told`)."""
    who = "you" if found.by == "person" else clean(found.by)
    what = clean(found.rule) or ("a change of your own" if found.origin == "own" else "the first")
    match found.action:
        case "try" | "own":
            told = f"try {what}{_changes(found)}"
        case "look":
            told = f"run {what} as a probe{_changes(found)}"
        case "refuse":
            told = f"refuse {what}{_changes(found)}"
        case "leave":
            told = f"skip the rest of {clean(stage) or 'the stage'}"
        case "finish":
            told = "finish the session"
        case _:
            return None
    return Entry(f"> {who}: {told}")


def _changes(found: Chosen) -> str:
    if not found.change:
        return ""
    told = [_change(path, pair, found) for path, pair in found.change.items()]
    told += [
        f"{clean(path)} left as it is (proposed: {number(value)})"
        for path, value in found.proposed.items()
        if path not in found.change
    ]
    return f"{', edited' if found.origin == 'edited' else ''}: {', '.join(told)}"


def _change(path: str, pair: tuple[Any, Any], found: Chosen) -> str:
    told = f"{clean(path)} {number(pair[0])} -> {number(pair[1])}"
    if path in found.proposed:
        told += f" (proposed: {number(found.proposed[path])})"
    return told


def locked(line: Line, now: IncumbentView | None) -> Entry:
    """Fields that were locked or unlocked, with their values."""
    recipe = now.recipe if now else {}
    fields = [_field(path, recipe) for path in plain.texts(line, "fields")]
    told = f"{'locked' if line.get('on') else 'unlocked'} {', '.join(fields)}"
    held = [clean(path) for path in plain.texts(line, "all")]
    told += f"; locked now: {', '.join(held) or 'nothing'}"
    return Entry(f"> you: {told}{reopened(line)}")


def _field(path: str, recipe: Mapping[str, Any]) -> str:
    return f"{clean(path)} ({number(recipe[path])})" if path in recipe else clean(path)


def returned(line: Line, values: Mapping[str, float | None]) -> Entry:
    """Back to an earlier recipe. `values`: of `trial` and `from`."""
    both = []
    for name in ("trial", "from"):
        value = values.get(name)
        both.append(f"{clean(line.get(name))}{'' if value is None else f' ({number(value)})'}")
    return Entry(f"> you: back to trial {both[0]}, away from trial {both[1]}{reopened(line)}")


def reopened(line: Line) -> str:
    """`; reopens learning_rate`, or nothing."""
    names = [clean(name) for name in plain.texts(line, "reopens")]
    return f"; reopens {', '.join(names)}" if names else ""
