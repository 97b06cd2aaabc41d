"""`--set path=value`: changes to a recipe before it is checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from advisor import yaml_lines
from advisor.recipe_file.fields import (
    Path,
    fields_at,
    holds_any_name,
    kinds_with,
    node_at,
    shorthands,
    suggestion,
)
from advisor.recipe_file.problems import Problem, RecipeError


@dataclass(frozen=True)
class Override:
    """One parsed override; `label` is what messages call it."""

    path: tuple[str, ...]
    value: Any
    label: str


def parse_overrides(texts: Sequence[str]) -> list[Override]:
    """Overrides in the order to apply: whole sections and kinds before the fields in them.

    Raises RecipeError for what is not `path=value` and for paths that no recipe has.
    """
    problems: list[Problem] = []
    found: list[Override] = []
    for text in texts:
        name, separator, value = text.partition("=")
        path = _steps(name.strip())
        label = f"--set {text}".encode(errors="backslashreplace").decode()
        if not separator:
            problems.append(
                Problem(label, None, "", "no '='", "path=value, as in optimizer.lr=0.1")
            )
        elif problem := _unknown(path, label):
            problems.append(problem)
        else:
            found.append(Override(path, _value(path, value), label))
    if problems:
        raise RecipeError(problems)
    return sorted(found, key=lambda each: not (len(each.path) == 1 or each.path[-1] == "kind"))


def apply(raw: dict[str, Any], override: Override) -> None:
    """Change the raw recipe in place. A wrong section in its way is left to be reported."""
    section, *inner = override.path
    if not inner and isinstance(override.value, str) and section in shorthands():
        inner = ["kind"]
    place, last = raw, section
    for step in inner:
        place[last] = _opened(last, place.get(last))
        place, last = place[last], step
        if not isinstance(place, dict):
            return
    place[last] = override.value
    if inner == ["kind"]:
        _drop_foreign(section, place)


def _opened(name: str, value: Any) -> Any:
    if value is None:
        return {}
    return {"kind": value} if isinstance(value, str) and name in shorthands() else value


def _drop_foreign(section: str, place: dict[str, Any]) -> None:
    """Fields of other kinds go; what no kind knows stays and is reported."""
    if place["kind"] not in shorthands().get(section, ()):
        return
    for name in list(place):
        owners = kinds_with(section, name)
        if owners and place["kind"] not in owners:
            del place[name]


def _unknown(path: tuple[str, ...], label: str) -> Problem | None:
    """The problem with a path that no kind of recipe has."""
    if not path[0]:
        return Problem(label, None, "", "no path", "path=value, as in optimizer.lr=0.1")
    for number, name in enumerate(path):
        around = path[:number]
        known = _known(around)
        if _is_mapping(around):
            return None
        if name not in known:
            if not known:
                inside = ".".join(around)
                return Problem(
                    label, None, inside, f"{inside} has no fields in it", f"{inside}=value"
                )
            hint = suggestion(name, around, known)
            return Problem(label, None, ".".join(path), f"unknown field {name!r}", "", hint)
    return None


def _steps(name: str) -> tuple[str, ...]:
    """The parts of a path; what names an item of a mapping may have dots in it."""
    path = tuple(name.split("."))
    for number in range(1, len(path)):
        if _is_mapping(path[:number]):
            return (*path[:number], ".".join(path[number:]))
    return path


def _is_mapping(path: Path) -> bool:
    kinds = shorthands().get(str(path[0]), ()) if path else ()
    nodes = (
        [node_at(path, {str(path[0]): kind}) for kind in kinds] if kinds else [node_at(path, {})]
    )
    return any(holds_any_name(node) for node in nodes if node)


def _known(path: Path) -> tuple[str, ...]:
    """The fields of a section in any of its kinds."""
    kinds = shorthands().get(str(path[0]), ()) if path else ()
    each = [fields_at(path, {str(path[0]): kind}) for kind in kinds] or [fields_at(path, {})]
    return tuple(dict.fromkeys(name for names in each for name in names))


def _value(path: tuple[str, ...], text: str) -> Any:
    """A YAML scalar, list or {mapping}; what is none of them is text, as paths may be."""
    text = text.strip()
    quoted = text[:1] in ("'", '"')
    if not quoted and (_is_text(path) or "\n" in text):
        return text
    try:
        value = yaml_lines.read_value(text)
    except yaml_lines.YamlError:
        return text
    if isinstance(value, Mapping) and not text.startswith("{"):
        return text
    plain = isinstance(value, bool | int | float | list | Mapping) or value is None
    return value if plain or quoted else text


def _is_text(path: tuple[str, ...]) -> bool:
    node = node_at(path, {}) or {}
    return node.get("type") == "string" and "enum" not in node
