"""The recipe's JSON schema, and what it says about one field in words."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, TypeAlias

from advisor.recipe import Recipe, sections_with_kinds
from advisor.recipe_file.problems import near

Node: TypeAlias = Mapping[str, Any]
Path: TypeAlias = tuple[str | int, ...]

DEFAULT_KINDS: Mapping[str, str] = {"optimizer": "adam", "schedule": "constant"}
"""What a section without `kind` means. A model must say it; a loss follows from the task."""
ELSEWHERE: Mapping[str, str] = {
    "learning_rate": "optimizer.lr",
    "scheduler": "schedule",
    "lr_scheduler": "schedule",
    "dataset": "data",
    "init": "initialization",
    "max_epochs": "train.epochs",
    "lr_schedule": "schedule",
    "betas": "optimizer.beta1",
    "class_weight": "loss.class_weights",
    "pos_weight": "loss.positive_weight",
    "ema": "regularization.average",
    "swa": "regularization.average",
    "accumulate_grad_batches": "train.accumulation",
    "gradient_accumulation_steps": "train.accumulation",
    "gradient_clip_val": "optimizer.clip_norm",
    "max_grad_norm": "optimizer.clip_norm",
    "max_len": "data.length",
    "vocab_size": "data.vocabulary",
    "checkpoint": "transfer.weights",
    "pretrained": "transfer.weights",
}
"""What other tools call things."""


def schema() -> dict[str, Any]:
    """The JSON schema of a recipe file, for editors. `loss: mse` and the like are allowed."""
    made: dict[str, Any] = copy.deepcopy(_schema())
    for section, kinds in shorthands().items():
        node = made["properties"][section]
        default = node.pop("default", None)
        inner = {"anyOf": node.pop("oneOf")} if "oneOf" in node else {"$ref": node.pop("$ref")}
        node.pop("discriminator", None)
        node["anyOf"] = [{"enum": list(kinds)}, inner]
        if default is not None:
            node["default"] = default
    for section, classes in sections_with_kinds().items():
        for kind, cls in classes.items():
            if kind == "own":
                made["$defs"][cls.__name__]["anyOf"] = [{"required": [n]} for n in ("torch", "jax")]
            elif section != "loss" and DEFAULT_KINDS.get(section) != kind:
                made["$defs"][cls.__name__].setdefault("required", []).append("kind")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **made}


def shorthands() -> dict[str, tuple[str, ...]]:
    """The sections that may be written as the name of their kind, with the kinds."""
    kinds = {section: tuple(classes) for section, classes in sections_with_kinds().items()}
    initialization = _schema()["$defs"]["Initialization"]["properties"]["kind"]["enum"]
    return {**kinds, "initialization": tuple(initialization)}


def node_at(path: Path, kinds: Mapping[str, str]) -> Node | None:
    """The schema of one field; `kinds` says which kind each section has. None: unknown."""
    node: Node = _schema()
    for step in path:
        if isinstance(step, int):
            options = [_resolved(node, ""), *node.get("anyOf", ())]
            node = next((each["items"] for each in options if "items" in each), {})
            continue
        section = str(path[0])
        inner = _entered(_resolved(node, kinds.get(section, "")))
        if holds_any_name(inner):
            node = inner["additionalProperties"]
            continue
        if step not in inner.get("properties", {}):
            return None
        node = inner["properties"][step]
    return _resolved(node, kinds.get(str(path[0]), "") if path else "")


def _entered(node: Node) -> Node:
    """Of a plain value or a section, the section."""
    return next((_resolved(each, "") for each in node.get("anyOf", ()) if "$ref" in each), node)


def holds_any_name(node: Node) -> bool:
    """Whether this is a mapping whose names are the user's own."""
    return isinstance(node.get("additionalProperties"), dict)


def fields_at(path: Path, kinds: Mapping[str, str]) -> tuple[str, ...]:
    """The names of the fields of a section; none for anything else."""
    node = node_at(path, kinds) or {}
    return tuple(node.get("properties", ()))


