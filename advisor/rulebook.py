"""Rules: one YAML file each, checked when it is loaded, never when it is too late.

A rule says: at this stage, when these facts hold, propose this change, for this reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata, resources
from pathlib import Path
from typing import Any, Literal, get_args

from advisor import yaml_lines
from advisor.conditions import (
    Condition,
    ConditionError,
    Expression,
    did_you_mean,
    parse_condition,
    parse_value,
)
from advisor.facts import FactDefinition, Facts, FactValue
from advisor.recipe_fields import RecipeField, recipe_fields

ENTRY_POINTS = "advisor.rules"
StageName = Literal[
    "sanity",
    "initialization",
    "batch_size",
    "epochs",
    "learning_rate",
    "architecture",
    "loss",
    "activation",
    "regularization",
    "finish",
]
Criterion = Literal["better", "no worse"]
Maturity = Literal["sandbox", "incubating", "stable", "deprecated"]
ACTIVE: frozenset[Maturity] = frozenset({"incubating", "stable"})
REQUIRED = ("id", "title", "stage", "when", "change", "expect", "why", "examples")
OPTIONAL = (
    "maturity",
    "treats",
    "rank",
    "probe",
    "price",
    "criterion",
    "caution",
    "references",
    "replaces",
)
NOT_FOR_RULES = (
    "version",
    "name",
    "task",
    "metric",
    "tune",
    "train.seed",
    "data.source",
    "data.target",
    "data.validation",
    "data.test",
    "data.split",
    "data.split_seed",
    "data.group",
    "data.time",
)
"""Fields, and sections, that decide what is measured and on which examples. A rule that changed
them would win comparisons without making anything better."""
KEBAB_CASE = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
LONGEST_SHOWN = 60


class RuleError(ValueError):
    """A rule file that cannot be used: file, line, field, what was found, what is allowed."""


@dataclass(frozen=True)
class Example:
    """Facts and whether the rule fires on them."""

    facts: Mapping[str, FactValue]
    fires: bool


@dataclass(frozen=True)
class Judgement:
    """Whether a rule fires, and what each of its lines came to."""

    fires: bool | None
    lines: tuple[bool | None, ...]


@dataclass(frozen=True)
class Rule:
    """One rule, ready to judge facts."""

    id: str
    title: str
    stage: StageName
    when: tuple[Condition, ...]
    change: Mapping[str, Expression | FactValue | tuple[Any, ...]]
    """recipe path -> an expression over facts, or a literal"""
    expect: str
    why: str
    examples: tuple[Example, ...]
    maturity: Maturity = "incubating"
    treats: str | None = None
    rank: int = 100
    probe: str | None = None
    price: float = 0.0
    """complexity price, in standard deviations of one training"""
    criterion: Criterion = "better"
    """"no worse" for a change that pays in something other than the metric"""
    caution: str = ""
    references: tuple[str, ...] = ()
    replaces: str | None = None
    """id of the rule that this one stands in for"""
    source: str = ""

    @property
    def active(self) -> bool:
        return self.maturity in ACTIVE

    @property
    def reads(self) -> frozenset[str]:
        """Facts that the conditions and the change need."""
        parts: list[Condition | Expression] = [*self.when]
        parts += [value for value in self.change.values() if isinstance(value, Expression)]
        return frozenset[str]().union(*(part.names for part in parts))

    def judge(self, facts: Facts) -> Judgement:
        """Every line must hold; one false line is enough to be silent."""
        lines = tuple(condition.holds(facts) for condition in self.when)
        fires = False if False in lines else None if None in lines else True
        return Judgement(fires, lines)

    def values(self, facts: Facts) -> dict[str, Any] | None:
        """The recipe fields that the rule would set; None when a fact they need is missing."""
        found: dict[str, Any] = {}
        for path, value in self.change.items():
            found[path] = value.value(facts) if isinstance(value, Expression) else value
            if isinstance(value, Expression) and found[path] is None:
                return None
        return found


def installed(vocabulary: Mapping[str, FactDefinition]) -> tuple[Rule, ...]:
    """The rules of every installed package that registers any. Raises RuleError."""
    rules: list[Rule] = []
    for point in sorted(metadata.entry_points(group=ENTRY_POINTS), key=lambda point: point.name):
        try:
            package = resources.files(point.value)
        except (ImportError, TypeError) as error:
            raise RuleError(
                f"rules {point.name!r}: package {point.value!r} is not there: {error}"
            ) from error
        with resources.as_file(package) as folder:
            rules += load_folder(folder, vocabulary)
    return _united(rules)


def with_folders(
    rules: Sequence[Rule], folders: Iterable[Path], vocabulary: Mapping[str, FactDefinition]
) -> tuple[Rule, ...]:
    """`rules` and those in the folders. Raises RuleError.

    An id may be used once, unless the other rule says `replaces: id` and so takes its place.
    """
    found = list(rules)
    for folder in folders:
        found += load_folder(folder, vocabulary)
    return _united(found)


def load_folder(folder: Path, vocabulary: Mapping[str, FactDefinition]) -> tuple[Rule, ...]:
    """Every *.yaml file under a folder, in order of path. Raises RuleError."""
    if not folder.is_dir():
        raise RuleError(f"{folder}: is not a folder of rules")
    return tuple(load_file(path, vocabulary) for path in sorted(folder.rglob("*.yaml")))


def load_file(path: Path, vocabulary: Mapping[str, FactDefinition]) -> Rule:
    """One rule file. Raises RuleError."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RuleError(f"{path}: cannot be read: {error}") from error
    rule = parse_rule(text, vocabulary, str(path))
    if rule.id != path.stem:
        raise RuleError(f"{path}: id: found {rule.id!r}; it must be the file's name, {path.stem!r}")
    folder = path.absolute().parent.name
    if folder in get_args(StageName) and folder != rule.stage:
        raise RuleError(f"{path}: stage: found {rule.stage!r}; it must be the folder's, {folder!r}")
    return rule


