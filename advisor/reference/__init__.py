"""What a backend must compute, in NumPy and float64: layers, losses and optimisers.

Slow and plain on purpose. The contract in `advisor.testing` holds every backend against it.
"""

from advisor.reference.forward import (
    forward,
    running_statistics,
)
from advisor.reference.losses import (
    loss,
    penalty,
)
from advisor.reference.optimizers import (
    Optimizer,
    averaged,
    global_norm,
)

__all__ = [
    "Optimizer",
    "averaged",
    "forward",
    "global_norm",
    "loss",
    "penalty",
    "running_statistics",
]
