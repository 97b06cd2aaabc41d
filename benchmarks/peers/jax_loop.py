"""The fastest loop that is written by hand in JAX.

An epoch, evaluation included, is one compiled program that donates its state; a convolution is
slices and one matrix product on CPU, pooling is a reshape. Evaluation is that of the project's
own loop: loss and accuracy of the validation set and of as many training examples, each epoch.
"""

from __future__ import annotations

import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import Array, lax

from advisor import data
from peers import cases
from peers.jax_models import Network, network
from peers.protocol import Fit, Variants, Work

AT_ONCE = 1024
"""examples in one evaluation"""


def variants(argument: str) -> Variants:
    del argument
    return {"hand": lambda work: _loop(work, True), "hand.steps": lambda work: _loop(work, False)}


def _loop(work: Work, evaluates: bool) -> Fit:
    train, outputs = work.dataset.train, work.dataset.outputs
    inputs, targets = _arrays(train)
    validation = _arrays(work.dataset.validation)
    sample = inputs[: len(validation[0])], targets[: len(validation[0])]
    judged = (validation, sample) if evaluates else ()
    made = network(work.case, outputs)
    optimizer = optax.adamw(cases.LR, weight_decay=cases.WEIGHT_DECAY)
    epoch = functools.partial(jax.jit(_epoch, static_argnums=(0, 1), donate_argnums=2), made)

    def fit(epochs: int) -> int:
        random = np.random.default_rng(0)
        parameters = jax.device_put(made.initial(random))
        state = parameters, optimizer.init(parameters)
        count = sum(int(each.size) for each in jax.tree.leaves(parameters))
        for _ in range(epochs):
            order = random.permutation(len(targets))[: work.examples].astype(np.int32)
            rows = order.reshape(work.steps, work.case.batch)
            state, found = epoch(optimizer, state, inputs, targets, rows, judged)
            jax.device_get(found)
        jax.block_until_ready(state)  # type: ignore[no-untyped-call]
        return count

    return fit


def _arrays(split: data.Split) -> tuple[Array, Array]:
    return jnp.asarray(split.inputs), jnp.asarray(split.targets.astype(np.int32))


def _epoch(
    made: Network,
    optimizer: optax.GradientTransformation,
    state: Any,
    inputs: Array,
    targets: Array,
    rows: Array,
    judged: tuple[tuple[Array, Array], ...],
) -> tuple[Any, Any]:
    """The state after an epoch; its losses, and loss and accuracy of what is judged."""

    def step(state: Any, rows: Array) -> tuple[Any, Array]:
        parameters, moments = state
        loss, gradient = jax.value_and_grad(loss_of)(parameters, inputs[rows], targets[rows])
        change, moments = optimizer.update(gradient, moments, parameters)
        return (optax.apply_updates(parameters, change), moments), loss

    def loss_of(parameters: Any, x: Array, y: Array) -> Array:
        return jnp.mean(_losses(made.outputs(parameters, x), y))

    state, losses = lax.scan(step, state, rows)
    return state, (losses, [_judged(made, state[0], *each) for each in judged])


def _judged(made: Network, parameters: Any, x: Array, y: Array) -> tuple[Array, Array]:
    parts = [
        made.outputs(parameters, x[start : start + AT_ONCE]) for start in range(0, len(x), AT_ONCE)
    ]
    outputs = jnp.concatenate(parts)
    return jnp.mean(_losses(outputs, y)), jnp.mean(outputs.argmax(1) == y)


def _losses(outputs: Array, targets: Array) -> Array:
    losses: Array = optax.softmax_cross_entropy_with_integer_labels(outputs, targets)
    return losses
