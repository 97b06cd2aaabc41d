"""What the rules say to a finding: as an exact change where all it rests on is known."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from advisor.advice import computed_change, propose
from advisor.conditions import Condition
from advisor.diagnosis.case import Case
from advisor.diagnosis.known import TASK, known_facts
from advisor.diagnosis.naming import NO_NAME
from advisor.facts import Facts, FactValue
from advisor.rulebook import Rule
from advisor.stages import STAGES, place
from advisor.symptoms import Arbitration, Finding


@dataclass(frozen=True)
class Counsel:
    """A rule for a finding."""

    rule: Rule
    change: Mapping[str, tuple[FactValue, Any]] | None = None
    """field -> (now, then); None where that rests on what nobody told"""
    depends: tuple[str, ...] = ()
    """the rule's conditions that nobody can judge from what was told"""


class Counsellor:
    """The rules, asked about the findings of one case."""

    def __init__(
        self,
        case: Case,
        findings: Sequence[Finding],
        rules: Sequence[Rule],
        own: Collection[str] = (),
    ) -> None:
        """`own`: ids of the rules that the user brought along."""
        with np.errstate(all="ignore"):
            self._facts, self._hidden = known_facts(case, findings)
        self._case, self._own = case, own
        self._guessed = TASK if case.assumed.get("task") == NO_NAME else ()
        self._rules = [rule for rule in rules if rule.active]
        self._proposed = self._proposals(rules)

    def on(self, symptom: str) -> list[Counsel]:
        """Rules for a symptom that fired, the first to follow first."""
        near = [rule for rule in self._rules if symptom in (rule.treats, *rule.reads)]
        judged = [made for rule in near if (made := self._judged(rule)) is not None]
        found = [one for one in judged if not one.depends or one.rule.treats == symptom]
        return sorted(found, key=lambda one: _place(one, symptom, self._own))

    def beside(self, told: Collection[str]) -> list[Counsel]:
        """The user's rules that hold as far as is known, but for those that were told already."""
        near = [rule for rule in self._rules if rule.id in self._own and rule.id not in told]
        judged = [made for rule in near if (made := self._judged(rule)) is not None]
        return [one for one in judged if len(one.depends) < len(one.rule.when)]

    def _judged(self, rule: Rule) -> Counsel | None:
        """None for a rule that does not apply."""
        open_lines = []
        for line in rule.when:
            holds = _holds(line, self._facts, self._hidden)
            if holds is False or (holds is None and not self._could_hold(line)):
                return None
            if holds is None or not line.names.isdisjoint(self._guessed):
                open_lines.append(line.text)
        if self._case.given is not None and not open_lines:
            change = self._proposed.get(rule.id)
            return None if change is None else Counsel(rule, change)
        if self._case.given is not None and any(
            self._case.given.locks(path) for path in rule.change
        ):
            return None
        change = self._known_change(rule) if not open_lines else None
        return Counsel(rule, change, tuple(open_lines))

    def _could_hold(self, line: Condition) -> bool:
        """Whether what is missing is what nobody told, and not what does not apply."""
        missing = {name for name in line.names if self._facts.get(name) is None}
        return missing <= self._hidden

    def _proposals(self, rules: Sequence[Rule]) -> dict[str, Mapping[str, tuple[FactValue, Any]]]:
        recipe = self._case.given
        if recipe is None:
            return {}
        before = recipe.flat()
        return {
            made.rule.id: {path: (before.get(path), value) for path, value in made.change.items()}  # type: ignore[misc]
            for stage in STAGES
            for made in propose(stage.name, recipe, self._facts, rules, Arbitration()).proposals
        }

    def _known_change(self, rule: Rule) -> Mapping[str, tuple[FactValue, Any]] | None:
        """Without a recipe: only of fields that were told."""
        change = computed_change(rule, self._facts)
        now = {
            "optimizer.lr": self._facts.get("lr"),
            "train.batch_size": self._facts.get("batch_size"),
        }
        if change is None or any(now.get(path) is None for path in change):
            return None
        return {path: (now[path], value) for path, value in change.items()}


def _holds(line: Condition, facts: Facts, hidden: Collection[str]) -> bool | None:
    """`known(x)` asks whether something applies; of what nobody told that cannot be said."""
    if "known(" in line.text and any(name in hidden for name in line.names):
        return None
    return line.holds(facts)


def _place(
    made: Counsel, symptom: str, own: Collection[str]
) -> tuple[bool, bool, int, bool, int, int, str]:
    """Exact changes first, then rules that are made for the symptom and wait for least; of equals
    the user's own."""
    rule = made.rule
    other, waits = rule.treats != symptom, len(made.depends)
    order = rule.id not in own, place(rule.stage), rule.rank, rule.id
    return made.change is None, other, waits, *order
