"""How much work a forward pass is; for pacing, never for decisions."""

from __future__ import annotations

import math
from collections.abc import Sequence

from advisor.architecture.layers import (
    Attention,
    AveragePool,
    Conv,
    Dense,
    Embedding,
    Flatten,
    GlobalAverage,
    LastStep,
    Layer,
    MaxPool,
    Recurrent,
    Residual,
    Rows,
)


def forward_flops(layers: Sequence[Layer], input_shape: tuple[int, ...]) -> float:
    """Multiply-adds of one example, roughly."""
    return max(1.0, _work(layers, math.prod(input_shape[:-1]), input_shape)[0])


def _work(layers: Sequence[Layer], places: int, shape: tuple[int, ...]) -> tuple[float, int]:
    """Multiply-adds, and the number of places (pixels, steps) that come out."""
    total = 0.0
    for layer in layers:
        match layer:
            case Dense():
                total += places * layer.inputs * layer.outputs
            case Conv(stride=stride):
                places = max(1, places // stride**2)
                total += places * layer.kernel_size**2 * layer.inputs * layer.outputs
            case Recurrent(units=units, gates=gates):
                total += places * gates * units * (layer.inputs + units)
            case Attention(units=units):
                total += places * (4 * units**2 + 2 * places * units)
            case MaxPool() | AveragePool():
                places = max(1, places // 4)
            case Embedding():
                places = shape[0]
            case Rows():
                places = shape[0]
            case Flatten() | GlobalAverage() | LastStep():
                places = 1
            case Residual():
                inside, after = _work(layer.body, places, shape)
                beside, _ = _work(layer.shortcut, places, shape)
                total, places = total + inside + beside, after
            case _:
                pass
    return total, places
