"""Conditions of rules in words: `dropout < 0.5 and not tokens` for people who write no rules."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence

from advisor.diagnosis.condition_names import VALUES, flag_of, is_or_are, name_of, unit_of
from advisor.facts import VOCABULARY
from advisor.symptoms import DETECTORS
from advisor.text import number

SIGNS: Mapping[type[ast.cmpop], str] = {
    ast.Lt: "below",
    ast.LtE: "at most",
    ast.Gt: "above",
    ast.GtE: "at least",
    ast.Eq: "",
    ast.NotEq: "not",
}
MIRRORED: Mapping[type[ast.cmpop], ast.cmpop] = {
    ast.Lt: ast.Gt(),
    ast.LtE: ast.GtE(),
    ast.Gt: ast.Lt(),
    ast.GtE: ast.LtE(),
    ast.Eq: ast.Eq(),
    ast.NotEq: ast.NotEq(),
}
OPPOSITE: Mapping[type[ast.cmpop], ast.cmpop] = {
    ast.Lt: ast.GtE(),
    ast.LtE: ast.Gt(),
    ast.Gt: ast.LtE(),
    ast.GtE: ast.Lt(),
    ast.Eq: ast.NotEq(),
    ast.NotEq: ast.Eq(),
    ast.In: ast.NotIn(),
    ast.NotIn: ast.In(),
}
OPERATORS: Mapping[type[ast.operator], str] = {
    ast.Add: "plus",
    ast.Sub: "minus",
    ast.Mult: "times",
    ast.Div: "divided by",
    ast.FloorDiv: "divided in whole by",
    ast.Mod: "modulo",
    ast.Pow: "to the power of",
}
FUNCTIONS: Mapping[str, str] = {
    "min": "the smallest of {}",
    "max": "the largest of {}",
    "abs": "the size of {}",
    "sqrt": "the square root of {}",
    "log10": "log10 of {}",
    "log": "ln of {}",
    "round": "({}, rounded)",
    "floor": "({}, rounded down)",
    "ceil": "({}, rounded up)",
    "clamp": "the middle one of {}",
}
PRODUCTS, SUMS = (ast.Mult, ast.Div), (ast.Add, ast.Sub)


def in_words(condition: str) -> str:
    """A condition that was read before, such as `dropout < 0.5 and not underfitting`, as `dropout
    is below 0.5 and "underfitting" is ruled out`."""
    return _said(ast.parse(condition.strip(), mode="eval").body)


def together(conditions: Sequence[str]) -> str:
    """Several that must all hold."""
    told = [in_words(one) for one in conditions]
    if any(" or " in one or " and " in one for one in told):
        return ", and ".join(told)
    return listed(told, "and") if told else ""


def _said(node: ast.expr, holds: bool = True) -> str:
    match node:
        case ast.UnaryOp(op=ast.Not(), operand=inner):
            return _said(inner, not holds)
        case ast.BoolOp():
            return _joined(node, holds)
        case ast.Name(id=name):
            return _flag(name, holds)
        case ast.Call(args=[ast.Name(id=name)]):
            return _known(name, holds)
        case ast.Compare():
            return _compared(node, holds)
        case ast.Constant(value=value):
            return "always" if bool(value) is holds else "never"
    return ast.unparse(node) if holds else f"not {ast.unparse(node)}"


def _joined(node: ast.BoolOp, holds: bool) -> str:
    """`not (a or b)` is told as `not a and not b`."""
    word = "or" if isinstance(node.op, ast.Or) is holds else "and"
    symptoms = [one.id for one in node.values if isinstance(one, ast.Name)]
    if len(symptoms) == len(node.values) and all(name in DETECTORS for name in symptoms):
        found = _found(holds).replace("is", "are") if word == "and" else _found(holds)
        return f"{listed([name_of(name) for name in symptoms], word)} {found}"
    parts = [_said(one, holds) for one in node.values]
    mixed = [isinstance(one, ast.BoolOp) for one in node.values]
    return f" {word} ".join(f"({p})" if m else p for p, m in zip(parts, mixed, strict=True))


def _flag(name: str, holds: bool) -> str:
    return f"{name_of(name)} {_found(holds)}" if name in DETECTORS else flag_of(name, holds)


def _found(holds: bool) -> str:
    return "is found" if holds else "is ruled out"


def _known(name: str, holds: bool) -> str:
    fact = VOCABULARY.get(name)
    if name in DETECTORS:
        told = "can be judged" if holds else "cannot be judged"
        return f"{name_of(name)} {told}"
    told = "set" if fact is not None and fact.field else "measured"
    return f"{name_of(name)} {is_or_are(name)} {told if holds else f'not {told}'}"


def _compared(node: ast.Compare, holds: bool) -> str:
    left, parts = node.left, []
    for sign, right in zip(node.ops, node.comparators, strict=True):
        parts.append(_comparison(left, sign, right))
        left = right
    told = " and ".join(parts)
    return told if holds else _denied(node, told)


def _denied(node: ast.Compare, told: str) -> str:
    if len(node.ops) > 1:
        return f"it is not so that {told}"
    return _comparison(node.left, OPPOSITE[type(node.ops[0])], node.comparators[0])


def _comparison(left: ast.expr, sign: ast.cmpop, right: ast.expr) -> str:
    if _constant(left) is not None and _constant(right) is None and type(sign) in MIRRORED:
        left, sign, right = right, MIRRORED[type(sign)], left
    if isinstance(sign, ast.In | ast.NotIn):
        return _one_of(left, isinstance(sign, ast.In), right)
    special = _switch(left, sign, right) or _multiple(left, sign, right)
    if special:
        return special
    word = SIGNS[type(sign)]
    is_word = f"{_verb(left)} {word}".strip()
    return f"{_amount(left)} {is_word} {_value(right, _unit(left))}"


def _switch(left: ast.expr, sign: ast.cmpop, right: ast.expr) -> str:
    """Whether a regulariser is used, or whether there is something at all."""
    if not isinstance(left, ast.Name) or not isinstance(right, ast.Constant):
        return ""
    if isinstance(right.value, bool):
        return _flag(left.id, right.value is isinstance(sign, ast.Eq))
    fact = VOCABULARY.get(left.id)
    regulariser = fact is not None and (fact.field or "").startswith("regularization.")
    if regulariser and right.value == 0 and isinstance(sign, ast.Eq | ast.Gt | ast.NotEq):
        return f"{name_of(left.id)} is {'off' if isinstance(sign, ast.Eq) else 'on'}"
    if right.value == "none" and isinstance(sign, ast.Eq | ast.NotEq):
        return f"there is {'no' if isinstance(sign, ast.Eq) else 'some'} {name_of(left.id)}"
    return ""


def _multiple(left: ast.expr, sign: ast.cmpop, right: ast.expr) -> str:
    whole = isinstance(left, ast.BinOp) and isinstance(left.op, ast.Mod)
    zero = isinstance(right, ast.Constant) and right.value == 0
    if not (whole and zero and isinstance(sign, ast.Eq)):
        return ""
    return f"{_amount(left.left)} is a multiple of {_amount(left.right)}"  # type: ignore[attr-defined]


def _one_of(left: ast.expr, wanted: bool, options: ast.expr) -> str:
    values = [_value(one, _unit(left)) for one in getattr(options, "elts", ())]
    told = listed(values, "or" if wanted else "nor")
    negation = "" if wanted else "neither " if values[1:] else "not "
    return f"{_amount(left)} {_verb(left)} {negation}{told}"


def _amount(node: ast.expr) -> str:
    """A number, or a text, as it is computed."""
    match node:
        case ast.Name(id=name):
            return name_of(name)
        case ast.BinOp(left=left, op=op, right=right):
            return f"{_part(left, op, True)} {OPERATORS[type(op)]} {_part(right, op, False)}"
        case ast.UnaryOp(op=ast.USub(), operand=inner) if _constant(node) is None:
            return f"minus {_part(inner, ast.Pow(), False)}"
        case ast.Call(func=ast.Name(id=name), args=args) if name in FUNCTIONS:
            values = listed([_amount(one) for one in args], "and")
            return FUNCTIONS[name].format(values)
    return _value(node, "")


def _part(node: ast.expr, op: ast.operator, comes_first: bool) -> str:
    """In brackets where it would be reckoned otherwise without them."""
    told = _amount(node)
    if not isinstance(node, ast.BinOp):
        return told
    product, of_products = isinstance(node.op, PRODUCTS), isinstance(op, PRODUCTS)
    sum_of = isinstance(op, SUMS)
    plain = (product and sum_of) or (comes_first and product and of_products)
    plain = plain or (comes_first and isinstance(node.op, SUMS) and sum_of)
    return told if plain else f"({told})"


def _value(node: ast.expr, unit: str) -> str:
    """What something is compared with, in the unit of that."""
    found = _constant(node)
    if isinstance(found, str):
        return VALUES.get(found, found.replace("_", " "))
    if found is None:
        return _amount(node)
    if unit.startswith("share"):
        return f"{100 * found:.4g} %{unit.removeprefix('share')}"
    behind = unit.removesuffix("s") if found == 1 and unit != "classes" else unit
    return f"{number(found)} {behind}".strip()


def _constant(node: ast.expr) -> float | str | None:
    negative = isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub)
    inner = node.operand if isinstance(node, ast.UnaryOp) else node
    if not isinstance(inner, ast.Constant) or not isinstance(inner.value, int | float | str):
        return None
    value = inner.value
    return -value if negative and not isinstance(value, str) else value


def _unit(node: ast.expr) -> str:
    return unit_of(node.id) if isinstance(node, ast.Name) else ""


def _verb(node: ast.expr) -> str:
    return is_or_are(node.id) if isinstance(node, ast.Name) else "is"


def listed(values: Sequence[str], word: str) -> str:
    """`a, b or c`."""
    *first, last = values
    return f"{', '.join(first)} {word} {last}" if first else last
