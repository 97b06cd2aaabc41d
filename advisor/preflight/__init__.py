"""Checks before any training: the data, what the loss expects of the outputs, one batch.

`run` is the probe `preflight` and costs about 2 % of a training; `one_batch` is a probe of its own,
for when a run has not learned, and costs up to 10 %.
"""

from advisor.preflight.cost import ONE_BATCH_SHARE, PREFLIGHT_SHARE, most_epochs
from advisor.preflight.running import one_batch, run

__all__ = ["ONE_BATCH_SHARE", "PREFLIGHT_SHARE", "most_epochs", "one_batch", "run"]
