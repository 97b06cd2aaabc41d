"""What each stage may spend, and what is kept back for the end."""

from __future__ import annotations

from collections.abc import Sequence

from advisor.advice import Proposal
from advisor.session.leader import leader
from advisor.stages import Stage, in_earnest
from advisor.state import State

LEAST_TRAININGS = 5
"""A budget of so many trainings or more keeps one back for the confirmation."""
FINALS_SHARE = 0.05
"""Of the budget: what is kept back for fresh seeds beyond that one training, in whole trainings."""
MOST_FINALS = 6
"""Trainings kept back: three finalists on two seeds."""
ENSEMBLE_SHARE = 1 / 3
"""Of the budget: the most that is kept back for the members of an ensemble that is asked for."""
SETTINGS_SHARE = 0.4
"""Of the budget: where it trains, mending settings may spend so much before the search."""

GAMBLE_LEFT = 15
"""Trainings: with fewer left each is spent on what the one before it speaks for."""


class Shares:
    """By when a stage must have ended, in shares of the budget."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._until: dict[str, float] = {}

    def until(self, stage: Stage) -> float:
        return self._until.get(stage.name, stage.until)

    def brought_forward(self, stage: Stage, passed_over: Sequence[Stage]) -> None:
        """`stage` comes before those that it passes over, which may then spend as much as it
        could; it may spend what they could."""
        after = max(self.until(one) for one in (stage, *passed_over))
        self._until[stage.name] = max(self.until(one) for one in passed_over)
        self._until |= {other.name: after for other in passed_over}

    def reopened(self, stage: Stage, by: Stage) -> None:
        """What is put back may spend until the stage ends that reopened it."""
        self._until[stage.name] = max(stage.until, self.until(by))

    def affordable(self, stage: Stage, epochs: float) -> bool:
        """Within the stage's share, and with what is kept back for the end left."""
        budget, best = self._state.budget, self._state.best
        until, reserve = self.until(stage), self._kept_back()
        if stage.name == "sanity" and in_earnest(best.findings):
            reserve = 0.0
        elif stage.name == "sanity":  # settings that are wrong leave something for the search
            until = SETTINGS_SHARE
        if not budget.holds(LEAST_TRAININGS * self._state.start.train.epochs):
            reserve = 0.0
        return budget.allows(epochs, until) and budget.allows(epochs + reserve)

    def left(self, epochs: float) -> bool:
        """Within the whole budget, with what is kept back for the end left: what a stage found is
        settled though its share is spent."""
        budget = self._state.budget
        earnest = in_earnest(self._state.best.findings)
        kept = budget.holds(LEAST_TRAININGS * self._state.start.train.epochs) and not earnest
        return budget.allows(epochs + (self._kept_back() if kept else 0.0))

    def may_gamble(self) -> bool:
        """Whether a change may be tried beside another, before it is known what that one gives:
        always where minutes are counted, and while many trainings are left."""
        budget = self._state.budget
        return budget.unit == "m" or budget.allows(
            GAMBLE_LEFT * float(self._state.best.recipe.train.epochs)
        )

    def at_once(self, workers: int) -> int:
        """How many of the changes that are due are tried side by side."""
        return workers if self.may_gamble() else 1

    def _kept_back(self) -> float:
        """Epochs for trainings on fresh seeds: those of the finals, and of the ensemble."""
        epochs = float(self._state.best.recipe.train.epochs)
        finals = self._held_by(FINALS_SHARE, MOST_FINALS, epochs)
        members = self._held_by(ENSEMBLE_SHARE, self._state.start.tune.ensemble - 1, epochs)
        return max(1, finals, members) * epochs

    def _held_by(self, share: float, most: int, epochs: float) -> int:
        """How many trainings, `most` at most, this share of the whole budget is enough for."""
        budget = self._state.budget
        return next((n for n in range(most, 0, -1) if budget.holds(n * epochs / share)), 0)

    def affordable_ones(
        self, stage: Stage, proposals: tuple[Proposal, ...]
    ) -> tuple[Proposal, ...]:
        return tuple(p for p in proposals if self.affordable(stage, self.epochs(p)))

    def leaves_a_meeting(self, epochs: float) -> bool:
        """Whether what leads, though it is not shown to help, and the incumbent can still meet on a
        fresh seed after that: or all that was built up would be thrown away."""
        front, best = leader(self._state), self._state.best.recipe
        meeting = 2.0 * best.train.epochs if front.is_open else 0.0
        return self._state.budget.allows(epochs + meeting)

    def epochs(self, proposal: Proposal) -> float:
        return float(proposal.change.get("train.epochs", self._state.best.recipe.train.epochs))
