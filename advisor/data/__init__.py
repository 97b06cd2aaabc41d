"""From a source to arrays: read, check, split, normalise, order and augment.

The test split stays sealed: `load` never exposes it, `load_test` is for the end of a session.
"""

from advisor.data.batches import augmented, epoch_rows, steps_per_epoch
from advisor.data.loading import check_batch_size, load, load_test, report
from advisor.data.values import DataError, Dataset, Split

__all__ = [
    "DataError",
    "Dataset",
    "Split",
    "augmented",
    "check_batch_size",
    "epoch_rows",
    "load",
    "load_test",
    "report",
    "steps_per_epoch",
]
