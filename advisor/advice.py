"""From facts and rules to proposals, in the order in which they should be tried. Pure."""

from __future__ import annotations

import math
from collections.abc import Collection, Container, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from pydantic import ValidationError

from advisor.conditions import Expression
from advisor.experience import Experience, TrackRecord
from advisor.facts import Facts, FactValue
from advisor.recipe import Recipe
from advisor.recipe_fields import recipe_fields
from advisor.rulebook import Criterion, Rule
from advisor.symptoms import Arbitration

Order: TypeAlias = tuple[int, bool, int, str]
"""urgency of the symptom, whether another proposal goes for its cause, rank (moved by experience),
id: smaller comes first"""
Origin = Literal["rule", "edited", "own"]
"""who made a change: a rule; a person, out of a rule's; a person alone"""
NO_EXPERIENCE = Experience()
LR_DIGITS, DIGITS = 3, 6
"""Significant digits of computed numbers: a learning rate is never known better than that; the
rest only lose the noise of floating point, such as 0.1 + 0.2."""


@dataclass(frozen=True)
class Proposal:
    """A change with its rule, and the measured values behind it."""

    rule: Rule
    change: Mapping[str, Any]
    evidence: Mapping[str, FactValue]
    order: Order
    aim: str | None = None
    """the fired symptom that it goes for"""
    track_record: TrackRecord = field(default_factory=TrackRecord)
    """what became of the rule's earlier proposals"""
    origin: Origin = "rule"
    built_on: int | None = None
    """number of the trial that leads, whose change this one contains; None: taken from the
    incumbent"""
    below: tuple[str, ...] = ()
    """fields of the change that are as they are there"""
    price_below: float = 0.0
    """of the rules that led there"""

    @property
    def measured(self) -> dict[str, FactValue]:
        """What stands behind it, for people: the evidence, and what it is built on."""
        under = {} if self.built_on is None else {"built_on_trial": self.built_on}
        return {**self.evidence, **under}

    @property
    def criterion(self) -> Criterion:
        """What is built on something that is not shown to help must do better."""
        return self.rule.criterion if self.built_on is None else "better"

    @property
    def price(self) -> float:
        """What the added complexity costs, in standard deviations of one training."""
        return max(self.rule.price, self.price_below)

    @property
    def reason(self) -> str:
        return self.rule.why

    @property
    def treats(self) -> str | None:
        return self.rule.treats


@dataclass(frozen=True)
class Advice:
    """What may be tried now, best first."""

    proposals: tuple[Proposal, ...]
    probes: tuple[str, ...] = ()
    """short experiments that rules wait for"""
    refused: tuple[str, ...] = ()
    """proposals that could not be made, and why: for people"""


def propose(
    stage: str,
    recipe: Recipe,
    facts: Facts,
    rules: Sequence[Rule],
    arbitration: Arbitration,
    tried: Container[str] = frozenset(),
    also: Collection[str] = (),
    experience: Experience = NO_EXPERIENCE,
) -> Advice:
    """Proposals of this stage for this recipe, what is most urgent first, then by rank and id.

    What goes for a cause comes before what goes for its consequences. `also`: symptoms whose
    treatments are welcome from any stage. `experience` moves ranks, so it only ever tells apart
    what is as urgent and goes for a cause alike.

    Left out: changes of locked fields, changes that change nothing, recipes already tried
    (`tried` holds their digests), and a second proposal that moves the same number the other way.
    """
    found: list[tuple[Rule, Mapping[str, Any]]] = []
    waiting: list[Rule] = []
    refused: list[str] = []
    for rule in rules:
        here = rule.stage == stage or rule.treats in also
        if not here or not rule.active:
            continue
        fires = rule.judge(facts).fires
        locked = [path for path in rule.change if recipe.locks(path)]
        if fires and locked:
            refused.append(f"{rule.id}: {', '.join(locked)} is locked")
        if fires is False or locked:
            continue
        change = computed_change(rule, facts) if fires else None
        if change is not None:
            moved = _moved(rule, change, recipe, tried)
            if isinstance(moved, str):
                refused.append(moved)
            elif moved is not None:
                found.append((rule, moved))
        elif rule.probe:
            waiting.append(rule)
        elif fires:
            refused.append(f"{rule.id}: {_missing(rule, facts)}")
    records = {rule.id: experience.track_record(rule) for rule in rules}
    orders = _orders([*(rule for rule, _ in found), *waiting], arbitration, records)
    proposals = [
        _proposal(rule, moved, facts, *orders[rule.id], records[rule.id]) for rule, moved in found
    ]
    kept = _without_contradictions(sorted(proposals, key=lambda p: p.order), recipe, refused)
    due = [(orders[rule.id][0], rule.probe) for rule in waiting if rule.probe]
    return Advice(tuple(kept), _due(due, kept), tuple(refused))


