"""A training's state as arrays by name, and back."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np

from advisor.architecture import Weights
from advisor_jax.program import Averages, State

AVERAGED = "averaged"
"""1 where evaluation uses the averages"""


def stored(state: State, averaged: bool) -> Weights:
    """Copies: `parameters.dense1.kernel`, `moments.mu.dense1.kernel`, `average.parameters.1d`."""
    leaves, _ = jax.tree_util.tree_flatten_with_path(state)
    # copies: on CPU the arrays may be views of buffers that the next steps write to
    return {_name(path): np.array(leaf) for path, leaf in leaves} | {
        AVERAGED: np.asarray(float(averaged))
    }


def restored(arrays: Weights, like: State) -> tuple[State, bool]:
    """What `stored` was given, in NumPy; `like` is any state of the same job, with a velocity.

    Raises ValueError for the state of another job.
    """
    if not any(name.startswith("velocity.") for name in arrays):
        like = like._replace(velocity=None)
    averages = any(name.startswith("average.") for name in arrays)
    now = Averages(like.parameters, like.statistics)
    like = like._replace(average=now if averages else None)
    leaves, tree = jax.tree_util.tree_flatten_with_path(like)
    expected = {_name(path): leaf for path, leaf in leaves}
    if expected.keys() | {AVERAGED} != arrays.keys():
        names = ", ".join(sorted(arrays.keys() ^ (expected.keys() | {AVERAGED}))[:5])
        raise ValueError(f"this is the state of another job: {names}")
    found = [_fitting(name, arrays[name], leaf) for name, leaf in expected.items()]
    state: State = jax.tree_util.tree_unflatten(tree, found)
    return state, bool(arrays[AVERAGED])


def _fitting(name: str, array: Any, leaf: Any) -> Any:
    if array.shape != leaf.shape:
        raise ValueError(
            f"this is the state of another job: {name} has shape {array.shape}, not {leaf.shape}"
        )
    return np.array(array, leaf.dtype)


def _name(path: Any) -> str:
    return jax.tree_util.keystr(path, simple=True, separator=".")
