"""What the compiled programs work on. What shapes one is a `Program`; every number that a recipe
may change without changing the shape of the computation is an argument, and costs no compilation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, TypeAlias

from advisor.architecture import Attention, Dropout, Layer, Residual, drop_rates
from advisor.backend import Job
from advisor_jax.losses import Labels, loss_kind
from advisor_jax.optimizers import Arrays, optimizer_kind
from advisor_jax.own import OwnModel
from advisor_jax.packing import Vectors, kernels_of, vectors_of
from advisor_jax.precision import Low, product_type

Data: TypeAlias = Any
"""an array of JAX's, or of NumPy's on its way to the device"""


@dataclass(frozen=True)
class Program:
    """What is fixed at compilation, besides the shapes, types and device of the arguments."""

    layers: tuple[Layer, ...]
    """drop rates removed"""
    own: OwnModel | None
    """in the place of layers"""
    kernels: tuple[str, ...]
    vectors: Vectors
    loss: str
    optimizer: str
    handover: str | None
    """the SGD that takes these steps in its place"""
    drops: tuple[str, ...]
    """what drops at a rate that is not 0; for a model of the user's own, whether it draws"""
    portions: int
    low: Low
    per_step: bool
    """outputs are (N, time, outputs)"""
    on_cpu: bool


class Averages(NamedTuple):
    parameters: Arrays
    statistics: Arrays


class LossScale(NamedTuple):
    """Of float16."""

    factor: Data
    good: Data
    """steps since it was last changed"""


class State(NamedTuple):
    """What training changes."""

    parameters: Arrays
    """packed"""
    statistics: Arrays
    moments: Any
    """the optimiser's"""
    velocity: Any = None
    """of the SGD that has taken over"""
    average: Averages | None = None
    scale: LossScale | None = None


class Given(NamedTuple):
    """What it does not."""

    inputs: Data
    targets: Data
    settings: Mapping[str, Data]
    """numbers of loss and optimiser"""
    rates: Mapping[str, Data]
    seed: Data


class Steps(NamedTuple):
    """S steps; see `advisor.backend.Batches`."""

    rows: Data
    lr: Data
    first: Data
    inputs: Data = None
    partners: Data = None
    shares: Data = None
    scales: dict[str, Data] | None = None
    """packed"""
    average: Data = None


class Batch(NamedTuple):
    """Of one step, or a portion of it."""

    inputs: Data
    labels: Labels


def program_of(job: Job, platform: str, own: OwnModel | None) -> Program:
    rates = drop_rates(job.layers)
    return Program(
        layers=without_rates(job.layers),
        own=own,
        kernels=own.kernels if own else kernels_of(job.weights),
        vectors=own.vectors if own else vectors_of(job.weights),
        loss=loss_kind(job.recipe),
        optimizer=optimizer_kind(job.recipe),
        handover=None,
        drops=own.draws if own else tuple(name for name, rate in rates.items() if rate > 0),
        portions=job.recipe.train.accumulation,
        low=product_type(job.precision),
        per_step=job.recipe.task == "language_model",
        on_cpu=platform == "cpu",
    )


def without_rates(layers: Sequence[Layer]) -> tuple[Layer, ...]:
    return tuple(_without_rate(layer) for layer in layers)


def _without_rate(layer: Layer) -> Layer:
    match layer:
        case Residual():
            body, shortcut = without_rates(layer.body), without_rates(layer.shortcut)
            return replace(layer, rate=0.0, body=body, shortcut=shortcut)
        case Dropout() | Attention():
            return replace(layer, rate=0.0)
        case _:
            return layer
