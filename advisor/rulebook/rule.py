"""What a rule is: at this stage, when these facts hold, propose this change, for this reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from advisor.conditions import Condition, Expression
from advisor.facts import Facts, FactValue

Criterion = Literal["better", "no worse"]
Maturity = Literal["sandbox", "incubating", "stable", "deprecated"]
ACTIVE: frozenset[Maturity] = frozenset({"incubating", "stable"})


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
    stage: str
    """a step of the tuning order, or a stage of the user's own"""
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
