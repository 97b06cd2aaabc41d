"""Models of a user's own, sound and faulty, the same for both frameworks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from advisor.recipe import Recipe
from tests.preflight.making import recipe_of

TORCH = """
import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

class Sound(nn.Module):
    def __init__(self, input_shape, outputs):
        super().__init__()
        self.hidden = nn.Linear(input_shape[0], 16)
        self.head = nn.Linear(16, outputs)

    def raw(self, x):
        return self.head(F.relu(self.hidden(x)))

    def forward(self, x):
        return self.raw(x)

class Softmax(Sound):
    def forward(self, x):
        return F.softmax(self.raw(x), dim=1)

class LogSoftmax(Sound):
    def forward(self, x):
        return F.log_softmax(self.raw(x), dim=1)

class WrongAxis(Sound):
    def forward(self, x):
        return F.softmax(self.raw(x), dim=0)

class Sigmoid(Sound):
    def forward(self, x):
        return torch.sigmoid(self.raw(x))

class Tanh(Sound):
    def forward(self, x):
        return torch.tanh(self.raw(x))

class Relu(Sound):
    def forward(self, x):
        return F.relu(self.raw(x))

class Mixing(Sound):
    def forward(self, x):
        out = self.raw(x)
        return out - out.mean(dim=0, keepdim=True)

class Deaf(Sound):
    def forward(self, x):
        return self.raw(0 * x)

class Dropping(Sound):
    def forward(self, x):
        return self.head(F.dropout(F.relu(self.hidden(x)), 0.5, training=True))

class ZeroHead(Sound):
    def __init__(self, input_shape, outputs):
        super().__init__(input_shape, outputs)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)

class Normed(Sound):
    def __init__(self, input_shape, outputs):
        super().__init__(input_shape, outputs)
        self.norm = nn.BatchNorm1d(16)
        self.drop = nn.Dropout(0.2)

    def forward(self, x):
        return self.head(self.drop(F.relu(self.norm(self.hidden(x)))))

class Linear(Sound):
    def raw(self, x):
        return self.head(self.hidden(x))

class LogLinear(Linear):
    def forward(self, x):
        return F.log_softmax(self.raw(x), dim=1)

class NormedLinear(Linear):
    def __init__(self, input_shape, outputs):
        super().__init__(input_shape, outputs)
        self.norm = nn.BatchNorm1d(16)

    def raw(self, x):
        return self.head(self.norm(self.hidden(x)))

class ZeroBranch(Sound):
    def __init__(self, input_shape, outputs):
        super().__init__(input_shape, outputs)
        self.gain = nn.Parameter(torch.zeros(1))

    def raw(self, x):
        wide = self.hidden(x)
        return self.head(wide + self.gain * F.relu(wide))

class Unseeded(Sound):
    def __init__(self, input_shape, outputs):
        super().__init__(input_shape, outputs)
        self.head.weight.data += torch.from_numpy(np.random.default_rng().random(16)).float()
"""
JAX = """
import jax
import jax.numpy as jnp
from flax import nnx

class Sound(nnx.Module):
    def __init__(self, input_shape, outputs, rngs):
        self.hidden = nnx.Linear(input_shape[0], 16, rngs=rngs)
        self.head = nnx.Linear(16, outputs, rngs=rngs)

    def raw(self, x):
        return self.head(nnx.relu(self.hidden(x)))

    def __call__(self, x):
        return self.raw(x)

class Softmax(Sound):
    def __call__(self, x):
        return jax.nn.softmax(self.raw(x), axis=1)

class LogSoftmax(Sound):
    def __call__(self, x):
        return jax.nn.log_softmax(self.raw(x), axis=1)

class WrongAxis(Sound):
    def __call__(self, x):
        return jax.nn.softmax(self.raw(x), axis=0)

class Sigmoid(Sound):
    def __call__(self, x):
        return jax.nn.sigmoid(self.raw(x))

class Tanh(Sound):
    def __call__(self, x):
        return jnp.tanh(self.raw(x))

class Relu(Sound):
    def __call__(self, x):
        return nnx.relu(self.raw(x))

class Mixing(Sound):
    def __call__(self, x):
        out = self.raw(x)
        return out - out.mean(axis=0, keepdims=True)

class Deaf(Sound):
    def __call__(self, x):
        return self.raw(0 * x)

class Dropping(Sound):
    def __call__(self, x):
        kept = jax.random.bernoulli(jax.random.key(0), 0.5, (len(x), 16))
        return self.head(2 * kept * nnx.relu(self.hidden(x)))

class ZeroHead(Sound):
    def __init__(self, input_shape, outputs, rngs):
        super().__init__(input_shape, outputs, rngs)
        self.head.kernel[...] = jnp.zeros_like(self.head.kernel[...])

class Normed(Sound):
    def __init__(self, input_shape, outputs, rngs):
        super().__init__(input_shape, outputs, rngs)
        self.norm = nnx.BatchNorm(16, rngs=rngs)
        self.drop = nnx.Dropout(0.2, rngs=rngs)

    def __call__(self, x):
        return self.head(self.drop(nnx.relu(self.norm(self.hidden(x)))))

class Linear(Sound):
    def raw(self, x):
        return self.head(self.hidden(x))

class LogLinear(Linear):
    def __call__(self, x):
        return jax.nn.log_softmax(self.raw(x), axis=1)

class NormedLinear(Linear):
    def __init__(self, input_shape, outputs, rngs):
        super().__init__(input_shape, outputs, rngs)
        self.norm = nnx.BatchNorm(16, rngs=rngs)

    def raw(self, x):
        return self.head(self.norm(self.hidden(x)))

class ZeroBranch(Sound):
    def __init__(self, input_shape, outputs, rngs):
        super().__init__(input_shape, outputs, rngs)
        self.gain = nnx.Param(jnp.zeros(1))

    def raw(self, x):
        wide = self.hidden(x)
        return self.head(wide + self.gain * nnx.relu(wide))
"""


def own_recipe(folder: Path, name: str, task: str = "classification", **changes: Any) -> Recipe:
    """A recipe with the model of this name, for either backend."""
    files = {"torch": ("torch_nets.py", TORCH), "jax": ("jax_nets.py", JAX)}
    model: dict[str, Any] = {"kind": "own"}
    for backend, (file, code) in files.items():
        path = folder / file
        path.write_text(code)
        model[backend] = f"{path}:{name}"
    return recipe_of(task, model=model, **changes)
