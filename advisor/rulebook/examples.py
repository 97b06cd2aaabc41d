"""The examples of a rule: facts on which it fires, and facts on which it is silent."""

from __future__ import annotations

from typing import Any

from advisor.conditions import did_you_mean
from advisor.facts import FactValue
from advisor.rulebook.document import RuleDocument, shown
from advisor.rulebook.rule import Example


def examples_of(document: RuleDocument) -> tuple[Example, ...]:
    """Those on which it fires come first. Raises RuleError."""
    examples = document.raw["examples"]
    if not isinstance(examples, dict) or set(examples) != {"fires", "silent"}:
        raise document.error("must hold two lists, `fires` and `silent`", "examples")
    for sign in ("fires", "silent"):
        if not isinstance(examples[sign], list):
            raise document.error("a list of examples is needed", "examples", sign)
    return tuple(
        Example(_facts(document, facts, "examples", sign, index), sign == "fires")
        for sign in ("fires", "silent")
        for index, facts in enumerate(examples[sign])
    )


def _facts(document: RuleDocument, facts: Any, *place: str | int) -> dict[str, FactValue]:
    if not isinstance(facts, dict):
        raise document.error("an example is a mapping of facts", *place)
    for name, value in facts.items():
        definition = document.vocabulary.get(name)
        if definition is None:
            near = did_you_mean(name, document.vocabulary)
            raise document.error(f"there is no fact {name!r}{near}", *place)
        if value is not None and _kind(value) != definition.type:
            told = f"fact {name!r} is a {definition.type}, found {shown(value)}"
            raise document.error(told, *place)
    return dict(facts)


def _kind(value: Any) -> str:
    return {bool: "flag", int: "number", float: "number", str: "text"}.get(type(value), "other")
