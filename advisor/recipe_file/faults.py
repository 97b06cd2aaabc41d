"""What pydantic says about a recipe, as problems for people."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from advisor.recipe import OwnStage, sections_with_kinds
from advisor.recipe_file.fields import (
    Path,
    choices,
    fields_at,
    kinds_with,
    node_at,
    suggestion,
    words,
)
from advisor.recipe_file.problems import Problem, near

Place = Callable[[Path], tuple[str, int | None]]
"""Where a field was written: the file and line, or the override and None."""
MODELS = (OwnStage.__name__,)
"""Sections that may stand in the place of a plain value."""
BRANCHES = ("str", "int", "bool", "float", "constrained-float", "constrained-str")
"""What pydantic puts at the end of the path of a field that may be of several types."""


def explained(error: ValidationError, raw: Mapping[str, Any], place: Place) -> list[Problem]:
    """One problem for each field at fault."""
    kinds = {
        name: section["kind"]
        for name, section in raw.items()
        if isinstance(section, dict) and isinstance(section.get("kind"), str)
    }
    found: dict[tuple[str, str], Problem] = {}
    faults = error.errors(include_url=False)
    for fault in faults:
        if fault["type"] != "default_factory_not_called" and not _is_said_deeper(fault, faults):
            known = dict(fault)
            if known["type"] == "json_invalid":
                known["loc"] = _not_unicode(raw) or ()
            problem = _explained(known, kinds, place)
            found.setdefault((problem.field, problem.found), problem)
    return sorted(found.values(), key=lambda problem: problem.line or 0)


def _explained(fault: dict[str, Any], kinds: Mapping[str, str], place: Place) -> Problem:
    path = _path(fault["loc"])
    match fault["type"]:
        case "json_invalid":
            return _problem(place, path, "text that is not valid Unicode", "Unicode text")
        case "extra_forbidden":
            return _unknown_field(path, kinds, place)
        case "missing":
            return _problem(place, path, "missing", words(node_at(path, kinds) or {}))
        case "union_tag_invalid" | "union_tag_not_found":
            path, value = (*path, "kind"), fault["input"].get("kind")
            options = list(sections_with_kinds()[str(path[0])])
            found = "missing" if value is None else f"found {_shown(value)}"
            return _problem(place, path, found, ", ".join(options), near(value, options))
        case "value_error":
            return _broken_rule(path, str(fault["ctx"]["error"]), fault["input"], place)
    node = node_at(path, kinds) or {}
    hint = near(fault["input"], choices(node))
    return _problem(place, path, f"found {_shown(fault['input'])}", words(node), hint)


def _problem(
    place: Place, path: Path, found: str, allowed: str = "", suggestion: str = ""
) -> Problem:
    where, line = place(path)
    return Problem(where, line, ".".join(map(str, path)), found, allowed, suggestion)


def _unknown_field(path: Path, kinds: Mapping[str, str], place: Place) -> Problem:
    section, name = path[:-1], str(path[-1])
    known = fields_at(section, kinds)
    owners = kinds_with(str(section[0]), name) if section else []
    if owners:
        found = f"{section[0]} {kinds.get(str(section[0]))} has no field {name!r}"
        verb = "has" if len(owners) == 1 else "have"
        return _problem(place, path, f"{found} ({', '.join(owners)} {verb})", ", ".join(known))
    hint = suggestion(name, section, known)
    return _problem(place, path, f"unknown field {name!r}", ", ".join(known), hint)


def _broken_rule(path: Path, message: str, value: Any, place: Place) -> Problem:
    """A rule of the recipe's own. Those over several fields are placed at one they name."""
    if message.startswith("must be "):
        return _problem(place, path, f"found {_shown(value)}", message.removeprefix("must be "))
    where, line = place(path)
    for named in _named_paths(message):
        spot = place(named)
        if spot != place(named[:1]) or spot != place(()):
            where, line = spot
            break
    found, _, allowed = message.partition("; allowed: ")
    return Problem(where, line, ".".join(map(str, path)), found, allowed)


def _named_paths(message: str) -> Iterator[Path]:
    for name in re.findall(r"[a-z_0-9]+(?:\.[a-z_0-9]+)+", message):
        yield tuple(name.split("."))


def _is_said_deeper(fault: Mapping[str, Any], faults: Sequence[Mapping[str, Any]]) -> bool:
    """Whether this is a type that the value did not mean: another goes into what it holds."""
    path = _path(fault["loc"])
    others = (_path(other["loc"]) for other in faults if other is not fault)
    return any(len(other) > len(path) and other[: len(path)] == path for other in others)


def _path(loc: tuple[str | int, ...]) -> Path:
    """Pydantic's location without the tags of unions."""
    tags = ("literal[", "tuple[", *MODELS)
    path = [step for step in loc if not str(step).startswith(tags)]
    if len(path) > 1 and path[1] in sections_with_kinds().get(str(path[0]), ()):
        del path[1]
    if path and path[-1] in BRANCHES:
        del path[-1]
    return tuple(path)


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return "a section"
    text = repr(value) if isinstance(value, str) else json.dumps(value, default=str)
    return text if len(text) <= 60 else text[:57] + "..."


def _not_unicode(value: Any) -> Path | None:
    """The path of the first text with half a surrogate pair, which JSON cannot hold."""
    if isinstance(value, str):
        return () if any("\ud800" <= character <= "\udfff" for character in value) else None
    inner = value.items() if isinstance(value, dict) else ()
    for name, each in enumerate(value) if isinstance(value, list) else inner:
        if _not_unicode(name) is not None:
            return ()
        if (path := _not_unicode(each)) is not None:
            return (name, *path)
    return None