def parse_rule(text: str, vocabulary: Mapping[str, FactDefinition], name: str = "<rule>") -> Rule:
    """A rule from YAML text. Raises RuleError."""
    try:
        document = yaml_lines.read_quickly(text)
    except yaml_lines.YamlError as error:
        raise RuleError(f"{name}:{error.line}: {error}") from None
    return _Reader(document, vocabulary, name).rule()


class _Reader:
    """Checks one document field by field."""

    def __init__(
        self,
        document: yaml_lines.Document,
        vocabulary: Mapping[str, FactDefinition],
        name: str,
    ) -> None:
        self.document, self.vocabulary, self.name = document, vocabulary, name
        self.raw = document.content

    def rule(self) -> Rule:
        self._known_fields()
        return Rule(
            id=self._id(),
            title=self._text("title"),
            stage=self._one_of("stage", get_args(StageName)),
            when=self._conditions(),
            change=self._change(),
            expect=self._text("expect"),
            why=self._text("why"),
            examples=self._examples(),
            maturity=self._one_of("maturity", get_args(Maturity), "incubating"),
            treats=self._treats(),
            rank=self._rank(),
            probe=self._text("probe", None),
            price=self._number("price", 0.0, 0, 1),
            criterion=self._one_of("criterion", get_args(Criterion), "better"),
            caution=self._text("caution", ""),
            references=self._texts("references"),
            replaces=self._text("replaces", None),
            source=self.name,
        )

    def _error(self, message: str, *path: str | int) -> RuleError:
        field = ".".join(str(part) for part in path)
        line = self.document.line(tuple(path))
        return RuleError(f"{self.name}:{line}: {field + ': ' if field else ''}{message}")

    def _known_fields(self) -> None:
        allowed = (*REQUIRED, *OPTIONAL)
        for field in self.raw:
            if field not in allowed:
                raise self._error(f"unknown field{did_you_mean(field, allowed)}", field)
        for field in REQUIRED:
            if self.raw.get(field) in (None, "", [], {}):
                raise self._error(f"field {field!r} is missing")

    def _id(self) -> str:
        value = self._text("id")
        if not KEBAB_CASE.fullmatch(value):
            raise self._error(f"found {_shown(value)}; write it like-this, in lower case", "id")
        return str(value)

    def _text(self, field: str, default: Any = ...) -> Any:
        value = self.raw.get(field)
        if value is None and default is not ...:
            return default
        if not isinstance(value, str) or not value.strip():
            raise self._error(f"found {_shown(value)}; a text is needed", field)
        return value.strip()

    def _texts(self, field: str) -> tuple[str, ...]:
        value = self.raw.get(field) or []
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self._error("a list of texts is needed", field)
        return tuple(value)

    def _one_of(self, field: str, allowed: Sequence[str], default: str = "") -> Any:
        value = self.raw.get(field, default)
        if value not in allowed:
            near = did_you_mean(value, allowed)
            raise self._error(f"found {_shown(value)}{near}; allowed: {', '.join(allowed)}", field)
        return value

    def _number(self, field: str, default: float, low: float, high: float) -> float:
        value = self.raw.get(field, default)
        fits = isinstance(value, int | float) and not isinstance(value, bool)
        if not fits or not low <= value <= high:
            raise self._error(
                f"found {_shown(value)}; a number from {low} to {high} is needed", field
            )
        return float(value)

    def _rank(self) -> int:
        rank = self._number("rank", 100, 0, 10_000)
        if rank != int(rank):
            raise self._error(f"found {rank}; a whole number is needed", "rank")
        return int(rank)

    def _treats(self) -> str | None:
        symptom = self._text("treats", None)
        known = self.vocabulary.get(symptom) if symptom else None
        if symptom and (known is None or known.type != "flag"):
            raise self._error(
                f"there is no symptom {symptom!r}{did_you_mean(symptom, self.vocabulary)}", "treats"
            )
        return symptom if symptom is None else str(symptom)

    def _conditions(self) -> tuple[Condition, ...]:
        lines = self.raw["when"]
        if not isinstance(lines, list):
            raise self._error("a list of conditions is needed", "when")
        return tuple(self._condition(index, line) for index, line in enumerate(lines))

    def _condition(self, index: int, line: Any) -> Condition:
        if not isinstance(line, str):
            raise self._error(f"found {_shown(line)}; a condition is text", "when", index)
        where = f"{self.name}:{self.document.line(('when', index))}: when"
        try:
            return parse_condition(line, self.vocabulary, where)
        except ConditionError as error:
            raise RuleError(str(error)) from None

    def _change(self) -> dict[str, Any]:
        change = self.raw["change"]
        values = change.get("set") if isinstance(change, dict) else None
        if not isinstance(values, dict) or not values or set(change) != {"set"}:
            raise self._error("must be {set: {recipe field: value, ...}}", "change")
        return {path: self._value(path, value) for path, value in values.items()}

    def _value(self, path: str, value: Any) -> Any:
        field = recipe_fields().get(path)
        if field is None:
            near = did_you_mean(path, recipe_fields())
            raise self._error(f"no recipe has a field {path!r}{near}", "change", "set", path)
        if any(path == fixed or path.startswith(fixed + ".") for fixed in NOT_FOR_RULES):
            raise self._error(
                "no rule may change this: it decides what trials are judged by",
                "change",
                "set",
                path,
            )
        if isinstance(value, str) and field.numeric:
            where = f"{self.name}:{self.document.line(('change', 'set', path))}: change"
            try:
                return parse_value(value, self.vocabulary, where)
            except ConditionError as error:
                raise RuleError(str(error)) from None
        if isinstance(value, dict):
            raise self._error("a field's value is no mapping", "change", "set", path)
        problem = field.allows(value)
        if problem:
            raise self._error(_advice(field, value, problem), "change", "set", path)
        return tuple(value) if isinstance(value, list) else value

    def _examples(self) -> tuple[Example, ...]:
        examples = self.raw["examples"]
        if not isinstance(examples, dict) or set(examples) != {"fires", "silent"}:
            raise self._error("must hold two lists, `fires` and `silent`", "examples")
        for sign in ("fires", "silent"):
            if not isinstance(examples[sign], list):
                raise self._error("a list of examples is needed", "examples", sign)
        return tuple(
            Example(self._example(sign, index, facts), sign == "fires")
            for sign in ("fires", "silent")
            for index, facts in enumerate(examples[sign])
        )

    def _example(self, sign: str, index: int, facts: Any) -> dict[str, FactValue]:
        place: tuple[str | int, ...] = ("examples", sign, index)
        if not isinstance(facts, dict):
            raise self._error("an example is a mapping of facts", *place)
        for name, value in facts.items():
            definition = self.vocabulary.get(name)
            if definition is None:
                raise self._error(
                    f"there is no fact {name!r}{did_you_mean(name, self.vocabulary)}", *place
                )
            if value is not None and _kind(value) != definition.type:
                raise self._error(
                    f"fact {name!r} is a {definition.type}, found {_shown(value)}", *place
                )
        return dict(facts)


