"""What a session knows of its rules when it begins, and what it learns of them as it goes. Pure."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeAlias

from advisor.experience.counts import Counts, TrackRecord
from advisor.rulebook import Rule
from advisor.stages import reopened_by

if TYPE_CHECKING:
    from advisor.requests import Decided

Version: TypeAlias = tuple[str, str]
"""id of a rule, and a hash of what it says"""


def rule_version(rule: Rule) -> Version:
    """A rule's id with a hash of all that decides when it fires, what it changes and how that is
    judged; not of its words and its rank, which leave what was counted as true as it was."""
    content = [
        (rule.id, rule.stage, rule.treats, rule.probe, rule.price, rule.criterion),
        sorted(condition.text for condition in rule.when),
        sorted((path, getattr(value, "text", value)) for path, value in rule.change.items()),
    ]
    digest = hashlib.sha256(json.dumps(content).encode()).hexdigest()
    return rule.id, digest[:16]


def outcomes(decisions: Iterable[Decided]) -> dict[Version, Counts]:
    """What a session's decisions come to, by rule. Points of a search come from none: what stands
    in for their rule has no conditions; and a change that a person edited is no longer the rule's.
    What led comes to what was kept of it, and what was decided twice counts once.
    """
    found: dict[Version, Counts] = {}
    all_of_them = tuple(decisions)
    for place, decided in enumerate(all_of_them):
        later = all_of_them[place + 1 :]
        again = any(one.trial == decided.trial for one in later)
        if not decided.proposal.rule.when or decided.proposal.origin != "rule" or again:
            continue
        kept = decided.leads and any(_contains(one, decided) for one in later)
        version = rule_version(decided.proposal.rule)
        one = Counts(**{"accepted" if kept else decided.decision.verdict: 1})
        found[version] = found.get(version, Counts()) + one
    return found


def _contains(accepted: Decided, led: Decided) -> bool:
    """Whether this was accepted, with all that the other moved in it."""
    change = accepted.proposal.change
    within = all(change.get(path) == value for path, value in led.proposal.change.items())
    return within and accepted.decision.verdict == "accepted"


@dataclass(frozen=True)
class Experience:
    """Records by rule id; a rule that is not named has none. A new one knows nothing."""

    counts: Mapping[str, Counts] = field(default_factory=dict)
    """from sessions that had ended when this one began"""
    refused: Mapping[str, int] = field(default_factory=dict)
    """from this session"""

    @classmethod
    def of(cls, rules: Iterable[Rule], known: Mapping[Version, Counts]) -> Experience:
        """What is known of these rules, as they now are."""
        found = {rule.id: known.get(rule_version(rule)) for rule in rules}
        return cls({name: counts for name, counts in found.items() if counts is not None})

    @classmethod
    def from_json(cls, content: Mapping[str, list[int]]) -> Experience:
        return cls({name: Counts(*numbers) for name, numbers in content.items()})

    def as_json(self) -> dict[str, Any]:
        """The counts: id -> [accepted, rejected, undecided]. A session's own refusals follow from
        its decisions."""
        return {
            name: [counts.accepted, counts.rejected, counts.undecided]
            for name, counts in sorted(self.counts.items())
        }

    def after(self, decisions: Iterable[Decided]) -> Experience:
        """The same, with what this session has decided so far.

        A refusal means no more once a change was accepted, or leads, that moves a field of the
        rule, or that reopens its stage: a reverted change may be tried again when what it is
        coupled to moved. What a person edited says nothing against the rule.
        """
        refused: Counter[str] = Counter()
        rules: dict[str, Rule] = {}
        for decided in decisions:
            rule, paths = decided.proposal.rule, list(decided.proposal.change)
            rules[rule.id] = rule
            if decided.decision.verdict != "accepted" and not decided.leads:
                refused.update([rule.id] if decided.proposal.origin == "rule" else [])
                continue
            for name in [name for name in refused if _coupled(rules[name], paths)]:
                del refused[name]
        return replace(self, refused=dict(refused))

    def track_record(self, rule: Rule) -> TrackRecord:
        return TrackRecord(self.counts.get(rule.id, Counts()), self.refused.get(rule.id, 0))


def _coupled(rule: Rule, paths: list[str]) -> bool:
    return rule.stage in reopened_by(paths) or not rule.change.keys().isdisjoint(paths)
