"""Models as somebody might bring them, sound or faulty; `own_torch.py` has the same in torch."""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt
from flax import nnx
from jax import Array


class Plain(nnx.Module):
    """Two hidden layers over whatever comes in, flattened. `fault` names what is wrong."""

    def __init__(
        self,
        input_shape: tuple[int, ...],
        outputs: int,
        rngs: nnx.Rngs,
        fault: str = "",
        width: int = 64,
    ) -> None:
        self.fault, self.outputs = fault, outputs
        single = fault in ("one_unit", "one_output")
        zeros = nnx.initializers.zeros_init()
        usual = nnx.initializers.lecun_normal()
        start = zeros if fault == "zero_branch" else usual  # zeros: no fault, but looks like one
        self.first = nnx.Linear(math.prod(input_shape), width, rngs=rngs)
        self.second = nnx.Linear(width, width, kernel_init=start, rngs=rngs)
        self.last = nnx.Linear(width, 1 if single else outputs, rngs=rngs)
        if fault == "dropout_always":
            self.rngs = rngs.fork()

    def __call__(self, x: Array) -> Array:
        h = self._active(self.first(x.reshape(len(x), -1)))
        branch = self._active(self.second(h))
        h = h + self.second(h) if self.fault == "zero_branch" else branch
        return self._end(self.last(self._between(h)))

    def _active(self, x: Array) -> Array:
        return x if self.fault == "linear" else jax.nn.relu(x)

    def _between(self, h: Array) -> Array:
        """What must differ between training and evaluation, and here does not."""
        if self.fault == "batch_statistics":
            return (h - h.mean(0)) / jnp.sqrt(h.var(0) + 1e-5)
        if self.fault == "dropout_always":
            return jnp.where(jax.random.bernoulli(self.rngs.dropout(), 0.5, h.shape), 2 * h, 0)
        return h

    def _end(self, x: Array) -> Array:
        match self.fault:
            case "softmax":
                return jax.nn.softmax(x)
            case "one_unit":
                return jnp.broadcast_to(jax.nn.softmax(x), (len(x), self.outputs))
            case "relu":
                return jax.nn.relu(x)
            case "sigmoid":
                return jax.nn.sigmoid(x)
            case _:
                return x


class Recurrent(nnx.Module):
    """A plain tanh cell; its recurrent weights start orthogonal, times `scale`. In both frameworks
    it starts from the very same numbers, whatever the seed."""

    def __init__(
        self,
        input_shape: tuple[int, ...],
        outputs: int,
        rngs: nnx.Rngs,
        scale: float = 1.0,
        units: int = 32,
    ) -> None:
        self.inwards = nnx.Linear(input_shape[1], units, rngs=rngs)
        self.onwards = nnx.Linear(units, units, use_bias=False, rngs=rngs)
        self.last = nnx.Linear(units, outputs, rngs=rngs)
        start = recurrent_weights(input_shape[1], units, outputs, scale)
        for name in ("inwards", "onwards", "last"):
            layer = getattr(self, name)
            layer.kernel[...] = jnp.asarray(start[f"{name}.weight"].T)
            if f"{name}.bias" in start:
                layer.bias[...] = jnp.asarray(start[f"{name}.bias"])

    def __call__(self, x: Array) -> Array:
        given = self.inwards(x[..., 0])  # (n, time, features, 1) as pictures come
        kernel = self.onwards.kernel[...]

        def step(state: Array, now: Array) -> tuple[Array, None]:
            return jnp.tanh(now + state @ kernel), None

        start = jnp.zeros((len(x), kernel.shape[0]), given.dtype)
        state, _ = jax.lax.scan(step, start, given.swapaxes(0, 1))
        return self.last(state)


def recurrent_weights(
    features: int, units: int, outputs: int, scale: float
) -> dict[str, npt.NDArray[np.float32]]:
    """The cell's start, (outputs, inputs); `own_torch.py` has the same."""
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
