"""The compiled programs."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array, lax

from advisor_jax.masks import Mode
from advisor_jax.models import forward
from advisor_jax.optimizers import Arrays, optimizer, penalised, sum_of_squares
from advisor_jax.packing import is_packed, unpacked
from advisor_jax.program import Batch, Given, Program, State, Steps
from advisor_jax.randomness import step_words
from advisor_jax.steps import Taken, loss_gradients, step

Found = Array
"""(2 * S + 3 * kernels,) losses, gradient norms, then each kernel's norms of gradient, weight and
update, in the order of `Program.kernels`: one array is fetched at once"""

REPEATABLE_OPTIONS = {"xla_gpu_deterministic_ops": True}
"""XLA's own flag, for one program: no atomic additions on GPU, whose order is never the same."""


def run_steps(program: Program, state: State, given: Given, steps: Steps) -> tuple[State, Found]:
    """Take all steps; the last one is measured kernel by kernel.

    Two bodies are compiled, so that all other steps pay nothing for the measuring.
    """

    def one(state: State, i: Array) -> tuple[State, Taken]:
        own = None if words is None else words[i]
        return step(program, state, given, steps, own, i)

    def plain(state: State, i: Array) -> tuple[State, tuple[Array, Array]]:
        state, taken = one(state, i)
        return state, (taken.loss, taken.grad_norm)

    last = len(steps.rows) - 1
    words = step_words(given.seed, steps.first, last + 1) if program.drops else None
    earlier: list[tuple[Array, Array]] = []
    if last:
        state, found = lax.scan(plain, state, jnp.arange(last))
        earlier.append(found)
    after, taken = one(state, jnp.asarray(last))
    every = [*earlier, (taken.loss[None], taken.grad_norm[None])]
    losses, norms = zip(*every, strict=True)
    layers = _layer_norms(state, after, taken)
    named = (layers[name] for name in program.kernels)
    return after, jnp.concatenate([*losses, *norms, *named])


def run_together(
    program: Program, states: State, given: Given, steps: Steps, shared: bool
) -> tuple[State, Found]:
    """`run_steps` of K members: everything has a first axis of K, but for shared data."""
    data = None if shared else 0
    axes = Given(data, data, 0, 0, 0)  # type: ignore[arg-type]  # axes in the place of arrays
    run = functools.partial(run_steps, program)
    found: tuple[State, Found] = jax.vmap(run, in_axes=(0, axes, 0))(states, given, steps)
    return found


def predict(program: Program, parameters: Arrays, statistics: Arrays, inputs: Array) -> Array:
    """Raw outputs in evaluation mode."""
    weights = unpacked(program.vectors, parameters) | statistics
    return forward(program, weights, inputs, Mode(), in_scan=False)[0]


def activations(
    program: Program, parameters: Arrays, statistics: Arrays, inputs: Array
) -> dict[str, Array]:
    """Outputs of activation layers in evaluation mode."""
    seen: dict[str, Array] = {}
    weights = unpacked(program.vectors, parameters) | statistics
    forward(program, weights, inputs, Mode(seen=seen), in_scan=False)
    return seen


def gradients(program: Program, state: State, given: Given, batch: Batch) -> tuple[Array, Arrays]:
    """Loss and penalised gradients of one batch, without dropout."""
    mode = Mode(batch_statistics=True)
    loss, _, found = loss_gradients(program, state, given, batch, mode)
    return loss, unpacked(program.vectors, penalised(found, state.parameters, given.settings))


def first_moments(program: Program, parameters: Arrays, settings: Mapping[str, Array]) -> Any:
    """The optimiser's state before the first step."""
    return optimizer(program.optimizer, settings).init(parameters)


def _layer_norms(before: State, after: State, taken: Taken) -> dict[str, Array]:
    return {
        name: jnp.stack(
            [
                jnp.sqrt(sum_of_squares(array))
                for array in (taken.gradients[name], old, after.parameters[name] - old)
            ]
        )
        for name, old in before.parameters.items()
        if not is_packed(name)
    }


@dataclass(frozen=True)
class Programs:
    """The functions above, compiled once for each program, shape and type."""

    run_steps: Any
    run_together: Any
    predict: Any
    activations: Any
    gradients: Any
    first_moments: Any


def _compiled(options: dict[str, Any] | None) -> Programs:
    jit = functools.partial(jax.jit, static_argnames="program", compiler_options=options)
    return Programs(
        run_steps=jit(run_steps, donate_argnames="state"),
        run_together=jit(
            run_together, static_argnames=("program", "shared"), donate_argnames="states"
        ),
        predict=jit(predict),
        activations=jit(activations),
        gradients=jit(gradients),
        first_moments=jit(first_moments),
    )


ORDINARY, REPEATABLE = _compiled(None), _compiled(REPEATABLE_OPTIONS)


def programs_for(platform: str, *, deterministic: bool) -> Programs:
    """Those that are repeatable on this platform, where that is asked; CPU and TPU always are."""
    return REPEATABLE if deterministic and platform == "gpu" else ORDINARY
