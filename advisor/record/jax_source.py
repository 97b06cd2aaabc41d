"""Values of JAX."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np

from advisor.record.arguments import RecordError, number
from advisor.record.clearing import NEAR, Coordinates
from advisor.record.sources import Measured, Watched, moved, rest, stride

Leaves = dict[str, Any]
_DIGITS = re.compile(r"(\d+)")


class JaxSource:
    name = "jax"

    def __init__(self) -> None:
        self._copies: Leaves = {}
        self._before: Leaves = {}
        """gradients of the step before"""
        self._norms: Any = None
        self._copy: Any = None

    @property
    def jax(self) -> Any:
        return sys.modules["jax"]

    def owns(self, value: Any) -> bool:
        jax = sys.modules.get("jax")
        if jax is None or value is None:
            return False
        return any(isinstance(leaf, jax.Array) for leaf in jax.tree_util.tree_leaves(value))

    def check(self, loss: Any, watched: Watched) -> None:
        if watched.model is not None:
            raise RecordError("model= is for torch; with JAX pass grads= and params=")
        if isinstance(loss, self.jax.core.Tracer):
            raise RecordError(
                "step() was called inside a function that JAX traces; call it outside"
            )
        if np.shape(loss) != () and np.size(loss) != 1:
            raise RecordError(f"loss must be one number, not of shape {np.shape(loss)}")

    def device(self, loss: Any, watched: Watched) -> str:
        leaves = self.jax.tree_util.tree_leaves((loss, watched.params, watched.grads))
        arrays = [leaf for leaf in leaves if isinstance(leaf, self.jax.Array)]
        return str(next(iter(arrays[0].devices())).platform) if arrays else "cpu"

    def parameters(self, watched: Watched) -> int:
        return sum(int(leaf.size) for leaf in self._leaves(watched.params).values())

    def keep(self, value: Any, name: str = "loss") -> Any:
        """Arrays cannot be changed, and stay where they are."""
        return value

    def wait(self, kept: Any) -> None:
        if hasattr(kept, "block_until_ready"):
            kept.block_until_ready()

    def fetch(self, kept: Sequence[Any]) -> list[float]:
        if kept and hasattr(kept[-1], "copy_to_host_async") and not self._on_cpu(kept[-1]):
            for value in kept:
                value.copy_to_host_async()
        arrays = [np.asarray(value) for value in kept]
        for array in arrays:
            if array.size != 1:
                raise RecordError(f"loss must be one number, not of shape {array.shape}")
        return [number("loss", array.reshape(())) for array in arrays]

    def copy(self, watched: Watched) -> None:
        kernels = _kernels(self._leaves(watched.params))
        grads = _exact(_kernels(self._leaves(watched.grads)))
        if self._copy is None:
            self._copy = self.jax.jit(self._copied)
        self._copies, self._before = self._copy(kernels, grads)

    def measure(self, watched: Watched) -> Measured | None:
        """One compiled program for all norms, started at once: the arrays may be given away to
        the next step."""
        if watched.nothing:
            return None
        grads, params = self._leaves(watched.grads), self._leaves(watched.params)
        kernels = _kernels(params or grads)
        if self._norms is None:
            self._norms = self.jax.jit(self._all_norms)
        copies = {name: copy for name, copy in self._copies.items() if name in kernels}
        before = {name: rows for name, rows in self._before.items() if name in grads}
        self.forget()
        values = self._norms(grads, _kernels(params), copies, before)
        return Measured(list(kernels), values, bool(grads))

    def numbers(self, measured: Measured) -> list[float]:
        return [float(value) for value in np.asarray(measured.values)]

    def _copied(self, *trees: Leaves) -> tuple[Leaves, ...]:
        jnp = self.jax.numpy
        return tuple({k: jnp.copy(_rows(leaf)) for k, leaf in tree.items()} for tree in trees)

    def kept(self, measured: Measured, numbers: Sequence[float]) -> bool | None:
        """Nothing where no kernel has moved: the gradient was not used."""
        values = rest(measured.names, numbers)
        still = moved(measured.names, numbers)
        if not values or (still and not any(still.values())):
            return None
        return Coordinates(*values).kept

    def forget(self) -> None:
        self._copies, self._before = {}, {}

    def _on_cpu(self, value: Any) -> bool:
        return all(device.platform == "cpu" for device in value.devices())

    def _leaves(self, tree: Any) -> Leaves:
        """Floating-point leaves by name, `Dense_2` before `Dense_10`."""
        floating = self.jax.numpy.floating
        found = {
            _name(path): leaf
            for path, leaf in self.jax.tree_util.tree_flatten_with_path(tree)[0]
            if hasattr(leaf, "dtype") and self.jax.numpy.issubdtype(leaf.dtype, floating)
        }
        return _sorted(found)

    def _all_norms(self, grads: Leaves, kernels: Leaves, copies: Leaves, earlier: Leaves) -> Any:
        """(1 + 3 kernels + coordinates,) in the order of `Measured`; traced."""
        jnp = self.jax.numpy
        missing = jnp.full((), jnp.nan, jnp.float32)
        names = list(_sorted(kernels or _kernels(grads)))
        squares = [jnp.sum(jnp.square(g.astype(jnp.float32))) for g in grads.values()]
        values = [jnp.sqrt(sum(squares)) if squares else missing]
        values += [self._norm(grads[name]) if name in grads else missing for name in names]
        values += [self._norm(kernels[name]) if name in kernels else missing for name in names]
        for name in names:
            before = copies.get(name)
            if before is None:
                values.append(missing)
            else:
                moved = self._norm(_rows(kernels[name]) - before)
                values.append(moved / (self._norm(before) + 1e-9))
        parts = [self._compared(rows, _rows(grads[name])) for name, rows in earlier.items()]
        values += [sum(part) for part in zip(*parts, strict=True)]
        return jnp.stack([jnp.asarray(value, jnp.float32) for value in values])

    def _compared(self, before: Any, now: Any) -> list[Any]:
        """One kernel's part in each field of `Coordinates`, norms squared; traced."""
        jnp = self.jax.numpy
        same = (now == before) & (now != 0)
        near = (now != before) & (jnp.abs(now - before) < NEAR * jnp.abs(before))
        held = jnp.where(same, jnp.abs(now), 0)
        counted = [before != 0, (now == 0) & (before != 0), same, near]
        summed = [before**2, (now - before) ** 2, now * before, held, held**2]
        return [jnp.sum(values, dtype=jnp.float32) for values in (*counted, *summed)]

    def _norm(self, values: Any) -> Any:
        jnp = self.jax.numpy
        return jnp.sqrt(jnp.sum(jnp.square(values.astype(jnp.float32))))


def _kernels(leaves: Leaves) -> Leaves:
    return {name: leaf for name, leaf in leaves.items() if leaf.ndim >= 2}


def _exact(leaves: Leaves) -> Leaves:
    """Those in which two numbers are hardly ever the same by chance."""
    return {name: leaf for name, leaf in leaves.items() if leaf.dtype.itemsize >= 4}


def _rows(kernel: Any) -> Any:
    return kernel[:: stride(kernel.shape)]


def _name(path: Sequence[Any]) -> str:
    """`Dense_0.kernel`, without the collection that Flax puts around it."""
    parts = [
        str(next(getattr(key, a) for a in ("key", "name", "idx") if hasattr(key, a)))
        for key in path
    ]
    if len(parts) > 1 and parts[0] == "params":
        parts = parts[1:]
    if len(parts) > 1 and parts[-1] == "value":
        parts = parts[:-1]
    return ".".join(parts)


def _sorted(leaves: Leaves) -> Leaves:
    return dict(sorted(leaves.items(), key=lambda item: _natural(item[0])))


def _natural(name: str) -> list[tuple[int, int | str]]:
    return [(0, int(part)) if part.isdigit() else (1, part) for part in _DIGITS.split(name)]
