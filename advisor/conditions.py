"""The condition language of rules: a small typed subset of Python expressions over facts.

Text is parsed with `ast`, checked against the vocabulary when the rule is loaded, and turned into
closures; nothing is ever evaluated as code. Logic is three-valued (Kleene): a fact that was not
measured is None, and what depends on it cannot be judged.
"""

from __future__ import annotations

import ast
import difflib
import math
import operator
import sys
import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from advisor.facts import FactDefinition, Facts, FactValue

Kind = Literal["number", "flag", "text"]
Closure: TypeAlias = Callable[[Facts], Any]

MOST_CHARACTERS, MOST_NODES, MOST_DEPTH = 300, 60, 12
LARGEST = sys.float_info.max


class ConditionError(ValueError):
    """A condition that cannot be used. The message has place, caret and advice."""


@dataclass(frozen=True)
class Condition:
    """Something that holds, does not hold, or cannot be judged."""

    text: str
    names: frozenset[str]
    _judge: Closure

    def holds(self, facts: Facts) -> bool | None:
        found: bool | None = self._judge(facts)
        return found


@dataclass(frozen=True)
class Expression:
    """A number computed from facts."""

    text: str
    names: frozenset[str]
    _compute: Closure

    def value(self, facts: Facts) -> float | None:
        """None when a fact is missing or the result is not a finite number."""
        found = self._compute(facts)
        return None if found is None else float(found)


def did_you_mean(word: object, known: Iterable[str]) -> str:
    """`; did you mean 'dropout'?`, or nothing when no known word is near."""
    near = difflib.get_close_matches(str(word), list(known), 1)
    return f"; did you mean {near[0]!r}?" if near else ""


def parse_condition(
    text: str, vocabulary: Mapping[str, FactDefinition], where: str = "condition"
) -> Condition:
    """Parse a condition such as `train_val_gap > 0.1 and dropout < 0.5`. Raises ConditionError."""
    parser = _Parser(text, vocabulary, where)
    kind, closure = parser.parse()
    if kind != "flag":
        raise parser.error(parser.tree, f"this is a {kind}; a condition must be true or false")
    return Condition(text, frozenset(parser.names), closure)


def parse_value(
    text: str, vocabulary: Mapping[str, FactDefinition], where: str = "value"
) -> Expression:
    """Parse an expression such as `min(dropout + 0.1, 0.5)`. Raises ConditionError."""
    parser = _Parser(text, vocabulary, where)
    kind, closure = parser.parse()
    if kind != "number":
        raise parser.error(parser.tree, f"this is a {kind}; a number is needed")
    return Expression(text, frozenset(parser.names), closure)


def _power(base: float, exponent: float) -> float:
    found: Any = float(base) ** float(exponent)  # whole numbers could grow without end
    if isinstance(found, complex):
        raise ValueError("no real number")
    return float(found)