def kinds_with(section: str, field: str) -> list[str]:
    """The kinds of this section that have this field."""
    classes = sections_with_kinds().get(section, {})
    return [kind for kind, cls in classes.items() if field in cls.model_fields]


def choices(node: Node) -> list[str]:
    """The values that this field may be, where they can be listed."""
    options = [node, *node.get("anyOf", ())]
    return [str(each) for one in options for each in (*one.get("enum", ()), *_const(one))]


def _const(node: Node) -> tuple[Any, ...]:
    return (node["const"],) if "const" in node else ()


def suggestion(name: str, section: Path, known: Sequence[str]) -> str:
    """What an unknown field may have been meant to be: a neighbour, or a field elsewhere."""
    if close := near(name, known):
        return close
    everywhere = sorted(_all_paths(), key=lambda path: (path.count("."), path))
    here = ".".join(map(str, section))
    inside = [path for path in everywhere if path.rpartition(".")[2] == name]
    meant = inside[0] if inside else ELSEWHERE.get(name, "")
    return meant.removeprefix(here + ".")


def words(node: Node) -> str:
    """What this field may be, such as `a number greater than 0 and at most 1000`."""
    node = _resolved(node, "")
    if "anyOf" in node:
        return " or ".join(words(each) for each in node["anyOf"])
    if "oneOf" in node:
        return ", ".join(node["discriminator"]["mapping"])
    if "const" in node or "enum" in node:
        return ", ".join(str(each) for each in node.get("enum", [node.get("const")]))
    match node.get("type"):
        case "number":
            return "a number" + _bounds(node)
        case "integer":
            return "a whole number" + _bounds(node)
        case "boolean":
            return "true or false"
        case "array":
            least = " of at least one item" if node.get("minItems") else ""
            return f"a list{least}, each item {words(node['items'])}"
        case "object" if holds_any_name(node):
            return f"a mapping of names, each value {words(node['additionalProperties'])}"
        case "object":
            return f"a section with {', '.join(node['properties'])}"
        case "null":
            return "null"
        case "string" if "pattern" in node:
            return f"text such as {node['examples'][0]}"
        case "string":
            return "text" + (f" of {_lengths(node)} characters" if "maxLength" in node else "")
        case other:
            return str(other)


@cache
def _schema() -> dict[str, Any]:
    return Recipe.model_json_schema()


def _resolved(node: Node, kind: str) -> Node:
    """Follow references; of a union's kinds take `kind`; of `section or null` the section."""
    if "oneOf" in node and kind in node["discriminator"]["mapping"]:
        node = {"$ref": node["discriminator"]["mapping"][kind]}
    objects = [each for each in node.get("anyOf", ()) if each.get("type") != "null"]
    node = objects[0] if len(objects) == 1 and "$ref" in objects[0] else node
    if "$ref" in node:
        found: Node = _schema()["$defs"][node["$ref"].rpartition("/")[2]]
        return found
    return node


@cache
def _all_paths() -> frozenset[str]:
    found: set[str] = set()

    def collect(path: Path, kinds: Mapping[str, str]) -> None:
        for name in fields_at(path, kinds):
            found.add(".".join(map(str, (*path, name))))
            collect((*path, name), kinds)

    most = max(len(classes) for classes in sections_with_kinds().values())
    for number in range(most):
        collect((), {s: list(c)[number % len(c)] for s, c in sections_with_kinds().items()})
    return frozenset(found)


def _bounds(node: Node) -> str:
    least, most = node.get("minimum"), node.get("maximum")
    above, below = node.get("exclusiveMinimum"), node.get("exclusiveMaximum")
    if least is not None and most is not None:
        return f" from {least} to {most}"
    parts = [
        f"greater than {above}" if above is not None else "",
        f"at least {least}" if least is not None else "",
        f"less than {below}" if below is not None else "",
        f"at most {most}" if most is not None else "",
    ]
    said = " and ".join(part for part in parts if part)
    return f" {said}" if said else ""


def _lengths(node: Node) -> str:
    return f"{node.get('minLength', 0)} to {node['maxLength']}"