def _orders(
    rules: Sequence[Rule], by: Arbitration, records: Mapping[str, TrackRecord]
) -> dict[str, tuple[Order, str | None]]:
    """Each rule's place, and the symptom that it goes for."""
    aims = {rule.id: by.aim(rule.treats, rule.reads) for rule in rules}
    covered: set[str | None] = set()
    covered.update(*(by.covers(aims[rule.id], rule.change) for rule in rules))
    found: dict[str, tuple[Order, str | None]] = {}
    for rule in rules:
        aim = aims[rule.id]
        urgency = by.urgency_of(aim, rule.change)
        rank = rule.rank + records[rule.id].ranks
        found[rule.id] = ((urgency, aim in covered, rank, rule.id), aim)
    return found


def _due(waiting: Sequence[tuple[Order, str]], kept: Sequence[Proposal]) -> tuple[str, ...]:
    """Probes of the rules that come before the best proposal: others need not be paid for yet."""
    due = [probe for order, probe in sorted(waiting) if not kept or order < kept[0].order]
    return tuple(dict.fromkeys(due))


def computed_change(rule: Rule, facts: Facts) -> dict[str, Any] | None:
    """What the rule would set; None when a fact that it computes with is missing."""
    values = rule.values(facts)
    if values is None:
        return None
    return {
        path: tidy(path, value) if isinstance(rule.change[path], Expression) else value
        for path, value in values.items()
    }


def _missing(rule: Rule, facts: Facts) -> str:
    names = sorted(name for name in rule.reads if facts.get(name) is None)
    return f"cannot be computed; not measured: {', '.join(names) or 'no finite result'}"


def _moved(
    rule: Rule, change: Mapping[str, Any], recipe: Recipe, tried: Container[str]
) -> dict[str, Any] | str | None:
    """What of a change is new to the recipe; why it is refused; or None when there is nothing new
    to propose."""
    try:
        before, after = recipe.flat(), recipe.changed(change).flat()
        moved = {path: value for path, value in change.items() if not _same(before, after, path)}
        changed = recipe.changed(moved)
    except (ValidationError, KeyError) as error:
        return f"{rule.id}: gives no valid recipe: {problem(error)}"
    if not moved or changed.digest() in tried:
        return None
    return moved


def _proposal(
    rule: Rule,
    moved: Mapping[str, Any],
    facts: Facts,
    order: Order,
    aim: str | None,
    record: TrackRecord,
) -> Proposal:
    evidence = {name: facts.get(name) for name in sorted(rule.reads)}
    return Proposal(rule, moved, evidence, order, aim, record)


def problem(error: ValidationError | KeyError) -> str:
    """Why a change gives no valid recipe, in one line."""
    if isinstance(error, KeyError):
        return f"no recipe has a field {error}"
    found = (
        (".".join(map(str, one["loc"])), one["msg"].removeprefix("Value error, "))
        for one in error.errors(include_url=False)
    )
    return "; ".join(f"{path}: {message}" if path else message for path, message in found)


def tidy(path: str, value: float) -> float:
    """A computed number as a person would write it: whole where the field is whole."""
    field = recipe_fields().get(path)
    if field is not None and field.integer:
        return round(value)
    return float(f"{value:.{LR_DIGITS if path == 'optimizer.lr' else DIGITS}g}")


def _same(before: Mapping[str, Any], after: Mapping[str, Any], path: str) -> bool:
    if (path in before) != (path in after):  # such as early stopping that is switched off
        return False
    old, new = before.get(path), after.get(path)
    if isinstance(old, float) and isinstance(new, int | float):
        return math.isclose(old, new, rel_tol=1e-6)
    return bool(old == new)


def _without_contradictions(
    proposals: Sequence[Proposal], recipe: Recipe, refused: list[str]
) -> list[Proposal]:
    kept: list[Proposal] = []
    settled: dict[str, tuple[bool, str]] = {}
    before = recipe.flat()
    for proposal in proposals:
        ups = _directions(proposal, before)
        against = [path for path, up in ups.items() if settled.get(path, (up, ""))[0] != up]
        for path in against:
            other = settled[path][1]
            refused.append(f"{proposal.rule.id}: moves {path} the other way than {other}")
        if not against:
            kept.append(proposal)
            for path, up in ups.items():
                settled.setdefault(path, (up, proposal.rule.id))
    return kept


def _directions(proposal: Proposal, before: Mapping[str, Any]) -> dict[str, bool]:
    """Number fields that the proposal moves, and whether it moves them up."""
    return {
        path: value > old
        for path, value in proposal.change.items()
        if _is_number(value) and _is_number(old := before.get(path))
    }


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
