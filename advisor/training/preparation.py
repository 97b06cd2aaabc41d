"""From a recipe and its data to the job that a backend starts from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file

from advisor import data
from advisor.architecture import (
    Floats,
    Layer,
    TransferError,
    Weights,
    expand,
    initial_weights,
    transferred,
)
from advisor.backend import Job, Precision
from advisor.recipe import Recipe
from advisor.targets import prior_bias, target_weights


def prepare(
    recipe: Recipe,
    dataset: data.Dataset,
    device: str = "auto",
    precision: Precision | None = None,
    deterministic: bool = False,
) -> Job:
    """The layers, initial weights and examples that a backend starts from.

    `precision` is the recipe's when not given. Raises ShapeError and TransferError.
    """
    layers = expand(recipe, dataset.input_shape, dataset.outputs, dataset.vocabulary)
    train = dataset.train
    inputs = train.inputs
    if dataset.streamed:
        inputs = np.empty((0, *dataset.input_shape), train.inputs.dtype)
    return Job(
        recipe,
        layers,
        starting_weights(recipe, dataset, layers),
        inputs,
        train.targets,
        device,
        precision or recipe.train.precision,
        dataset.outputs,
        target_weights(recipe, train.targets, dataset.outputs),
        deterministic,
    )


def starting_weights(recipe: Recipe, dataset: data.Dataset, layers: tuple[Layer, ...]) -> Weights:
    """Drawn by the recipe's scheme, or taken over from an earlier training."""
    bias: Floats | None = None
    if recipe.initialization.output_bias == "prior":
        bias = prior_bias(recipe.task, dataset.train.targets, dataset.outputs)
    weights = initial_weights(layers, recipe.initialization, recipe.train.seed, bias)
    if recipe.transfer.weights is not None:
        weights = transferred(recipe.transfer, weights, _stored(Path(recipe.transfer.weights)))
    return weights


def _stored(path: Path) -> Weights:
    try:
        with path.open("rb"):
            pass  # its own error for a missing file has no plain reason
        return load_file(path)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise TransferError(f"transfer.weights: cannot read {path}: {reason}") from error
    except SafetensorError as error:
        raise TransferError(
            f"transfer.weights: {path} is not a safetensors file ({error})"
        ) from error
