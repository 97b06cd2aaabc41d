"""Asks what to do with proposals, and carries out all that is not trying one of them.

This is the one place where a person is heard: stages, the climb and the search ask through it, and
only learn whether to try something, to think again, or to stop.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from advisor.advice import Proposal
from advisor.requests import Choice, Choose, Looked, Result, Returned
from advisor.session.choices import changed_fields, look_epochs, proposal_of, returned_to
from advisor.session.experiments import Experiments, Flow
from advisor.session.locking import Locking
from advisor.session.shares import Shares
from advisor.session.trying import Trials
from advisor.stages import Stage
from advisor.state import State


@dataclass(frozen=True)
class Picked:
    """What came of a question.

    try: `proposals`, the chosen one first, then those behind it; again: the incumbent, or what is
    locked, has changed, so that other proposals may be due; none: no proposal is left; leave the
    stage; finish the session.
    """

    action: Literal["try", "again", "none", "leave", "finish"]
    proposals: tuple[Proposal, ...] = ()
    refused: tuple[Proposal, ...] = ()
    """those of which the person wants to hear no more in this visit"""


@dataclass
class Asking:
    """Questions to whoever decides."""

    state: State
    experiments: Experiments
    shares: Shares
    trials: Trials
    locking: Locking

    def ask(
        self, stage: Stage, proposals: Sequence[Proposal], held_back: tuple[str, ...] = ()
    ) -> Flow:
        """Ask until one of these is to be tried, or something else is due; returns Picked.
        `held_back`: what could not be proposed, and why, for people."""
        left, refused = tuple(proposals), tuple[Proposal, ...]()
        while left:
            request = Choose(stage, left, held_back)
            choice = yield request
            assert isinstance(choice, Choice)
            place = choice.index or 0
            match choice.action:
                case "leave" | "finish":
                    return Picked(choice.action, (), refused)
                case "refuse":
                    refused, left = (*refused, left[place]), left[:place] + left[place + 1 :]
                case "lock" | "unlock":
                    yield self.locking.carry_out(stage, choice)
                    return Picked("again", (), refused)
                case "back":
                    yield self._returned(stage, choice)
                    return Picked("again", (), refused)
                case "look":
                    yield from self._look(stage, proposal_of(choice, request, self.state))
                    left = self._still_due(stage, left)
                case "try" | "own":
                    made, before = proposal_of(choice, request, self.state), self.state.best
                    if made.origin == "rule":
                        return Picked("try", left[place:], refused)
                    yield from self.trials.run(stage, [made])
                    if self.state.best is not before:
                        return Picked("again", (), refused)
                    left = self._still_due(stage, left)
        return Picked("none", (), refused)

    def _still_due(self, stage: Stage, proposals: Sequence[Proposal]) -> tuple[Proposal, ...]:
        """Those that were not tried meanwhile, and that there is still room for."""
        best, tried = self.state.best.recipe, self.experiments.tried
        new = tuple(p for p in proposals if best.changed(p.change).digest() not in tried)
        return self.shares.affordable_ones(stage, new)

    def _look(self, stage: Stage, proposal: Proposal) -> Flow:
        """Begin to train the change, and put it beside the incumbent at the same evaluation."""
        best = self.state.best
        recipe = best.recipe.changed(proposal.change)
        number, result = yield from self.experiments.look(recipe, look_epochs(recipe))
        assert isinstance(result, Result)
        seen, curve = result.curve(), best.result.curve()
        epochs = result.finished.epochs if result.finished else 0.0
        values = seen[-1:], curve[len(seen) - 1 : len(seen)] if seen else []
        looked = Looked(stage, proposal, number, epochs, *map(_finite, values))
        self.state.looks.append(looked)
        yield looked

    def _returned(self, stage: Stage, choice: Choice) -> Returned:
        attempt = self.experiments.seen_again(returned_to(choice, self.state))
        left = self.state.best
        self.state.gone_back(attempt)
        moved = changed_fields(left.recipe, attempt.recipe)
        sick = ["sanity"] if attempt.blocking else []  # what was cured since is to be cured again
        reopens = self.trials.reopen(stage, moved, sick)
        return Returned(stage, attempt.trial.number, left.trial.number, reopens)


def _finite(values: Sequence[float]) -> float | None:
    """The only one, where there is one and it is finite."""
    return values[0] if values and math.isfinite(values[0]) else None
