"""The forward pass of a program's model, as a pure function of its arrays by name."""

from __future__ import annotations

import functools
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax import Array, lax

from advisor.architecture import Layer
from advisor.backend import Job, OwnCodeError
from advisor_jax.layers import Model, convolution
from advisor_jax.masks import Mode
from advisor_jax.optimizers import Arrays
from advisor_jax.own import OwnClass, check_outputs, name_of, set_mode, set_products
from advisor_jax.packing import unpacked
from advisor_jax.precision import Low, lowered
from advisor_jax.program import Program, State
from advisor_jax.randomness import stream_key


class Skeleton(NamedTuple):
    """A model without arrays: what initialisation would make is only traced, never computed."""

    graph: Any
    variables: list[tuple[Any, Any]]


def forward(
    program: Program, weights: Arrays, inputs: Array, mode: Mode, *, in_scan: bool
) -> tuple[Array, Arrays]:
    """Raw outputs, and the running statistics after this batch. Raises OwnCodeError."""
    matmul = program.on_cpu and in_scan
    if program.own is not None:
        return _own(program, program.own.of, weights, inputs, mode, matmul)
    graph, variables = _skeleton(program.layers, program.low, matmul)
    flat = [(path, kind.replace(weights[_canonical(path)])) for path, kind in variables]
    model = nnx.merge(graph, nnx.from_flat_state(flat))
    outputs = model(inputs, mode)
    statistics = nnx.to_flat_state(nnx.state(model, nnx.BatchStat))
    return outputs, {_canonical(path): stat[...] for path, stat in statistics}


@functools.lru_cache(maxsize=64)
def _skeleton(layers: tuple[Layer, ...], low: Low, matmul: bool) -> Skeleton:
    made = nnx.eval_shape(lambda: Model(layers, low=low, matmul=matmul, rngs=nnx.Rngs(0)))
    return _without_arrays(made)


def _without_arrays(model: nnx.Module) -> Skeleton:
    graph, abstract = nnx.split(model)
    return Skeleton(graph, list(nnx.to_flat_state(abstract)))


def _canonical(path: tuple[Any, ...]) -> str:
    """`embedding.kernel` for `parts.embedding.embedding`, flax's name of the array."""
    *owners, array = path[1:]
    return name_of((*owners, "kernel" if array == "embedding" else array))


def _own(
    program: Program, own: OwnClass, weights: Arrays, inputs: Array, mode: Mode, matmul: bool
) -> tuple[Array, Arrays]:
    drops = mode.words is not None
    graph, variables = _own_skeleton(own, mode.batch_statistics, drops, program.low, matmul)
    flat = [
        (path, _filled(number, name_of(path), kind, weights, mode.words))
        for number, (path, kind) in enumerate(variables)
    ]
    model = nnx.merge(graph, nnx.from_flat_state(flat))
    try:
        outputs = model(inputs)
    except OwnCodeError:
        raise
    except Exception as error:
        raise own.failure(error, f"fails on inputs of shape {inputs.shape}") from error
    outputs = check_outputs(own, outputs, inputs, per_step=program.per_step)
    after = {name_of(path): one for path, one in nnx.to_flat_state(nnx.state(model))}
    trained = {*program.kernels, *dict(program.vectors)}
    statistics = {
        name: after[name][...].astype(old.dtype) if name in after else old
        for name, old in weights.items()
        if name not in trained
    }
    return outputs.astype(_floating(weights)), statistics


def check_own(program: Program, state: State, job: Job) -> None:
    """Trace the user's model in both modes. Raises OwnCodeError where it does not fit."""
    weights = unpacked(program.vectors, state.parameters) | state.statistics
    size = job.recipe.train.batch_size // job.recipe.train.accumulation
    tokens = job.inputs.dtype.kind in "iu"
    shape = (size, *job.inputs.shape[1:])
    inputs = np.zeros(shape, np.int32 if tokens else _floating(weights))
    for mode in (Mode(batch_statistics=True), Mode()):
        jax.eval_shape(
            lambda weights, inputs, mode=mode: forward(
                program, weights, inputs, mode, in_scan=False
            )[0],
            weights,
            inputs,
        )


def _floating(weights: Arrays) -> Any:
    return jnp.result_type(*(w.dtype for w in weights.values() if w.dtype.kind == "f"))


@functools.lru_cache(maxsize=64)
def _own_skeleton(own: OwnClass, training: bool, drops: bool, low: Low, matmul: bool) -> Skeleton:
    model = nnx.eval_shape(lambda: own.build(nnx.Rngs(0)))
    set_mode(model, training=training, drops=drops)
    set_products(model, lowered(lax.dot_general, low), convolution(low, matmul))
    return _without_arrays(model)


def _filled(number: int, name: str, kind: Any, weights: Arrays, words: Array | None) -> Any:
    """The variable with its array; streams of random numbers start anew at each pass."""
    if isinstance(kind, nnx.RngKey):
        given = jnp.zeros(2, jnp.uint32) if words is None else words
        return kind.replace(stream_key(given, number, kind.shape))
    if isinstance(kind, nnx.RngState):
        return kind.replace(jnp.zeros(kind.shape, kind.dtype))
    return kind.replace(weights[name]) if isinstance(kind, nnx.Variable) else weights[name]
