"""What a backend is: two small protocols that speak recipes, layers, arrays and plain numbers.

A backend knows one framework. It does not know data sources, epochs, schedules, metrics, early
stopping or events: `advisor.training` runs that loop, the same for every backend.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata
from typing import Any, Literal, Protocol, TypeAlias, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from advisor.architecture import Floats, Layer, Weights
from advisor.events import LayerReport
from advisor.recipe import Recipe

Integers: TypeAlias = NDArray[np.integer[Any]]
Precision = Literal["float32", "float64"]

ENTRY_POINTS = "advisor.backends"


@dataclass(frozen=True)
class Job:
    """What a backend needs to train one recipe."""

    recipe: Recipe
    """loss, optimizer, regularization and train.seed are the backend's business"""
    layers: tuple[Layer, ...]
    weights: Weights
    """initial weights in the canonical layout (float64)"""
    inputs: Floats
    """all training examples (n, ...), normalised, float32"""
    targets: NDArray[Any]
    """(n,): int64 classes; float32 0/1 for binary; float32 standardised for regression"""
    device: str = "auto"
    """auto, cpu, or the framework's own name of a device, such as cuda:1"""
    precision: Precision = "float32"


@dataclass(frozen=True)
class Batches:
    """S optimiser steps of B examples each."""

    rows: Integers
    """(S, B) row numbers into Job.inputs and Job.targets"""
    lr: Floats
    """(S,) learning rate of each step"""
    inputs: Floats | None = None
    """(S, B, ...) the inputs, where augmentation has changed them; else None"""
    step: int = 0
    """optimiser steps done before these; dropout masks depend on train.seed and the step"""


@dataclass(frozen=True)
class StepReport:
    """What S steps measured, fetched from the device once."""

    loss: Floats
    """(S,) loss as optimised (label smoothing in, penalties out), before each step"""
    grad_norm: Floats
    """(S,) global L2 norm of the gradient of loss plus l2 penalty, before clipping"""
    layers: Mapping[str, LayerReport]
    """each kernel by name, measured at the last of the S steps"""


@dataclass(frozen=True)
class BackendInfo:
    """What runs here, for the record of a session."""

    name: str
    versions: Mapping[str, str]
    devices: tuple[str, ...]
    """every device that `Job.device` may name, best first"""


@runtime_checkable
class Training(Protocol):
    """One model in training on one device. The model is in evaluation mode except in `run`."""

    device: str

    def run(self, batches: Batches) -> StepReport:
        """Take the optimiser steps. A non-finite loss is reported, not raised."""

    def predict(self, inputs: Floats) -> Floats:
        """(n, outputs) raw outputs in evaluation mode, float64 or float32 NumPy."""

    def activations(self, inputs: Floats) -> dict[str, Floats]:
        """(n, ..., units) outputs of every Activation layer in evaluation mode, by layer name."""

    def gradients(self, inputs: Floats, targets: NDArray[Any]) -> tuple[float, Weights]:
        """Training loss on this batch (batch statistics, no dropout) and its gradients,
        l2 penalty included, by parameter name in the canonical layout. Changes nothing."""

    def weights(self) -> Weights:
        """A copy of all parameters and running statistics, canonical layout."""

    def load(self, weights: Weights) -> None:
        """Replace parameters and running statistics; the optimiser state stays."""


@runtime_checkable
class Backend(Protocol):
    """One framework. Registered under the entry point group `advisor.backends`."""

    name: str

    def info(self) -> BackendInfo: ...

    def start(self, job: Job) -> Training:
        """Build the model from `job.weights`, never initialising in the framework.

        Raises DeviceError for a device that is not here, naming those that are.
        """


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
                raise BackendMissingError(
                    f"backend {name} needs the package {error.name!r}, which is not installed; "
                    f"install it with: pip install 'tuning-advisor[{name}]'"
                ) from error
            return made
    known = ", ".join(backend_names()) or "none"
    raise BackendMissingError(f"no backend is called {name!r}; registered: {known}")
