"""The best prediction that ignores the input."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from advisor.architecture import Floats
from advisor.recipe import Task
from advisor.targets import prior_bias


def chance_outputs(task: Task, train_targets: NDArray[Any], outputs: int, examples: int) -> Floats:
    """(examples, outputs), or (examples, time, outputs), read-only: the same for all examples.

    Classification: logs of the class shares (the loss is then the prior's entropy); regression:
    the training mean, which is 0 after standardisation.
    """
    bias = prior_bias(task, train_targets, outputs)
    time = train_targets.shape[1:] if task == "language_model" else ()
    return np.broadcast_to(bias, (examples, *time, len(bias)))
