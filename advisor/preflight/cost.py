"""What the checks may spend, measured against one training of the recipe."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from advisor.architecture import Layer, forward_flops
from advisor.recipe import Recipe

PREFLIGHT_SHARE, ONE_BATCH_SHARE = 0.02, 0.1
"""Of one training: all checks together, and the test of one batch on its own."""
STEP_SHARE = 0.012
"""... and what optimiser steps may have of it before the training."""
CALL_FLOPS, ACCELERATOR_CALL_FLOPS = 1e6, 1e9
"""A step costs as many multiply-adds as this, whatever its size: the framework is called."""
LOOKED_AT = 225
"""The checks look at the outputs of about 675 examples, which costs a third of training them."""


@dataclass(frozen=True)
class Price:
    """The cost of steps, as a share of one whole training."""

    steps: int
    """of the training"""
    batch_size: int
    call: float
    """what calling the framework costs, in examples"""

    @classmethod
    def of(
        cls,
        recipe: Recipe,
        layers: Sequence[Layer],
        shape: tuple[int, ...],
        examples: int,
        cpu: bool,
    ) -> Price:
        """Of a training on so many examples of this shape. The work of a model of the user's own
        is not known (no `layers`): its small steps are taken to cost as much as its large ones."""
        steps = examples // recipe.train.batch_size * recipe.train.epochs
        call = CALL_FLOPS if cpu else ACCELERATOR_CALL_FLOPS
        return cls(steps, recipe.train.batch_size, call / (3 * forward_flops(layers, shape)))

    def steps_for(self, share: float, examples: int) -> int:
        """Steps of so many examples that this share of a training pays for."""
        total = self.steps * (self.batch_size + self.call)
        return int(share * total / (examples + self.call))


def most_epochs(probe_share: float, recipe: Recipe, train_examples: int) -> float:
    """The most that a probe of this share costs, in epochs."""
    return probe_share * recipe.train.epochs + LOOKED_AT / train_examples
