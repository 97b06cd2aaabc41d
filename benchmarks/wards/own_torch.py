"""Models as somebody might bring them, sound or faulty; `own_jax.py` has the same in JAX."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional


class Plain(nn.Module):
    """Two hidden layers over whatever comes in, flattened. `fault` names what is wrong."""

    def __init__(
        self, input_shape: tuple[int, ...], outputs: int, fault: str = "", width: int = 64
    ) -> None:
        super().__init__()
        self.fault, self.outputs = fault, outputs
        single = fault in ("one_unit", "one_output")
        self.first = nn.Linear(math.prod(input_shape), width)
        self.second = nn.Linear(width, width)
        self.last = nn.Linear(width, 1 if single else outputs)
        if fault == "zero_branch":  # no fault, but looks like one
            nn.init.zeros_(self.second.weight)
            nn.init.zeros_(self.second.bias)

    def forward(self, x: Tensor) -> Tensor:
        h = self._active(self.first(x.flatten(1)))
        branch = self._active(self.second(h))
        h = h + self.second(h) if self.fault == "zero_branch" else branch
        return self._end(self.last(self._between(h)))

    def _active(self, x: Tensor) -> Tensor:
        return x if self.fault == "linear" else functional.relu(x)

    def _between(self, h: Tensor) -> Tensor:
        """What must differ between training and evaluation, and here does not."""
        if self.fault == "batch_statistics":
            return (h - h.mean(0)) / (h.var(0, unbiased=False) + 1e-5).sqrt()
        if self.fault == "dropout_always":
            return functional.dropout(h, 0.5, training=True)
        return h

    def _end(self, x: Tensor) -> Tensor:
        match self.fault:
            case "softmax":
                return x.softmax(1)
            case "one_unit":
                return x.softmax(1).expand(-1, self.outputs)
            case "relu":
                return x.relu()
            case "sigmoid":
                return x.sigmoid()
            case _:
                return x


class Recurrent(nn.Module):
    """A plain tanh cell; its recurrent weights start orthogonal, times `scale`. In both frameworks
    it starts from the very same numbers, whatever the seed."""

    def __init__(
        self, input_shape: tuple[int, ...], outputs: int, scale: float = 1.0, units: int = 32
    ) -> None:
        super().__init__()
        self.inwards = nn.Linear(input_shape[-1], units)
        self.onwards = nn.Linear(units, units, bias=False)
        self.last = nn.Linear(units, outputs)
        start = recurrent_weights(input_shape[-1], units, outputs, scale)
        self.load_state_dict({name: torch.from_numpy(array) for name, array in start.items()})

    def forward(self, x: Tensor) -> Tensor:
        given = self.inwards(x[:, 0])  # (n, 1, time, features) as pictures come
        state = torch.zeros_like(given[:, 0])
        for now in given.unbind(1):
            state = torch.tanh(now + self.onwards(state))
        last: Tensor = self.last(state)
        return torch.as_tensor(last)


def recurrent_weights(
    features: int, units: int, outputs: int, scale: float
) -> dict[str, npt.NDArray[np.float32]]:
    """The cell's start, (outputs, inputs) as PyTorch keeps it; `own_jax.py` has the same."""
    random, bound = np.random.default_rng(0), units**-0.5
    onwards, _ = np.linalg.qr(random.standard_normal((units, units)))
    found = {
        "onwards.weight": scale * onwards,
        "inwards.weight": random.uniform(-bound, bound, (units, features)),
        "inwards.bias": random.uniform(-bound, bound, units),
        "last.weight": random.uniform(-bound, bound, (outputs, units)),
        "last.bias": np.zeros(outputs),
    }
    return {name: array.astype(np.float32) for name, array in found.items()}
