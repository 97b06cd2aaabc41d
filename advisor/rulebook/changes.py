"""What a rule may change, and to what."""

from __future__ import annotations

from typing import Any

from advisor.conditions import ConditionError, Expression, did_you_mean, parse_value
from advisor.recipe_fields import RecipeField, recipe_fields
from advisor.rulebook.document import RuleDocument, shown
from advisor.rulebook.rule import RuleError

NOT_FOR_RULES = (
    "version",
    "name",
    "task",
    "metric",
    "tune",
    "train.seed",
    "data.source",
    "data.target",
    "data.header",
    "data.validation",
    "data.test",
    "data.split",
    "data.split_seed",
    "data.group",
    "data.time",
)
"""Fields, and sections, that decide what is measured and on which examples. A rule that changed
them would win comparisons without making anything better."""


def change_of(document: RuleDocument) -> dict[str, Any]:
    """Recipe path -> an expression over facts, or a literal. Raises RuleError."""
    change = document.raw["change"]
    values = change.get("set") if isinstance(change, dict) else None
    if not isinstance(values, dict) or not values or set(change) != {"set"}:
        raise document.error("must be {set: {recipe field: value, ...}}", "change")
    return {path: _value(document, path, value) for path, value in values.items()}


def _value(document: RuleDocument, path: str, value: Any) -> Any:
    field, place = _field(document, path), ("change", "set", path)
    if isinstance(value, str) and field.numeric:
        return _expression(document, value, *place)
    if isinstance(value, dict):
        raise document.error("a field's value is no mapping", *place)
    problem = field.allows(value)
    if problem:
        raise document.error(_advice(field, value, problem), *place)
    return tuple(value) if isinstance(value, list) else value


def _field(document: RuleDocument, path: str) -> RecipeField:
    field, place = recipe_fields().get(path), ("change", "set", path)
    if field is None:
        near = did_you_mean(path, recipe_fields())
        raise document.error(f"no recipe has a field {path!r}{near}", *place)
    if any(path == fixed or path.startswith(fixed + ".") for fixed in NOT_FOR_RULES):
        told = "no rule may change this: it decides what trials are judged by"
        raise document.error(told, *place)
    return field


def _expression(document: RuleDocument, text: str, *place: str) -> Expression:
    try:
        return parse_value(text, document.vocabulary, f"{document.where(*place)}: change")
    except ConditionError as error:
        raise RuleError(str(error)) from None


def _advice(field: RecipeField, value: Any, problem: str) -> str:
    if not field.choices:
        return f"found {shown(value)}; {problem}"
    near = did_you_mean(value, map(str, field.choices))
    allowed = ", ".join(str(choice) for choice in field.choices)
    return f"found {shown(value)}{near}; allowed: {allowed}"
