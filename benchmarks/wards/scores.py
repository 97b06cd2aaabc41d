"""Figures over all visits, with Wilson intervals, and what falls short of its target."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from wards.cases import SICK
from wards.records import Visit

Z = 1.96
TARGETS = {
    "cause among the first two": 0.90,
    "cause first": 0.75,
    "precision of what is reported": 0.90,
    "first change is right": 0.85,
    "cured within 6 trials": 0.85,
    "backends agree": 0.97,
}
"""At least."""
FALSE_ALARMS = 0.02
"""At most."""


@dataclass(frozen=True)
class Figure:
    """A share with its 95 % interval; `target` None: for information."""

    name: str
    hits: int
    of: int
    target: float | None = None
    at_most: bool = False

    @property
    def share(self) -> float:
        return self.hits / self.of if self.of else math.nan

    @property
    def interval(self) -> tuple[float, float]:
        return wilson(self.hits, self.of)

    @property
    def meets(self) -> bool | None:
        if self.target is None or not self.of:
            return None
        return self.share <= self.target if self.at_most else self.share >= self.target

    @property
    def is_surely_short(self) -> bool:
        """Whether the whole interval is on the wrong side of the target: a few visits cannot
        tell a share of 83 % from one of 85 %."""
        low, high = self.interval
        if self.target is None or not self.of:
            return False
        return low > self.target if self.at_most else high < self.target

    def record(self) -> dict[str, Any]:
        low, high = self.interval
        return {
            "name": self.name,
            "hits": self.hits,
            "of": self.of,
            "share": self.share,
            "low": low,
            "high": high,
            "target": self.target,
            "meets": self.meets,
        }


def wilson(hits: int, of: int) -> tuple[float, float]:
    """95 % interval of a share; (0, 1) of nothing."""
    if not of:
        return 0.0, 1.0
    p, square = hits / of, Z**2 / of
    middle = (p + square / 2) / (1 + square)
    half = Z * math.sqrt(p * (1 - p) / of + square / (4 * of)) / (1 + square)
    return max(0.0, middle - half), min(1.0, middle + half)


def figures(visits: Sequence[Visit], controls: Mapping[str, Sequence[str]]) -> list[Figure]:
    """All figures. `controls`: by name of a healthy training, the alarms that it raised."""
    seen = [visit for visit in visits if not visit.error]
    found = [Figure("visits that ran", len(seen), len(visits)), *_diagnosis(seen)]
    found += _treatment(seen)
    agreeing = _agreements(seen)
    found.append(_figure("backends agree", agreeing))
    return [figure for figure in [*found, *_false_alarms(controls)] if figure.of]


def _false_alarms(controls: Mapping[str, Sequence[str]]) -> list[Figure]:
    """Trainings and generated curves apart: many quiet curves must not hide loud trainings."""
    parts: dict[str, list[bool]] = {"trainings": [], "curves": []}
    for name, raised in controls.items():
        parts["curves" if name.startswith("curve ") else "trainings"].append(bool(raised))
    return [
        Figure(f"false alarms on healthy {kind}", sum(part), len(part), FALSE_ALARMS, at_most=True)
        for kind, part in parts.items()
    ]


def _diagnosis(seen: Sequence[Visit]) -> list[Figure]:
    reported = [name not in visit.wrong for visit in seen for name in visit.reported]
    two = [visit.place is not None and visit.place <= 2 for visit in seen]
    return [
        _figure("cause among the first two", two),
        _figure("cause first", [visit.place == 1 for visit in seen]),
        _figure("precision of what is reported", reported),
    ]


def _treatment(seen: Sequence[Visit]) -> list[Figure]:
    """A case whose fault hardly matters with a seed needs no cure there, so it counts for none."""
    sick = [visit for visit in seen if visit.untreated is False]
    found = [
        _figure("first change is right", _known(visit.right for visit in seen)),
        _figure("nothing harmful is tried first", _known(visit.harmless for visit in seen)),
        _figure("cured within 6 trials", _known(visit.cured for visit in sick)),
        _figure("good enough without treatment", _known(visit.untreated for visit in seen)),
    ]
    for budget in ("6", "12"):
        got = [visit.random[budget] for visit in sick if budget in visit.random]
        found.append(_figure(f"random search, {budget} trials", got))
    return found


def _figure(name: str, values: Sequence[bool]) -> Figure:
    return Figure(name, sum(values), len(values), TARGETS.get(name))


def _known(values: Iterable[bool | None]) -> list[bool]:
    return [value for value in values if value is not None]


def _agreements(seen: Sequence[Visit]) -> list[bool]:
    """Whether both backends report the same fault first, for each case and seed."""
    by_key = {visit.key: visit for visit in seen}
    pairs = [
        (visit, by_key[visit.case, "jax", visit.seed])
        for visit in seen
        if visit.backend == "torch" and (visit.case, "jax", visit.seed) in by_key
    ]
    return [ours.reported[:1] == theirs.reported[:1] for ours, theirs in pairs]


def shortcomings(visits: Sequence[Visit], controls: Mapping[str, Sequence[str]]) -> list[str]:
    """What the program gets wrong, in words, most frequent first."""
    counts: Counter[str] = Counter()
    for visit in visits:
        counts.update(_faults(visit))
    for alarms in controls.values():
        counts.update(f"false alarm on a healthy training: {name}" for name in alarms)
    return [f"{count:4} x {what}" for what, count in counts.most_common()]


def _faults(visit: Visit) -> list[str]:
    case = SICK[visit.case]
    what = f"case {case.id} ({case.title})"
    if visit.error:
        return [f"{what}: did not run: {visit.error[:120]}"]
    found = []
    causes = " or ".join(case.causes) or f"a refusal about {case.refusal!r}"
    if visit.place is None:
        first = ", ".join(visit.reported[:3]) or "nothing"
        found.append(f"{what}: missed {causes}; reported {first}")
    elif visit.place > 2:
        found.append(f"{what}: {causes} only at place {visit.place}, after {visit.reported[0]}")
    found += [f"{what}: wrongly reports {name}" for name in visit.wrong]
    if visit.right is False:
        found.append(f"{what}: tries {visit.rule or 'nothing'} first")
    elif visit.harmless is False:
        found.append(f"{what}: tries {visit.rule} where it must not")
    if visit.cured is False:
        found.append(f"{what}: not cured")
    return found
