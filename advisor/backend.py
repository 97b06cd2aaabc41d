"""What a backend is: two small protocols that speak recipes, layers, arrays and plain numbers.

A backend knows one framework. It does not know data sources, epochs, schedules, metrics, early
stopping or events: `advisor.training` runs that loop, the same for every backend.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import metadata
from typing import Any, Literal, Protocol, TypeAlias, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from advisor.architecture import Floats, Layer, Weights
from advisor.events import LayerReport
from advisor.recipe import Recipe

Integers: TypeAlias = NDArray[np.integer[Any]]
Inputs: TypeAlias = NDArray[Any]
Precision = Literal["float32", "float64", "bfloat16", "float16"]

ENTRY_POINTS = "advisor.backends"


@dataclass(frozen=True)
class Job:
    """What a backend needs to train one recipe."""

    recipe: Recipe
    """loss, optimizer, regularization and train.seed are the backend's business"""
    layers: tuple[Layer, ...]
    """empty for a model of the user's own (`recipe.model.kind` own)"""
    weights: Weights
    """initial weights in the canonical layout (float64); empty for a model of the user's own,
    which its framework initialises from train.seed"""
    inputs: Inputs
    """all training examples (n, ...): float32, normalised, or int32 tokens (n, time); no rows at
    all, `(0, ...)`, where they do not fit into memory: every `Batches` then brings its inputs"""
    targets: NDArray[Any]
    """int64 classes (n,); float32 0/1 (n,) for binary and (n, labels) for multilabel; float32
    standardised (n,) for regression; int64 next tokens (n, time) for language_model"""
    device: str = "auto"
    """auto, cpu, or the framework's own name of a device, such as cuda:1"""
    precision: Precision = "float32"
    """bfloat16 and float16 are for the products inside Dense, Conv, Recurrent and Attention;
    weights, normalisation, loss and optimiser are then float32. float64 is for comparisons."""
    outputs: int = 1
    """raw outputs per example (per token for language_model)"""
    target_weights: Floats | None = None
    """factor on the loss of each class (classes,), or of each label's positives (labels,), which
    for binary is (1,); None: all 1"""
    deterministic: bool = False
    """refuse or replace operations that are not repeatable on this device, whatever the cost"""


@dataclass(frozen=True)
class Batches:
    """S optimiser steps of B examples each."""

    rows: Integers
    """(S, B) row numbers into Job.inputs and Job.targets"""
    lr: Floats
    """(S,) learning rate of each step"""
    inputs: Inputs | None = None
    """(S, B, ...) the inputs, where augmentation has changed them or Job has none; else None"""
    step: int = 0
    """optimiser steps done before these; dropout masks depend on train.seed and the step"""
    partners: Integers | None = None
    """(S, B) rows of a second target for each example (mixup, CutMix); None: no second target"""
    shares: Floats | None = None
    """(S, B) share of the first target's loss; the second has the rest"""
    handed_over: bool = False
    """the steps are SGD's, by `recipe.optimizer.handover`; its momentum starts at 0"""
    scales: Mapping[str, float] | None = None
    """factor on the learning rate (and so on the decay) of each parameter; 0 freezes it"""
    average: Floats | None = None
    """(S,) how far the averaged weights and statistics move towards the current ones after each
    step: average += a * (current - average). 0: not at all; 1: they become the current ones.
    From the first step with a > 0, evaluation uses the averages."""


@dataclass(frozen=True)
class StepReport:
    """What S steps measured, fetched from the device once."""

    loss: Floats
    """(S,) loss as optimised (label smoothing, class weights and mixed targets in, penalties
    out), before each step"""
    grad_norm: Floats
    """(S,) global L2 norm of the gradient of loss plus penalties, before clipping"""
    layers: Mapping[str, LayerReport]
    """each kernel by name, measured at the last of the S steps"""


@dataclass(frozen=True)
class BackendInfo:
    """What runs here, for the record of a session."""

    name: str
    versions: Mapping[str, str]
    devices: tuple[str, ...]
    """every device that `Job.device` may name, best first"""
    models: Mapping[str, str] = field(default_factory=dict)
    """device -> what it is, such as the name of a GPU, where the framework knows it"""


@runtime_checkable
class Training(Protocol):
    """One model in training on one device.

    The model is in evaluation mode except in `run`, and evaluates with averaged weights once
    there are any.
    """

    device: str

    def run(self, batches: Batches) -> StepReport:
        """Take the optimiser steps. A non-finite loss is reported, not raised.

        A batch goes through the model in `train.accumulation` equal, consecutive portions; the
        gradient is their mean, and batch statistics are the portion's.
        """

    def predict(self, inputs: Inputs) -> Floats:
        """(n, outputs) raw outputs in evaluation mode, (n, time, outputs) for language_model;
        float64 or float32 NumPy."""

    def activations(self, inputs: Inputs) -> dict[str, Floats]:
        """(n, ..., units) outputs of every Activation layer in evaluation mode, by layer name."""

    def gradients(self, inputs: Inputs, targets: NDArray[Any]) -> tuple[float, Weights]:
        """Training loss on this batch (batch statistics, no dropout) and its gradients,
        penalties included, by parameter name in the canonical layout. Changes nothing."""

    def weights(self) -> Weights:
        """A copy of the parameters and running statistics that evaluation uses, canonical."""

    def load(self, weights: Weights) -> None:
        """Replace parameters and running statistics; averages are forgotten, the optimiser state
        stays."""

    def state(self) -> Weights:
        """A copy of everything that `run` changes, by name; for this backend only."""

    def restore(self, state: Weights) -> None:
        """Go on from a `state` of the same job, bit for bit."""


class Together(Protocol):
    """K models in training that take their steps as one program."""

    members: Sequence[Training]
    """each knows all but `run`"""

    def run(self, batches: Sequence[Batches]) -> list[StepReport]:
        """K times S optimiser steps; as if each member had run its own, up to rounding."""


@runtime_checkable
class Backend(Protocol):
    """One framework. Registered under the entry point group `advisor.backends`."""

    name: str

    def info(self) -> BackendInfo: ...

    def start(self, job: Job) -> Training:
        """Build the model from `job.weights`, never initialising in the framework.

        Raises DeviceError for a device that is not here, naming those that are, and OwnCodeError
        for a model of the user's own that cannot be built.
        """

    def together(self, jobs: Sequence[Job]) -> Together | None:
        """Jobs that differ in numbers only (rates, weights, seeds), as one program; None where
        that is not possible or not faster than one after the other."""


class OwnCodeError(ValueError):
    """The user's own model cannot be built or does not fit. The message is for the user."""


class DeviceError(ValueError):
    """A device that is not here. The message names those that are."""


class BackendMissingError(Exception):
    """No such backend is installed. The message says what to install."""


def backend_names() -> list[str]:
    """Names of the registered backends. Imports none of them."""
    return sorted({point.name for point in metadata.entry_points(group=ENTRY_POINTS)})


def load_backend(name: str) -> Backend:
    """Import one backend and nothing else. Raises BackendMissingError."""
    for point in metadata.entry_points(group=ENTRY_POINTS):
        if point.name == name:
            try:
                made: Backend = point.load()()
            except ModuleNotFoundError as error:
                if str(error.name).partition(".")[0] == point.module.partition(".")[0]:
                    raise  # a fault of the backend's own
                raise BackendMissingError(
                    f"backend {name} needs the package {error.name!r}, which is not installed; "
                    f"install it with: pip install 'tuning-advisor[{name}]'"
                ) from error
            return made
    known = ", ".join(backend_names()) or "none"
    raise BackendMissingError(f"no backend is called {name!r}; registered: {known}")
