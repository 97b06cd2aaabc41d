"""What is kept of each visit of a case, and whether it was right."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from advisor.recipe import LOWER_IS_BETTER, Recipe
from advisor.symptoms import Finding
from wards.case import Case
from wards.moves import any_made
from wards.names import FIRST
from wards.treatment import Treatment

REACHED = 0.95
"""Share of the healthy twin's metric that counts as cured."""


@dataclass
class Visit:
    """One case on one backend with one seed."""

    case: str
    backend: str
    seed: int
    reported: list[str] = field(default_factory=list)
    """causes that fired, in order of arbitration; noted ones only where the case is about them"""
    place: int | None = None
    """of the first symptom that names the cause, from 1; None where none does"""
    wrong: list[str] = field(default_factory=list)
    """reported although the case does not have it"""
    rule: str = ""
    """of the first proposal"""
    change: dict[str, Any] = field(default_factory=dict)
    right: bool | None = None
    """whether the first change is one that mends it; None where only a person can mend it"""
    harmless: bool | None = None
    """nothing that must not be tried comes first; where a person must mend it, nothing at all"""
    twin: float | None = None
    twin_lags: list[str] = field(default_factory=list)
    """symptoms of generalisation that the healthy twin has as well: its data are small, so they
    are true of the case too"""
    start: float | None = None
    end: float | None = None
    trials: int = 0
    tried: list[dict[str, Any]] = field(default_factory=list)
    cured: bool | None = None
    untreated: bool | None = None
    """good enough without any treatment"""
    random: dict[str, bool] = field(default_factory=dict)
    """by number of trials, whether random search got there"""
    explained: dict[str, str] = field(default_factory=dict)
    """everything that fired, with the cause under which it is told, if any"""
    error: str = ""
    seconds: float = 0.0

    @property
    def key(self) -> tuple[str, str, int]:
        return self.case, self.backend, self.seed

    def record(self) -> dict[str, Any]:
        return asdict(self)


def diagnosed(visit: Visit, case: Case, findings: Sequence[Finding]) -> None:
    """What is reported: the causes, under which a report tells what came of them."""
    told = [
        one
        for one in findings
        if one.outcome == "fired"
        and not one.explained_by
        and (one.gravity != "info" or one.symptom in case.causes)
    ]
    visit.reported = [one.symptom for one in told]
    visit.explained = {one.symptom: one.explained_by for one in findings if one.outcome == "fired"}
    named = [i for i, one in enumerate(told, 1) if _names(one, case)]
    visit.place = named[0] if named else None
    visit.wrong = [
        one.symptom
        for one in told
        if one.symptom not in case.truths
        and one.symptom not in visit.twin_lags
        and not _names(one, case)
    ]


def _names(one: Finding, case: Case) -> bool:
    """Whether it names the fault; of odd values, whether it is the one that was put there."""
    if one.symptom == "suspicious_values":
        return not set(one.evidence).isdisjoint(_leaves(case.changes))
    return one.symptom in case.causes


def _leaves(changes: Mapping[str, Any]) -> Iterator[str]:
    """Every field that was changed, sections opened; a section itself where only it is odd."""
    for path, value in changes.items():
        yield path.partition(".")[0] if path.startswith("schedule") else path
        if isinstance(value, Mapping):
            yield from _leaves({f"{path}.{name}": inner for name, inner in value.items()})


def alarms(findings: Sequence[Finding]) -> list[str]:
    """What a healthy training must not show."""
    return [
        found.symptom
        for found in findings
        if found.outcome == "fired" and found.severity in ("block", "optimisation")
    ]


def lags(findings: Sequence[Finding]) -> list[str]:
    """Symptoms of generalisation."""
    return [
        found.symptom
        for found in findings
        if found.outcome == "fired" and found.severity == "generalisation"
    ]


def advised(visit: Visit, case: Case, recipe: Recipe, treatment: Treatment) -> None:
    """Judge the first proposal."""
    first = treatment.first
    if first is not None:
        visit.rule, visit.change = first.rule.id, dict(first.change)
        after = recipe.changed(first.change)
        stop = not case.accepted and FIRST.intersection(case.causes)
        visit.right = any_made(case.accepted, recipe, after) if case.accepted else None
        visit.harmless = not stop and not any_made(case.must_not, recipe, after)
    else:
        visit.right = False if case.accepted else None
        visit.harmless = True


def reached(recipe: Recipe, value: float | None, twin: float | None) -> bool:
    """Whether a metric is at least REACHED of the twin's."""
    if value is None or twin is None:
        return False
    if recipe.metric in LOWER_IS_BETTER:
        return value <= twin / REACHED
    return value >= REACHED * twin
