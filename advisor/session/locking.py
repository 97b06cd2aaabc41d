"""Locks fields for a person, and opens what they kept closed once they are unlocked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from advisor.requests import Choice, Locked
from advisor.rulebook import Rule
from advisor.session.choices import locked_by
from advisor.session.trying import MOST_VISITS, Trials
from advisor.stages import Stage
from advisor.state import State

RATE, CLIMBED, SEARCHED = "optimizer.lr", "learning_rate", "finish"
"""What is climbed along, and the stages that climb and search, whatever their rules."""


@dataclass
class Locking:
    """Locks and unlocks fields in the middle of a session."""

    state: State
    trials: Trials
    rules: Sequence[Rule]
    _since: dict[str, dict[str, int]] = field(default_factory=dict)
    """how often each stage had been left when a person locked the field"""

    def carry_out(self, stage: Stage, choice: Choice) -> Locked:
        """Lock or unlock; what is unlocked reopens the stages that were left while it was locked
        and could have changed it, even those that have been visited as often as may be: a person
        asks for it."""
        self.state.lock(locked_by(choice, self.state))
        if choice.action == "lock":
            left = {**self.state.visits, stage.name: self.state.visits.get(stage.name, 1) - 1}
            self._since |= dict.fromkeys(choice.fields, left)
            return Locked(choice.fields, True, self.state.locked)
        closed = [one.name for one in self.state.stages if self._closed(one, choice.fields)]
        for name in closed:
            self.state.visits[name] = min(self.state.visits[name], MOST_VISITS - 1)
        reopens = self.trials.reopen(stage, (), closed)
        return Locked(choice.fields, False, self.state.locked, reopens)

    def _closed(self, stage: Stage, fields: Sequence[str]) -> bool:
        """Whether the stage was visited while one of these fields was locked that it may change."""
        visits = self.state.visits.get(stage.name, 0)
        return any(
            visits > self._since.get(one, {}).get(stage.name, 0) and self._moves(stage, one)
            for one in fields
        )

    def _moves(self, stage: Stage, locked: str) -> bool:
        paths = {path for rule in self.rules if rule.stage == stage.name for path in rule.change}
        if stage.name == CLIMBED:
            paths.add(RATE)
        return stage.name == SEARCHED or any(
            path == locked or path.startswith(locked + ".") for path in paths
        )