ARITHMETIC: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: _power,
}
COMPARISONS: Mapping[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
FUNCTIONS: Mapping[str, tuple[Callable[..., Any], int, int]] = {
    "min": (min, 2, 8),
    "max": (max, 2, 8),
    "abs": (abs, 1, 1),
    "sqrt": (math.sqrt, 1, 1),
    "log10": (math.log10, 1, 1),
    "log": (math.log, 1, 1),
    "round": (round, 1, 1),
    "floor": (math.floor, 1, 1),
    "ceil": (math.ceil, 1, 1),
    "clamp": (lambda value, low, high: min(max(value, low), high), 3, 3),
}


class _Parser:
    """Turns one text into a closure, checking names and types on the way."""

    def __init__(self, text: str, vocabulary: Mapping[str, FactDefinition], where: str) -> None:
        self.text, self.vocabulary, self.where = text.strip(), vocabulary, where
        self.names: set[str] = set()
        self.tree: ast.expr = ast.Constant(None)

    def parse(self) -> tuple[Kind, Closure]:
        if len(self.text) > MOST_CHARACTERS:
            raise self._error(f"longer than {MOST_CHARACTERS} characters", 0)
        if not self.text.isprintable():
            raise self._error("must be one line of printable text", 0)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")  # such as an unknown escape in a text
                self.tree = ast.parse(self.text, mode="eval").body
        except SyntaxError as error:
            raise self._error(f"cannot be read: {error.msg}", (error.offset or 1) - 1) from None
        except (ValueError, RecursionError, MemoryError):
            raise self._error("cannot be read", 0) from None
        if sum(1 for _ in ast.walk(self.tree)) > MOST_NODES:
            raise self._error(f"has more than {MOST_NODES} parts; split it into several lines", 0)
        return self._build(self.tree, 0)

    def error(self, node: ast.expr, message: str) -> ConditionError:
        before = self.text.encode()[: node.col_offset]  # ast counts bytes, people characters
        return self._error(message, len(before.decode()))

    def _error(self, message: str, column: int) -> ConditionError:
        shown = "".join(c if c.isprintable() else "?" for c in self.text[:MOST_CHARACTERS])
        return ConditionError(f"{self.where}: {message}\n    {shown}\n    {' ' * column}^")

    def _build(self, node: ast.expr, depth: int) -> tuple[Kind, Closure]:
        if depth > MOST_DEPTH:
            raise self.error(node, "is nested too deeply")
        match node:
            case ast.Constant():
                return self._constant(node)
            case ast.Name():
                return self._name(node)
            case ast.BoolOp():
                return self._logic(node, depth)
            case ast.UnaryOp():
                return self._unary(node, depth)
            case ast.BinOp():
                return self._arithmetic(node, depth)
            case ast.Compare():
                return self._comparison(node, depth)
            case ast.Call():
                return self._call(node, depth)
            case _:
                raise self.error(node, f"{type(node).__name__} has no place in a condition")

    def _constant(self, node: ast.Constant) -> tuple[Kind, Closure]:
        value = node.value
        if isinstance(value, bool):
            return "flag", lambda facts: value
        if isinstance(value, int | float) and _finite(value) is not None:
            return "number", lambda facts: value
        if isinstance(value, str):
            return "text", lambda facts: value
        raise self.error(node, "only numbers, texts, True and False may stand here")

    def _name(self, node: ast.Name) -> tuple[Kind, Closure]:
        name = node.id
        definition = self.vocabulary.get(name)
        if definition is None:
            near = did_you_mean(name, self.vocabulary)
            raise self.error(node, f"there is no fact {name!r}{near}")
        self.names.add(name)
        if definition.type == "number":
            return "number", lambda facts: _finite(facts.get(name))
        return definition.type, lambda facts: facts.get(name)

    def _logic(self, node: ast.BoolOp, depth: int) -> tuple[Kind, Closure]:
        parts = [self._flag(value, depth) for value in node.values]
        decisive = isinstance(node.op, ast.Or)

        def judge(facts: Facts) -> bool | None:
            unknown = False
            for part in parts:
                found = part(facts)
                if found is decisive:
                    return bool(found)
                unknown = unknown or found is None
            return None if unknown else not decisive

        return "flag", judge

    def _unary(self, node: ast.UnaryOp, depth: int) -> tuple[Kind, Closure]:
        if isinstance(node.op, ast.Not):
            part = self._flag(node.operand, depth)
            return "flag", lambda facts: None if (x := part(facts)) is None else not x
        if isinstance(node.op, ast.USub | ast.UAdd):
            part = self._number(node.operand, depth)
            sign = -1 if isinstance(node.op, ast.USub) else 1
            return "number", lambda facts: None if (x := part(facts)) is None else sign * x
        raise self.error(node, "this sign has no place in a condition")

    def _arithmetic(self, node: ast.BinOp, depth: int) -> tuple[Kind, Closure]:
        apply = ARITHMETIC.get(type(node.op))
        if apply is None:
            raise self.error(node, "only + - * / // % ** may be used")
        return "number", _lifted(
            apply, [self._number(node.left, depth), self._number(node.right, depth)]
        )

    def _comparison(self, node: ast.Compare, depth: int) -> tuple[Kind, Closure]:
        tests: list[Closure] = []
        left = node.left
        for sign, right in zip(node.ops, node.comparators, strict=True):
            tests.append(self._compare(left, sign, right, depth))
            left = right

        def judge(facts: Facts) -> bool | None:
            unknown = False
            for test in tests:
                found = test(facts)
                if found is False:
                    return False
                unknown = unknown or found is None
            return None if unknown else True

        return "flag", tests[0] if len(tests) == 1 else judge

    def _compare(self, left: ast.expr, sign: ast.cmpop, right: ast.expr, depth: int) -> Closure:
        kind, ours = self._build(left, depth + 1)
        if isinstance(sign, ast.In | ast.NotIn):
            return self._membership(kind, ours, sign, right, depth)
        apply = COMPARISONS.get(type(sign))
        if apply is None:
            raise self.error(left, "only < <= > >= == != in may compare; or ask known(fact)")
        other, theirs = self._build(right, depth + 1)
        if kind != other:
            raise self.error(right, f"compares a {kind} with a {other}")
        if kind != "number" and not isinstance(sign, ast.Eq | ast.NotEq):
            raise self.error(right, f"a {kind} has no order; use == or !=")
        return _lifted(apply, [ours, theirs])

    def _membership(
        self, kind: Kind, ours: Closure, sign: ast.cmpop, right: ast.expr, depth: int
    ) -> Closure:
        if not isinstance(right, ast.Tuple | ast.List | ast.Set) or not right.elts:
            raise self.error(right, "`in` needs a list of values, such as ('tanh', 'sigmoid')")
        options = []
        for item in right.elts:
            other, value = self._build(item, depth + 1)
            bare = item.operand if isinstance(item, ast.UnaryOp) else item
            if not isinstance(bare, ast.Constant) or other != kind:
                raise self.error(item, f"the list must hold plain values, each a {kind}")
            options.append(value({}))
        wanted = isinstance(sign, ast.In)
        return lambda facts: None if (x := ours(facts)) is None else (x in options) is wanted

    def _call(self, node: ast.Call, depth: int) -> tuple[Kind, Closure]:
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if name == "known" and len(node.args) == 1 and isinstance(node.args[0], ast.Name):
            _, part = self._name(node.args[0])
            return "flag", lambda facts: part(facts) is not None
        if name not in FUNCTIONS or node.keywords:
            allowed = (*FUNCTIONS, "known")
            near = "" if name in allowed else did_you_mean(name, allowed)
            raise self.error(node, f"may call {', '.join(FUNCTIONS)} and known(fact) only{near}")
        function, least, most = FUNCTIONS[name]
        if not least <= len(node.args) <= most:
            count = str(least) if least == most else f"{least} to {most}"
            raise self.error(node, f"{name} takes {count} value{'s' * (most > 1)}")
        return "number", _lifted(function, [self._number(arg, depth) for arg in node.args])

    def _flag(self, node: ast.expr, depth: int) -> Closure:
        return self._of("flag", node, depth)

    def _number(self, node: ast.expr, depth: int) -> Closure:
        return self._of("number", node, depth)

    def _of(self, wanted: Kind, node: ast.expr, depth: int) -> Closure:
        kind, closure = self._build(node, depth + 1)
        if kind != wanted:
            raise self.error(node, f"this is a {kind}; a {wanted} is needed")
        return closure


def _lifted(function: Callable[..., Any], parts: list[Closure]) -> Closure:
    """None when a part is None, or when the result is no finite number."""

    def compute(facts: Facts) -> Any:
        values: list[FactValue] = []
        for part in parts:
            value = part(facts)
            if value is None:
                return None
            values.append(value)
        try:
            found = function(*values)
        except (ArithmeticError, ValueError):
            return None
        return found if isinstance(found, bool) else _finite(found)

    return compute


def _finite(value: Any) -> Any:
    """The number, or None when it is missing, NaN, infinite or too large for a float."""
    return value if value is not None and -LARGEST <= value <= LARGEST else None
