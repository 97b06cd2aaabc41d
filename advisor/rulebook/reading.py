"""YAML -> Rule: checked when it is loaded, never when it is too late."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, get_args

from advisor import yaml_lines
from advisor.conditions import Condition, ConditionError, did_you_mean, parse_condition
from advisor.facts import FactDefinition
from advisor.recipe import STAGE_NAMES
from advisor.rulebook.changes import change_of
from advisor.rulebook.document import RuleDocument, shown
from advisor.rulebook.examples import examples_of
from advisor.rulebook.rule import Criterion, Maturity, Rule, RuleError

OWN_STAGE = re.compile(r"[a-z][a-z0-9_]*")
KEBAB_CASE = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


def parse_rule(text: str, vocabulary: Mapping[str, FactDefinition], name: str = "<rule>") -> Rule:
    """A rule from YAML text. Raises RuleError."""
    try:
        document = yaml_lines.read_quickly(text)
    except yaml_lines.YamlError as error:
        raise RuleError(f"{name}:{error.line}: {error}") from None
    return _rule(RuleDocument(document, vocabulary, name))


def _rule(document: RuleDocument) -> Rule:
    document.check_fields()
    return Rule(
        id=_id(document),
        title=document.text("title"),
        stage=_stage(document),
        when=_conditions(document),
        change=change_of(document),
        expect=document.text("expect"),
        why=document.text("why"),
        examples=examples_of(document),
        maturity=document.one_of("maturity", get_args(Maturity), "incubating"),
        treats=_treats(document),
        rank=_rank(document),
        probe=document.text("probe", None),
        price=document.number("price", 0.0, 0, 1),
        criterion=document.one_of("criterion", get_args(Criterion), "better"),
        caution=document.text("caution", ""),
        references=document.texts("references"),
        replaces=document.text("replaces", None),
        source=document.name,
    )


def _stage(document: RuleDocument) -> str:
    """A stage of the order, or one of the user's own, which a recipe's `tune.stages` defines; a
    name close to one of the order is taken for a slip."""
    value = document.raw.get("stage")
    own = isinstance(value, str) and OWN_STAGE.fullmatch(value)
    if own and not did_you_mean(value, STAGE_NAMES):
        return str(value)
    return str(document.one_of("stage", STAGE_NAMES))


def _id(document: RuleDocument) -> str:
    value = document.text("id")
    if not KEBAB_CASE.fullmatch(value):
        raise document.error(f"found {shown(value)}; write it like-this, in lower case", "id")
    return str(value)


def _rank(document: RuleDocument) -> int:
    rank = document.number("rank", 100, 0, 10_000)
    if rank != int(rank):
        raise document.error(f"found {rank}; a whole number is needed", "rank")
    return int(rank)


def _treats(document: RuleDocument) -> str | None:
    symptom = document.text("treats", None)
    if symptom is None:
        return None
    known = document.vocabulary.get(symptom)
    if known is None or known.type != "flag":
        near = did_you_mean(symptom, document.vocabulary)
        raise document.error(f"there is no symptom {symptom!r}{near}", "treats")
    return str(symptom)


def _conditions(document: RuleDocument) -> tuple[Condition, ...]:
    lines = document.raw["when"]
    if not isinstance(lines, list):
        raise document.error("a list of conditions is needed", "when")
    return tuple(_condition(document, index, line) for index, line in enumerate(lines))


def _condition(document: RuleDocument, index: int, line: Any) -> Condition:
    if not isinstance(line, str):
        raise document.error(f"found {shown(line)}; a condition is text", "when", index)
    try:
        where = f"{document.where('when', index)}: when"
        return parse_condition(line, document.vocabulary, where)
    except ConditionError as error:
        raise RuleError(str(error)) from None
