"""From a source to arrays: read, check, split, normalise, order and augment.

The test split stays sealed: `load` never exposes it, `load_test` is for the end of a session.
"""

from advisor.data.augmentation import Augmented, augmented, augmented_batches
from advisor.data.batches import epoch_rows, steps_per_epoch
from advisor.data.description import check_augmentation, check_batch_size, report
from advisor.data.loading import load, load_test
from advisor.data.streams import StreamedInputs
from advisor.data.values import DataError, Dataset, Inputs, Split

__all__ = [
    "Augmented",
    "DataError",
    "Dataset",
    "Inputs",
    "Split",
    "StreamedInputs",
    "augmented",
    "augmented_batches",
    "check_augmentation",
    "check_batch_size",
    "epoch_rows",
    "load",
    "load_test",
    "report",
    "steps_per_epoch",
]
