"""The best so far: the incumbent, or what is ahead of it by less than one training can tell.

Small gains are seldom beyond the noise one by one, and what they add up to may be. So stages after
the first take their next change from the leader, and only what the session ends at is confirmed,
on seeds that it was not chosen by. Until then the incumbent is what every change is compared with,
and what is recommended. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from pydantic import ValidationError

from advisor.advice import Proposal
from advisor.luck import is_whole
from advisor.recipe import Recipe
from advisor.requests import Decided
from advisor.session.judging import compared
from advisor.stages import Stage
from advisor.state import LOCKS, Attempt, State

TRAIN = "make it train"
"""The phase in which nothing is built on what is not shown."""
LESS_LOSS = 0.005
"""A loss that is lower by a smaller share is none to go on from."""
ONLY_LOOK = ("rescue", "search", "walk")
"""Rules of which a proposal is one of many."""


@dataclass(frozen=True)
class Leader:
    """What the next change is taken from."""

    attempt: Attempt
    decided: Decided | None = None
    """how it came out undecided; None for the incumbent"""

    @property
    def is_open(self) -> bool:
        """Whether more seeds can still say something new about it."""
        seen = self.decided.decision.comparison if self.decided else None
        return seen is not None and seen.seeds == 1


def leader(state: State, stage: Stage | None = None) -> Leader:
    """The best so far for changes of this stage. While a recipe is made to train, nothing is built
    on what is not shown."""
    found = Leader(state.best)
    if stage is not None and stage.phase == TRAIN:
        return found
    for decided in state.decisions:
        attempt = _led_to(state, decided) if is_near_tie(decided) else None
        if attempt is not None and ahead(state, attempt, found.attempt):
            found = Leader(attempt, decided)
    return found


def may_lead(stage: Stage, proposal: Proposal) -> bool:
    """Whether others may be built on this change of this stage before it is shown to help."""
    return stage.phase != TRAIN and _can_be_built_on(proposal)


def _can_be_built_on(proposal: Proposal) -> bool:
    """One of a rule that goes by the metric, which does not make all that follows cost more."""
    by_gain = proposal.criterion == "better" and proposal.rule.id not in ONLY_LOOK
    dearer = "train.epochs" in proposal.change
    return proposal.origin == "rule" and by_gain and not dearer


def is_near_tie(decided: Decided) -> bool:
    """Whether a rule's change, of whatever stage, did better by less than could be told from
    noise."""
    seen = decided.decision.comparison
    if decided.decision.verdict != "undecided" or seen is None:
        return False
    return _can_be_built_on(decided.proposal) and seen.gain > 0


def _led_to(state: State, decided: Decided) -> Attempt | None:
    """The training of the incumbent with this change; None where that was of another incumbent, or
    moves what is locked."""
    change, best = decided.proposal.change, state.best.recipe
    if any(best.locks(path) for path in change):
        return None
    try:
        digest = best.changed(change).digest()
    except (ValidationError, KeyError, ValueError):
        return None
    attempt = state.attempt(decided.trial)
    return state.under_locks(attempt) if attempt.recipe.digest() == digest else None


def ahead(state: State, found: Attempt, other: Attempt) -> bool:
    """By the metric where it moves by more than the examples' noise, or where losses of two kinds
    cannot be compared; else by the validation loss, which is the finer measure of the two."""
    seen = compared(state, [(found, other)])
    if seen is None or not is_whole(found) or found.blocking - other.blocking:
        return False
    if abs(seen.gain) > seen.least or found.recipe.loss != other.recipe.loss:
        return seen.gain > 0
    return final_loss(found) < (1 - LESS_LOSS) * final_loss(other)


def final_loss(attempt: Attempt) -> float:
    """The validation loss; infinite without one."""
    finished = attempt.result.finished
    loss = finished.validation_loss if finished else None
    return float("inf") if loss is None else loss


def moved(before: Recipe, after: Recipe) -> dict[str, Any]:
    """The change that leads from one recipe to the other; what is locked stays as it is before."""
    old, new = before.flat(), after.flat()
    return {path: value for path, value in new.items() if path != LOCKS and old.get(path) != value}


def built_on(front: Leader, incumbent: Attempt, proposal: Proposal) -> Proposal:
    """The proposal for the leader as one for the incumbent: both changes at once, judged by the
    gain, at the higher of the two prices."""
    if front.decided is None:
        return proposal
    wanted = front.attempt.recipe.changed(proposal.change)
    change, below = both(incumbent.recipe, front.attempt.recipe, wanted)
    if incumbent.recipe.changed(change) != wanted:
        return proposal  # a field that goes away cannot be named
    number, price = front.attempt.trial.number, front.decided.proposal.price
    return replace(proposal, change=change, built_on=number, below=below, price_below=price)


def both(
    incumbent: Recipe, leader: Recipe, wanted: Recipe
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The change from the incumbent to what is wanted, what moves from the leader on first; and
    the fields that are as the leader has them."""
    change, fields = moved(incumbent, wanted), leader.flat()
    below = tuple(path for path, value in change.items() if fields.get(path) == value)
    return dict(sorted(change.items(), key=lambda item: item[0] in below)), below


def step(front: Leader, proposal: Proposal) -> dict[str, Any]:
    """What a proposal moves from the leader on."""
    fields = front.attempt.recipe.flat()
    return {path: value for path, value in proposal.change.items() if fields.get(path) != value}
