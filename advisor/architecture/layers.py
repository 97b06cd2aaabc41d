"""The layers that models are made of: what a backend implements.

One canonical layout, whatever the backend uses inside: images are (examples, height, width,
channels) and sequences (examples, time, features); a dense kernel is (inputs, outputs); a
convolution kernel is (height, width, inputs, outputs); flattening goes over height, width,
channels in that order. Tokens are (examples, time) int32; token 0 is padding, at the end only.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from advisor.recipe import ActivationKind

Floats: TypeAlias = NDArray[np.floating[Any]]
Weights: TypeAlias = dict[str, Floats]
"""Every array of a model by name, such as `conv1.kernel`; also the checkpoint's contents."""

NORM_EPS = 1e-5
BATCH_NORM_MOMENTUM = 0.1
"""Running statistics: new = 0.9 * old + 0.1 * batch, with the unbiased batch variance."""
LEAKY_SLOPE = 0.01
PADDING = 0
"""The token that fills up short examples."""


@dataclass(frozen=True)
class Flatten:
    name: str


@dataclass(frozen=True)
class Rows:
    """An image as the sequence of its rows: (n, height, width * channels)."""

    name: str


@dataclass(frozen=True)
class Dense:
    """On the last axis. Parameters `kernel` (inputs, outputs) and `bias` (outputs,)."""

    name: str
    inputs: int
    outputs: int


@dataclass(frozen=True)
class Conv:
    """Zero padding kernel_size // 2 on every side; output size is (size - 1) // stride + 1.

    Parameters `kernel` (size, size, inputs, outputs) and `bias` (outputs,).
    """

    name: str
    inputs: int
    outputs: int
    kernel_size: int
    stride: int = 1


@dataclass(frozen=True)
class BatchNorm:
    """Over all axes but the last. Parameters `scale`, `bias`; state `mean`, `var`: (features,)."""

    name: str
    features: int


@dataclass(frozen=True)
class LayerNorm:
    """Over the last axis. Parameters `scale` and `bias` (features,)."""

    name: str
    features: int


@dataclass(frozen=True)
class GroupNorm:
    """Over all positions and the channels of a group, example by example.

    Groups are runs of neighbouring channels. Parameters `scale` and `bias` (features,).
    """

    name: str
    features: int
    groups: int


@dataclass(frozen=True)
class Activation:
    """Element by element. GELU is the exact one (erf), leaky ReLU has slope 0.01, ELU alpha 1."""

    name: str
    kind: ActivationKind


@dataclass(frozen=True)
class MaxPool:
    """2x2, stride 2; a last odd row or column is dropped."""

    name: str


@dataclass(frozen=True)
class AveragePool:
    """2x2, stride 2; a last odd row or column is dropped."""

    name: str


@dataclass(frozen=True)
class GlobalAverage:
    """The mean over all axes but the first and last; of tokens, over those that are no padding."""

    name: str


@dataclass(frozen=True)
class LastStep:
    """(examples, time, features) to the features of the last step that is no padding."""

    name: str


@dataclass(frozen=True)
class Dropout:
    """Inverted: kept values are divided by (1 - rate) in training; nothing in evaluation."""

    name: str
    rate: float


@dataclass(frozen=True)
class Embedding:
    """Tokens to vectors. Parameter `kernel` (vocabulary, units)."""

    name: str
    vocabulary: int
    units: int


@dataclass(frozen=True)
class Positions:
    """Adds a vector for each place in the sequence.

    Learned: parameter `kernel` (length, units). Else the vectors are `sinusoids(length, units)`.
    """

    name: str
    length: int
    units: int
    learned: bool


@dataclass(frozen=True)
class Recurrent:
    """All states (examples, time, units) of an LSTM or GRU that starts from zeros.

    Parameters: `kernel` (inputs, gates * units), `recurrent_kernel` (units, gates * units),
    `bias` and `recurrent_bias` (gates * units,). Gates as PyTorch orders them: LSTM input,
    forget, cell, output; GRU reset, update, new, where the reset gate multiplies
    `recurrent_kernel`'s product with its bias, and h' = (1 - update) * new + update * h.
    """

    name: str
    cell: Literal["lstm", "gru"]
    inputs: int
    units: int

    @property
    def gates(self) -> int:
        return 4 if self.cell == "lstm" else 3


@dataclass(frozen=True)
class Attention:
    """Multi-head self-attention; padding is never attended to, nor the future where causal.

    Parameters: `kernel` (units, 3 * units) and `bias` (3 * units,) of query, key and value side
    by side, each of `heads` runs of units // heads; `output_kernel` (units, units) and
    `output_bias` (units,). Scores are divided by sqrt(units // heads); `rate` drops attention
    weights after the softmax.
    """

    name: str
    units: int
    heads: int
    causal: bool
    rate: float


@dataclass(frozen=True)
class Residual:
    """shortcut(x) + body(x). In training the body is dropped with `rate`, example by example,
    and divided by (1 - rate) where it is kept."""

    name: str
    body: tuple[Layer, ...]
    shortcut: tuple[Layer, ...]
    rate: float


Layer: TypeAlias = (
    Flatten
    | Rows
    | Dense
    | Conv
    | BatchNorm
    | LayerNorm
    | GroupNorm
    | Activation
    | MaxPool
    | AveragePool
    | GlobalAverage
    | LastStep
    | Dropout
    | Embedding
    | Positions
    | Recurrent
    | Attention
    | Residual
)


def walk(layers: Sequence[Layer]) -> Iterator[Layer]:
    """Every layer in the order of the forward pass; a Residual before what is inside it."""
    for layer in layers:
        yield layer
        if isinstance(layer, Residual):
            yield from walk(layer.body)
            yield from walk(layer.shortcut)


def drop_rates(layers: Sequence[Layer]) -> dict[str, float]:
    """The rate of everything that drops at random in training, by layer name."""
    dropping = (Dropout, Attention, Residual)
    return {layer.name: layer.rate for layer in walk(layers) if isinstance(layer, dropping)}


def sinusoids(length: int, units: int) -> Floats:
    """(length, units): sines, then cosines, of place / 10000^(i / half) for i in 0..half-1."""
    half = (units + 1) // 2
    angles = np.arange(length)[:, None] / 10_000 ** (np.arange(half) / half)
    return np.concatenate([np.sin(angles), np.cos(angles)], axis=1)[:, :units]
