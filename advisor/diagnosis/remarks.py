"""A finding as a colleague would put it: what is wrong, how we know, what to do first, and when
not to. All wording for people is here and in `remedies`."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from advisor.conditions import Expression
from advisor.diagnosis import hidden, pinned
from advisor.diagnosis.counsel import Counsel
from advisor.facts import FactValue
from advisor.rulebook import Rule
from advisor.symptoms import DETECTORS, Finding
from advisor.symptoms.remedies import REMEDIES, Remedy
from advisor.text import number

MOST_OTHERS = 3
KIND = re.compile(r"(image|tokens|model)\b")
"""Conditions on what is trained, and on what."""
SEVERITIES: Mapping[str, str] = {
    "block": "fix this before anything else",
    "optimisation": "training could be better",
    "generalisation": "validation lags behind",
    "info": "worth knowing",
}
ABOUT: Mapping[str, str] = {
    hidden.NAME: "losses that were NaN were written down as 0",
    pinned.NAME: "the loss stands at a number that gives the fault away",
}
"""Of symptoms that only a log can have."""
SOURCES: Mapping[str, tuple[str, ...]] = {
    hidden.NAME: ("Hugging Face Transformers, TrainingArguments.logging_nan_inf_filter",),
    pinned.NAME: ("CS231n, sanity checks of the loss: ln k at chance",),
}
EARLY = "what blocks comes first, and this may come of it; look again afterwards"
LATE = "bias before variance: this counts once nothing keeps it from fitting"
AGAINST = "the usual advice goes against that on"
TWICE = Remedy(
    "Let the model return raw outputs: the loss takes the softmax or sigmoid itself, and so took "
    "it twice.",
    "The loss can fall to zero.",
    "the loss is one of your own that wants probabilities",
)
NO_REMEDY = Remedy("", "")


@dataclass(frozen=True)
class Option:
    """Something to try, from a rule."""

    rule: str
    title: str
    change: Mapping[str, tuple[FactValue, Any]] | None
    """field -> (now, then), only where all that it rests on is known"""
    depends: tuple[str, ...]
    """what must hold for it, and nobody told"""
    why: str
    expect: str
    caution: str
    references: tuple[str, ...]
    rate: int = 0
    """1 where it raises the learning rate, -1 where it lowers it, 0 where it does neither or nobody
    knows"""

    @property
    def changes(self) -> str:
        """`optimizer.lr 0.1 -> 0.01`; empty where no number is known."""
        return ", ".join(
            f"{path} {number(now)} -> {number(then)}"
            for path, (now, then) in (self.change or {}).items()
        )


@dataclass(frozen=True)
class Remark:
    """One finding in words. Texts come from detectors and rules: print them through `clean`."""

    finding: Finding
    wrong: str
    first: str
    """what to do first; empty where nobody knows"""
    option: Option | None
    """the rule behind `first`; None where that is general advice"""
    expect: str
    unless: tuple[str, ...]
    """when not to"""
    others: tuple[Option, ...]
    references: tuple[str, ...]
    rate: int = 0
    """as of an option: which way `first` moves the learning rate"""
    waits: str = ""
    """why nothing is advised yet"""

    @property
    def title(self) -> str:
        return self.finding.symptom.replace("_", " ")

    @property
    def severity(self) -> str:
        return SEVERITIES[self.finding.gravity]

    @property
    def options(self) -> tuple[Option, ...]:
        """All rules that are advised."""
        return (self.option, *self.others) if self.option else self.others

    @property
    def comes_of(self) -> str:
        """The symptom that led to this one; empty for a cause."""
        return self.finding.explained_by.replace("_", " ")


def remark(
    finding: Finding, counsels: Sequence[Counsel], own: Collection[str] = frozenset()
) -> Remark:
    """What to say of a finding.

    A rule comes first when all its conditions are known to hold; while some are not, general
    advice does, and the rules follow with what they wait for: a few, and all of the user's own.
    """
    name = finding.symptom
    detector, remedy = DETECTORS.get(name), _remedy(finding)
    options = [option_of(each) for each in counsels]
    sure = bool(options) and (not options[0].depends or not remedy.first)
    option = options.pop(0) if sure else None
    traps = detector.traps if detector else ""
    other = f"not when {remedy.unless}" if remedy.unless else ""
    unless = (option.caution, traps) if option else (traps or other,)
    sources = SOURCES.get(name) or ((detector.source,) if detector else ())
    return Remark(
        finding,
        ABOUT.get(name) or (detector.about if detector else name),
        option.title if option else remedy.first,
        option,
        option.expect if option else remedy.expect,
        tuple(text for text in unless if text),
        _others(options, own),
        (option.references if option else ()) or sources,
        option.rate if option else remedy.rate,
    )


def _others(options: Sequence[Option], own: Collection[str]) -> tuple[Option, ...]:
    """The first few, no two of them for one kind of model or input that is only guessed at, and
    all of the user's own."""
    found: list[Option] = []
    guessed: set[str] = set()
    for option in options:
        kinds = {text for text in option.depends if KIND.match(text)}
        new = len(found) < MOST_OTHERS and not kinds & guessed
        if new or option.rule in own:
            found.append(option)
            guessed |= kinds
    return tuple(found)


def in_agreement(remarks: Sequence[Remark]) -> tuple[Remark, ...]:
    """The same remarks without advice that comes too early, or against that on an earlier one, or
    that goes for what a cause led to.

    Two remarks never say that the learning rate is too low and too high.
    """
    blocked = any(one.finding.gravity == "block" for one in remarks)
    settled, by = 0, ""
    found = []
    for one in remarks:
        others = tuple(other for other in one.others if settled * other.rate >= 0)
        if one.comes_of:
            one = _waiting(one, f"comes of {one.comes_of}: look again once that is mended", ())
        elif blocked and one.finding.gravity != "block":
            one = _waiting(one, EARLY, ())
        elif one.finding.severity == "generalisation" and one.finding.gravity == "info":
            one = _waiting(one, LATE, ())
        elif settled * one.rate < 0:
            one = _waiting(one, f"{AGAINST} {by}: settle that first", others)
        else:
            one = replace(one, others=others)
            by = by if settled else one.title
            settled = settled or one.rate
        found.append(one)
    return tuple(found)


def _waiting(one: Remark, why: str, others: tuple[Option, ...]) -> Remark:
    return replace(
        one,
        first="",
        option=None,
        expect="",
        unless=(),
        others=others,
        references=(),
        rate=0,
        waits=why,
    )


def _remedy(finding: Finding) -> Remedy:
    if finding.evidence.get("kind") == pinned.TWICE:
        return TWICE
    return REMEDIES.get(finding.symptom, NO_REMEDY)


def option_of(counsel: Counsel) -> Option:
    """A rule as something to try."""
    rule = counsel.rule
    return Option(
        rule.id,
        rule.title,
        counsel.change,
        counsel.depends,
        _line(rule.why),
        _line(rule.expect),
        _line(rule.caution),
        rule.references,
        rate_of(rule),
    )


def rate_of(rule: Rule) -> int:
    """Which way a rule moves the learning rate, as far as its change tells by itself."""
    change = rule.change.get("optimizer.lr")
    then = change.value({"lr": 1.0}) if isinstance(change, Expression) else None
    return 0 if then is None else (then > 1) - (then < 1)


def _line(text: str) -> str:
    return " ".join(text.split())
