"""Training a recipe on any backend: preparation, loop, evaluation and checkpoints."""

from advisor.training.checkpoint import Checkpoints
from advisor.training.loop import Emit, Options, Outcome, step_flops, train, training_steps
from advisor.training.preparation import prepare

__all__ = [
    "Checkpoints",
    "Emit",
    "Options",
    "Outcome",
    "prepare",
    "step_flops",
    "train",
    "training_steps",
]
