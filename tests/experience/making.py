"""Rules and decisions to learn from."""

from __future__ import annotations

from itertools import count
from typing import Any

import yaml

from advisor.advice import Proposal
from advisor.evidence import Decision, Verdict
from advisor.facts import VOCABULARY
from advisor.requests import Decided
from advisor.rulebook import Rule, parse_rule
from advisor.stages import STAGES


def rule(name: str = "a", set_: dict[str, Any] | None = None, **changes: Any) -> Rule:
    raw = {
        "id": name,
        "title": "A title",
        "stage": "learning_rate",
        "when": ["slow_learning"],
        "change": {"set": set_ or {"optimizer.lr": "lr * 3"}},
        "expect": "Something.",
        "why": "Because.",
        "examples": {"fires": [], "silent": []},
    }
    return parse_rule(yaml.safe_dump(raw | changes), VOCABULARY)


NUMBERS = count(1)
"""Of trials, each its own."""


def decided(of: Rule, verdict: Verdict, *moved: str) -> Decided:
    """A decision on a proposal that moves these fields, those of the rule where none are named."""
    change = dict.fromkeys(moved or of.change, 1)
    stage = next(stage for stage in STAGES if stage.name == of.stage)
    proposal = Proposal(of, change, {}, (9, False, of.rank, of.id))
    return Decided(stage, proposal, next(NUMBERS), Decision(verdict, "so"), None, None, ())
