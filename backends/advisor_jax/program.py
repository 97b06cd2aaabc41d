"""The compiled programs. What shapes one is a `Program`; every number that a recipe may change
without changing the shape of the computation is an argument, so that it costs no compilation."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from flax import nnx
from jax import Array, lax

from advisor.architecture import Dropout, Layer, is_decayed
from advisor.backend import Job
from advisor_jax.layers import Mode, Model
from advisor_jax.losses import mean_loss
from advisor_jax.optimizers import (
    Arrays,
    clip_scale,
    optimizer,
    optimizer_kind,
    penalised,
    sum_of_squares,
)
from advisor_jax.packing import Vectors, packed, unpacked, vectors_of


@dataclass(frozen=True)
class Program:
    """What is fixed at compilation, besides the shapes, types and device of the arguments."""

    layers: tuple[Layer, ...]
    """drop rates removed"""
    vectors: Vectors
    loss: str
    optimizer: str
    drops: bool
    on_cpu: bool


class State(NamedTuple):
    """What training changes."""

    parameters: Arrays
    """packed"""
    statistics: Arrays
    moments: Any
    """the optimiser's"""


class Given(NamedTuple):
    """What it does not."""

    inputs: Array
    targets: Array
    settings: Mapping[str, Array]
    """numbers of loss and optimiser"""
    rates: Mapping[str, Array]
    seed: Array


class Steps(NamedTuple):
    """S steps; see `advisor.backend.Batches`."""

    rows: Array
    lr: Array
    inputs: Array | None
    first: Array


class Taken(NamedTuple):
    """What one step measured, and the (packed) gradient it followed, before clipping."""

    loss: Array
    grad_norm: Array
    gradients: Arrays


def program_of(job: Job, platform: str) -> Program:
    layers = tuple(replace(x, rate=0.0) if isinstance(x, Dropout) else x for x in job.layers)
    drops = any(isinstance(layer, Dropout) and layer.rate > 0 for layer in job.layers)
    kind = optimizer_kind(job.recipe)
    return Program(
        layers, vectors_of(job.weights), job.recipe.loss.kind, kind, drops, platform == "cpu"
    )


@functools.partial(jax.jit, static_argnames="program")
def first_moments(program: Program, parameters: Arrays, settings: Mapping[str, Array]) -> Any:
    """The optimiser's state before the first step."""
    return optimizer(program.optimizer, settings).init(parameters)


@functools.partial(jax.jit, static_argnames="program", donate_argnames="state")
def run_steps(
    program: Program, state: State, given: Given, steps: Steps
) -> tuple[State, tuple[Array, Array, dict[str, Array]]]:
    """Take all steps; the last one is measured kernel by kernel.

    Returns losses (S,), gradient norms (S,) and, by kernel, the norms of gradient, weight and
    update. Two bodies are compiled, so that all other steps pay nothing for the measuring.
    """

    def plain(state: State, i: Array) -> tuple[State, tuple[Array, Array]]:
        state, taken = _step(program, state, given, steps, keys, i)
        return state, (taken.loss, taken.grad_norm)

    keys = _step_keys(given.seed, steps) if program.drops else None
    last = len(steps.rows) - 1
    earlier: list[tuple[Array, Array]] = []
    if last:
        state, found = lax.scan(plain, state, jnp.arange(last))
        earlier.append(found)
    after, taken = _step(program, state, given, steps, keys, jnp.asarray(last))
    every = [*earlier, (taken.loss[None], taken.grad_norm[None])]
    losses, norms = (jnp.concatenate(parts) for parts in zip(*every, strict=True))
    return after, (losses, norms, _layer_norms(state, after, taken))


@functools.partial(jax.jit, static_argnames="program")
def predict(program: Program, parameters: Arrays, statistics: Arrays, inputs: Array) -> Array:
    """Raw outputs in evaluation mode."""
    weights = unpacked(program.vectors, parameters) | statistics
    return _forward(program, weights, inputs, Mode(), in_scan=False)[0]


@functools.partial(jax.jit, static_argnames="program")
def activations(
    program: Program, parameters: Arrays, statistics: Arrays, inputs: Array
) -> dict[str, Array]:
    seen: dict[str, Array] = {}
    weights = unpacked(program.vectors, parameters) | statistics
    _forward(program, weights, inputs, Mode(seen=seen), in_scan=False)
    return seen


