"""What is treated first: causes before what they lead to, graver before lighter, and then the
classes of arbitration from the data to the evaluation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from advisor.symptoms.catalogue import ORDER, PLACE
from advisor.symptoms.causes import NOT_LEARNED
from advisor.symptoms.finding import Finding, Severity

GENERALISATION, LAST_CLASS = 8, 9
GRAVEST_FIRST: tuple[Severity, ...] = ("block", "optimisation", "generalisation", "info")


def arranged(findings: Iterable[Finding], order: Mapping[str, int] = ORDER) -> list[Finding]:
    """Fired symptoms first, each cause with what it led to right after it; then the others.

    `order`: the class of each symptom, 9 where it has none.
    """
    found = [_apart(one) for one in findings]
    fired = {one.symptom: one for one in found if one.outcome == "fired"}
    causes = _causes(fired, order)
    groups = [_group(name, fired, causes, order) for name in fired if name not in causes]
    groups.sort(key=lambda group: _importance(group, order))
    groups = _bias_first(groups, order)
    rest = [one for one in found if one.outcome != "fired"]
    rest.sort(key=lambda one: (order.get(one.symptom, LAST_CLASS), _place(one.symptom)))
    return [one for group in groups for one in group] + rest


def _apart(one: Finding) -> Finding:
    """As it was before it was arranged with others."""
    together = one.explained_by or one.weight is not None
    return replace(one, explained_by="", weight=None) if together else one


def _causes(fired: Mapping[str, Finding], order: Mapping[str, int]) -> dict[str, str]:
    """Explained symptom -> its first cause: of several the one that is treated first."""
    parents: dict[str, list[str]] = {}
    for name, one in fired.items():
        for reached in one.leads_to:
            if reached in fired and reached != name:
                parents.setdefault(reached, []).append(name)
    roots: dict[str, frozenset[str]] = {}

    def above(name: str) -> frozenset[str]:
        """The causes of a symptom, itself where it has none; nothing explains its own cause."""
        if name not in roots:
            roots[name] = frozenset({name})
            found = [above(parent) for parent in parents.get(name, ())]
            roots[name] = frozenset().union(*found) if found else frozenset({name})
        return roots[name]

    def rank(name: str) -> tuple[int, int]:
        return order.get(name, LAST_CLASS), _place(name)

    return {name: min(above(name), key=rank) for name in parents}


def _group(
    cause: str, fired: Mapping[str, Finding], causes: Mapping[str, str], order: Mapping[str, int]
) -> list[Finding]:
    """A cause with the gravest severity of what it led to, and those."""
    led = [replace(one, explained_by=cause) for n, one in fired.items() if causes.get(n) == cause]
    led.sort(key=lambda one: (order.get(one.symptom, LAST_CLASS), _place(one.symptom)))
    gravest = min((one.severity for one in [fired[cause], *led]), key=GRAVEST_FIRST.index)
    return [replace(fired[cause], weight=gravest), *led]


def _bias_first(groups: list[list[Finding]], order: Mapping[str, int]) -> list[list[Finding]]:
    """Lagging behind on validation is only noted while something keeps it from fitting."""
    if not any(_keeps_from_fitting(group) for group in groups):
        return groups
    return [
        [replace(group[0], weight="info"), *group[1:]]
        if group[0].gravity == "generalisation"
        and order.get(group[0].symptom, LAST_CLASS) == GENERALISATION
        else group
        for group in groups
    ]


def _keeps_from_fitting(group: Sequence[Finding]) -> bool:
    cause = group[0]
    grave = cause.gravity in ("block", "optimisation")
    return grave and not {cause.symptom, *cause.leads_to}.isdisjoint(NOT_LEARNED)


def _importance(group: Sequence[Finding], order: Mapping[str, int]) -> tuple[bool, int, int, int]:
    """A group is as urgent as its gravest member, in that one's class; what blocks comes before
    all others."""
    cause = group[0]
    gravest = [one for one in group if one.severity == cause.gravity]
    urgent = min(order.get(one.symptom, LAST_CLASS) for one in [cause, *gravest])
    return (
        cause.gravity != "block",
        urgent,
        GRAVEST_FIRST.index(cause.gravity),
        _place(cause.symptom),
    )


def _place(symptom: str) -> int:
    return PLACE.get(symptom, len(PLACE))


@dataclass(frozen=True)
class Arbitration:
    """Which fired symptom a treatment goes for, and how urgent that is."""

    urgency: Mapping[str, int] = field(default_factory=dict)
    """of each fired symptom: the class in which its cause is treated"""
    causes: Mapping[str, str] = field(default_factory=dict)
    """explained symptom -> its cause"""
    parts: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    """cause -> field at fault -> what it can explain, where there may be several"""
    order: Mapping[str, int] = field(default_factory=lambda: ORDER)

    @classmethod
    def of(cls, findings: Iterable[Finding], order: Mapping[str, int] = ORDER) -> Arbitration:
        fired = [one for one in arranged(findings, order) if one.outcome == "fired"]
        causes = {one.symptom: one.explained_by for one in fired if one.explained_by}
        urgency: dict[str, int] = {}
        for cause in (one for one in fired if not one.explained_by):
            group = [one for one in fired if cause.symptom in (one.symptom, one.explained_by)]
            urgent = _importance(group, order)[1]
            urgency |= {one.symptom: urgent for one in group}
        parts = {one.symptom: one.parts for one in fired if one.parts}
        return cls(urgency, causes, parts, order)

    def aim(self, treats: str | None, reads: Iterable[str]) -> str | None:
        """The symptom that a rule goes for: the one it treats, where that fired and nothing
        explains it; else the most urgent of those that it reads."""
        named = ([treats] if treats else []) + list(reads)
        fired = [name for name in dict.fromkeys(named) if name in self.urgency]

        def rank(name: str) -> tuple[bool, bool, int]:
            return name in self.causes, name != treats, self.urgency[name]

        return min(fired, key=rank) if fired else treats

    def covers(self, aim: str | None, paths: Iterable[str]) -> frozenset[str]:
        """The explained symptoms that a change of these fields would mend with their cause."""
        led = frozenset(name for name, cause in self.causes.items() if cause == aim)
        parts = self.parts.get(aim or "")
        if not parts:
            return led
        return led.intersection(name for path in paths for name in parts.get(path, ()))

    def urgency_of(self, symptom: str | None, paths: Iterable[str] = ()) -> int:
        """1 to 9; 9 for a rule that goes for none, and for one that mends a field at fault which
        explains nothing that fired."""
        name = symptom or ""
        if name in self.parts and not self.covers(name, paths):
            return LAST_CLASS
        return self.urgency.get(name, self.order.get(name, LAST_CLASS))
