"""How many steps an epoch has."""

from __future__ import annotations

from advisor.record.arguments import Setup


class EpochSteps:
    """As told; else as many as the examples make, unless evaluations show another number."""

    def __init__(self, setup: Setup) -> None:
        examples, size = setup.train_examples or 0, setup.batch_size
        self._open = setup.steps_per_epoch is None
        self._whole = examples // size
        """without the last batch of an epoch, where that is smaller"""
        self.steps = setup.steps_per_epoch or -(-examples // size) or None
        """None where not known"""
        self.source = ""
        """where it comes from if it was not told"""

    def evaluated(self, step: int, evaluations: int, epoch: float | None) -> bool:
        """After so many evaluations, the last of them at `step`; `epoch`: the epochs done, where
        told, else evaluations are one an epoch. Whether the number is now another."""
        if not self._open:
            return False
        seen = self._said(step, epoch) if epoch is not None else self._counted(step, evaluations)
        if seen is None:
            return False
        changed, self.steps, self._open = seen != self.steps, seen, False
        if epoch is None:
            self.source = "steps before the first evaluation"
        return changed

    def _said(self, step: int, epoch: float) -> int | None:
        """Within an epoch what the examples make is better."""
        if epoch <= 0 or (self.steps and epoch % 1):
            return None
        return max(1, round(step / epoch))

    def _counted(self, step: int, evaluations: int) -> int | None:
        """Where the examples are known, a loop may only leave out the last of the batches."""
        if self.steps is None:
            return max(1, round(step / evaluations))
        return self._whole if self._whole and step == self._whole * evaluations else None
