"""What a data set is like, and whether a recipe's batches and augmentation fit it."""

from __future__ import annotations

from typing import Any

import numpy as np

from advisor.architecture import Floats
from advisor.data.scaling import moments
from advisor.data.values import DataError, Dataset
from advisor.events import DataReport
from advisor.recipe import Augmentation

IMAGES_ONLY = ("flip", "crop", "rotation", "translation", "color", "cutout", "cutmix")
STREAMED_SAMPLE = 4096
"""So many training examples describe a data set that is streamed."""


def check_batch_size(
    dataset: Dataset, batch_size: int, accumulation: int = 1, normalization: str = "none"
) -> None:
    """Raise DataError when not even one batch can be filled, or when `normalization` (the
    model's) is batch and its statistics would be those of a single example."""
    n = len(dataset.train.targets)
    if n < batch_size:
        raise DataError(
            f"train.batch_size: found {batch_size}, but there are {n} training examples; "
            f"allowed: at most {n}"
        )
    if normalization == "batch" and batch_size // accumulation == 1:
        raise DataError(
            f"train.batch_size: found {batch_size} in {accumulation} portions (train.accumulation) "
            f"of 1 example, over which model.normalization batch has no deviation; allowed: "
            f"portions of at least 2, or another model.normalization"
        )


def check_augmentation(dataset: Dataset, augmentation: Augmentation) -> None:
    """Raise DataError when the examples cannot be changed in that way. Call before training."""
    used = [name for name, value in augmentation.model_dump().items() if value]
    if used and dataset.vocabulary:
        raise DataError(
            f"regularization.augmentation.{used[0]} needs numbers, and the examples are tokens; "
            f"allowed: 0 or false"
        )
    shape = dataset.input_shape
    images = [name for name in used if name in IMAGES_ONLY]
    if images and len(shape) != 3:
        raise DataError(
            f"regularization.augmentation.{images[0]} needs images (height, width, channels); "
            f"the examples have shape {shape}; allowed for any numbers: noise, mixup"
        )
    for name in ("cutout", "crop"):
        value = getattr(augmentation, name)
        if name in images and value >= min(shape[:2]):
            raise DataError(
                f"regularization.augmentation.{name}: found {value}, but the images have "
                f"{shape[1]}x{shape[0]} pixels; allowed: less than {min(shape[:2])}"
            )


def report(dataset: Dataset) -> DataReport:
    """What the training examples look like to the model.

    The numbers of inputs are 0, 0 and 1 for tokens, and of a sample for streamed inputs.
    """
    targets, shares = dataset.train.targets, None
    if dataset.classes is not None:
        counts = np.bincount(targets.astype(np.int64), minlength=len(dataset.classes))
        shares = (counts / len(targets)).tolist()
    largest, off, ratio = (0.0, 0.0, 1.0) if dataset.vocabulary else _spread(_sample(dataset))
    return DataReport(
        train_examples=len(targets),
        validation_examples=len(dataset.validation.targets),
        input_shape=list(dataset.input_shape),
        outputs=dataset.outputs,
        class_shares=shares,
        target_std=dataset.target_std,
        input_max_abs=largest,
        input_mean_off=off,
        input_std_ratio=ratio,
    )


def _sample(dataset: Dataset) -> Any:
    inputs = dataset.train.inputs
    if not dataset.streamed:
        return inputs
    n = len(inputs)
    return inputs[np.linspace(0, n - 1, min(n, STREAMED_SAMPLE)).astype(np.int64)]


def _spread(inputs: Floats) -> tuple[float, float, float]:
    """Largest value, largest mean, and largest over smallest deviation; signs do not count."""
    mean, std = moments(inputs)
    varying = std[std > 0]
    ratio = float(varying.max() / varying.min()) if len(varying) else 1.0
    return _largest(inputs), _largest(mean), ratio


def _largest(array: Floats) -> float:
    return float(max(array.max(), -array.min()))
