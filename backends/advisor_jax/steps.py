"""One optimiser step."""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import Array, lax

from advisor_jax.losses import Labels, mean_loss
from advisor_jax.masks import Mode
from advisor_jax.models import forward
from advisor_jax.optimizers import (
    Arrays,
    clip_scale,
    decayed,
    optimizer,
    penalised,
    sgd,
    sum_of_squares,
)
from advisor_jax.packing import packed, unpacked
from advisor_jax.program import Averages, Batch, Given, LossScale, Program, State, Steps
from advisor_jax.randomness import portion_words

FIRST_SCALE, GROWTH_INTERVAL = 2.0**16, 2000
"""Of float16's loss: where its scale starts, and after how many good steps it doubles."""


class Taken(NamedTuple):
    """What one step measured, and the (packed) gradient it followed, before clipping."""

    loss: Array
    grad_norm: Array
    gradients: Arrays


def step(
    program: Program, state: State, given: Given, steps: Steps, words: Array | None, i: Array
) -> tuple[State, Taken]:
    """Step i of `steps`; `words` are its random ones, where the program drops."""
    batch = _batch(given, steps, i)
    loss, statistics, found = _of_portions(program, state, given, batch, words)
    found = penalised(found, state.parameters, given.settings)
    norm = jnp.sqrt(sum(map(sum_of_squares, found.values())))
    after = _updated(program, state, given, _clipped(found, norm, given), steps.lr[i], steps.scales)
    after = after._replace(statistics=statistics)
    if state.scale is not None:
        after = _guarded(state, after, state.scale, found)
    if steps.average is not None and state.average is not None:
        after = after._replace(average=_averaged(state.average, after, steps.average[i]))
    return after, Taken(loss, norm, found)


def _batch(given: Given, steps: Steps, i: Array) -> Batch:
    rows = steps.rows[i]
    inputs = given.inputs[rows] if steps.inputs is None else steps.inputs[i]
    if steps.partners is None or steps.shares is None:
        return Batch(inputs, Labels(given.targets[rows]))
    partners = given.targets[steps.partners[i]]
    return Batch(inputs, Labels(given.targets[rows], partners, steps.shares[i]))


def _clipped(gradients: Arrays, norm: Array, given: Given) -> Arrays:
    scale = clip_scale(norm, given.settings)
    return {name: gradient * scale for name, gradient in gradients.items()}


def _of_portions(
    program: Program, state: State, given: Given, batch: Batch, words: Array | None
) -> tuple[Array, Arrays, Arrays]:
    """Loss, running statistics and (packed) gradient of a batch, portion by portion."""
    if program.portions == 1:
        return loss_gradients(program, state, given, batch, _training(program, given, words))

    def add(
        total: tuple[Array, Arrays, Arrays], each: tuple[Batch, Array]
    ) -> tuple[tuple[Array, Arrays, Arrays], None]:
        portion, number = each
        now = state._replace(statistics=total[1])
        own = None if words is None else portion_words(words, number)
        mode = _training(program, given, own)
        loss, statistics, found = loss_gradients(program, now, given, portion, mode)
        gradients = {name: total[2][name] + gradient for name, gradient in found.items()}
        return (total[0] + loss, statistics, gradients), None

    zeros = jax.tree.map(jnp.zeros_like, state.parameters)
    start = (jnp.zeros((), jnp.result_type(*zeros.values())), state.statistics, zeros)
    portions = jax.tree.map(lambda array: _portioned(array, program.portions), batch)
    (loss, statistics, sums), _ = lax.scan(add, start, (portions, jnp.arange(program.portions)))
    gradients = {name: array / program.portions for name, array in sums.items()}
    return loss / program.portions, statistics, gradients


def _portioned(array: Array, portions: int) -> Array:
    if len(array) % portions:
        raise ValueError(
            f"Batches.rows: a batch of {len(array)} examples cannot be cut into "
            f"train.accumulation {portions} equal portions"
        )
    return array.reshape(portions, -1, *array.shape[1:])


def _training(program: Program, given: Given, words: Array | None) -> Mode:
    return Mode(batch_statistics=True, words=words, rates=given.rates, drops=program.drops)


def loss_gradients(
    program: Program, state: State, given: Given, batch: Batch, mode: Mode
) -> tuple[Array, Arrays, Arrays]:
    """Loss, running statistics after this batch, and (packed) gradient without penalties."""
    factor = None if state.scale is None else state.scale.factor

    def loss_of(parameters: Arrays) -> tuple[Array, tuple[Array, Arrays]]:
        weights = parameters | state.statistics
        outputs, statistics = forward(program, weights, batch.inputs, mode, in_scan=True)
        loss = mean_loss(program.loss, given.settings, outputs, batch.labels)
        return loss if factor is None else loss * factor, (loss, statistics)

    weights = unpacked(program.vectors, state.parameters)
    gradients, (loss, statistics) = jax.grad(loss_of, has_aux=True)(weights)
    found = packed(program.vectors, gradients, jnp.concatenate)
    if factor is not None:
        found = {name: gradient / factor for name, gradient in found.items()}
    return loss, statistics, found


def _updated(
    program: Program,
    state: State,
    given: Given,
    gradients: Arrays,
    lr: Array,
    scales: Arrays | None,
) -> State:
    """Parameters and the optimiser's state after the update."""
    if program.handover is None:
        rule = optimizer(program.optimizer, given.settings)
        changes, moments = rule.update(gradients, state.moments, state.parameters)
        after = state._replace(moments=moments)
    else:
        rule = sgd(program.handover, given.settings["handover_momentum"])
        changes, velocity = rule.update(gradients, state.velocity, state.parameters)
        after = state._replace(velocity=velocity)
    changes = decayed(changes, state.parameters, given.settings)
    if scales is None:
        moved = {name: w - lr * changes[name] for name, w in state.parameters.items()}
    else:
        moved = {
            name: jnp.where(scales[name] == 0, w, w - lr * scales[name] * changes[name])
            for name, w in state.parameters.items()
        }
    return after._replace(parameters=moved)


def _guarded(before: State, after: State, scale: LossScale, gradients: Arrays) -> State:
    """Nothing changes but the scale where a gradient is not finite."""
    finite = jnp.all(jnp.stack([jnp.all(jnp.isfinite(g)) for g in gradients.values()]))
    kept: State = jax.tree.map(lambda new, old: jnp.where(finite, new, old), after, before)
    good = jnp.where(finite, scale.good + 1, 0)
    grows = good >= GROWTH_INTERVAL
    factor = jnp.where(finite, jnp.where(grows, 2.0, 1.0), 0.5) * scale.factor
    return kept._replace(scale=LossScale(factor, jnp.where(grows, 0, good)))


def _averaged(average: Averages, now: State, share: Array) -> Averages:
    """At shares of 0 and 1 exactly the old and the new, whatever the other is."""

    def moved(old: Array, new: Array) -> Array:
        if not jnp.issubdtype(old.dtype, jnp.floating):
            return jnp.where(share > 0, new, old)
        between = old + share * (new - old)
        return jnp.where(share == 0, old, jnp.where(share == 1, new, between))

    current = Averages(now.parameters, now.statistics)
    found: Averages = jax.tree.map(moved, average, current)
    return found