def _advice(field: RecipeField, value: Any, problem: str) -> str:
    if not field.choices:
        return f"found {_shown(value)}; {problem}"
    allowed = ", ".join(str(choice) for choice in field.choices)
    return (
        f"found {_shown(value)}{did_you_mean(value, map(str, field.choices))}; allowed: {allowed}"
    )


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= LONGEST_SHOWN else text[:LONGEST_SHOWN] + "..."


def _kind(value: Any) -> str:
    return {bool: "flag", int: "number", float: "number", str: "text"}.get(type(value), "other")


def _united(rules: Sequence[Rule]) -> tuple[Rule, ...]:
    """All rules but those that others replace."""
    ids = {rule.id for rule in rules}
    replaced: dict[str, Rule] = {}
    for rule in rules:
        old = rule.replaces
        if old is None:
            continue
        if not any(other.id == old for other in rules if other is not rule):
            near = did_you_mean(old, ids - {rule.id})
            raise RuleError(f"{rule.source}: replaces: there is no rule {old!r}{near}")
        if old in replaced:
            other = replaced[old].source
            raise RuleError(f"{rule.source}: replaces: {old!r} is already replaced by {other}")
        replaced[old] = rule
    found: dict[str, Rule] = {}
    for rule in rules:
        if replaced.get(rule.id, rule) is not rule:
            continue
        if rule.id in found:
            raise RuleError(
                f"{rule.source}: id: {rule.id!r} is already used by {found[rule.id].source}; "
                f"`replaces: {rule.id}` takes its place"
            )
        found[rule.id] = rule
    return tuple(found.values())