@functools.partial(jax.jit, static_argnames="program")
def gradients(program: Program, state: State, given: Given) -> tuple[Array, Arrays]:
    """Loss and penalised gradients on all of `given.inputs`, without dropout."""
    mode = Mode(batch_statistics=True)
    (loss, _), found = _loss_gradients(program, state, given, mode, given.inputs, given.targets)
    return loss, unpacked(program.vectors, penalised(found, state.parameters, given.settings))


def _step(
    program: Program, state: State, given: Given, steps: Steps, keys: Array | None, i: Array
) -> tuple[State, Taken]:
    rows, lr = steps.rows[i], steps.lr[i]
    inputs = given.inputs[rows] if steps.inputs is None else steps.inputs[i]
    mode = Mode(batch_statistics=True)
    if keys is not None:
        mode.masks, mode.rates = keys[i], given.rates
    (loss, statistics), found = _loss_gradients(
        program, state, given, mode, inputs, given.targets[rows]
    )
    found = penalised(found, state.parameters, given.settings)
    norm = jnp.sqrt(sum(map(sum_of_squares, found.values())))
    scale = clip_scale(norm, given.settings)
    clipped = {name: gradient * scale for name, gradient in found.items()}
    change, moments = optimizer(program.optimizer, given.settings).update(
        clipped, state.moments, state.parameters
    )
    parameters = {name: weight - lr * change[name] for name, weight in state.parameters.items()}
    return State(parameters, statistics, moments), Taken(loss, norm, found)


def _step_keys(seed: Array, steps: Steps) -> Array:
    """(S, 2) random words, one pair for each step of the whole training."""
    key = jax.random.key(seed, impl="threefry2x32")
    numbers = steps.first + jnp.arange(len(steps.rows))
    return jax.random.key_data(jax.vmap(functools.partial(jax.random.fold_in, key))(numbers))


def _loss_gradients(
    program: Program, state: State, given: Given, mode: Mode, inputs: Array, targets: Array
) -> tuple[tuple[Array, Arrays], Arrays]:
    def loss_of(parameters: Arrays) -> tuple[Array, Arrays]:
        weights = parameters | state.statistics
        outputs, statistics = _forward(program, weights, inputs, mode, in_scan=True)
        return mean_loss(program.loss, given.settings, outputs, targets), statistics

    weights = unpacked(program.vectors, state.parameters)
    value, gradients = jax.value_and_grad(loss_of, has_aux=True)(weights)
    return value, packed(program.vectors, gradients, jnp.concatenate)


def _forward(
    program: Program, weights: Arrays, inputs: Array, mode: Mode, *, in_scan: bool
) -> tuple[Array, Arrays]:
    """Raw outputs, and the running statistics after this batch."""
    graph, abstract = _skeleton(program.layers, program.on_cpu and in_scan)
    flat = [(path, kind.replace(weights[_name(path)])) for path, kind in abstract]
    model = nnx.merge(graph, nnx.from_flat_state(flat))
    outputs = model(inputs, mode)
    statistics = nnx.to_flat_state(nnx.state(model, nnx.BatchStat))
    return outputs, {_name(path): stat[...] for path, stat in statistics}


@functools.lru_cache(maxsize=64)
def _skeleton(layers: tuple[Layer, ...], matmul: bool) -> tuple[Any, list[tuple[Any, Any]]]:
    """The model without arrays: what initialisation would make is only traced, never computed."""
    made = nnx.eval_shape(lambda: Model(layers, matmul=matmul, rngs=nnx.Rngs(0)))
    graph, abstract = nnx.split(made)
    return graph, list(nnx.to_flat_state(abstract))


def _name(path: tuple[Any, ...]) -> str:
    return ".".join(str(part) for part in path[1:])


def _layer_norms(before: State, after: State, taken: Taken) -> dict[str, Array]:
    return {
        name: jnp.stack(
            [
                jnp.sqrt(sum_of_squares(array))
                for array in (taken.gradients[name], old, after.parameters[name] - old)
            ]
        )
        for name, old in before.parameters.items()
        if is_decayed(name)
    }
