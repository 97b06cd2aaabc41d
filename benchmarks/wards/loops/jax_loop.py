"""The loop in JAX with optax."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import Array

from wards.loops.setting import EPOCHS, HIDDEN, Setting

Params = dict[str, dict[str, Array]]


def run(setting: Setting, seed: int, folder: Path) -> None:
    params = _initial(setting, seed)
    optimizer = optax.adam(setting.lr)
    state = optimizer.init(params)
    kept = jax.tree.map(jnp.zeros_like, params)

    @jax.jit
    def update(params: Params, state: Any, kept: Params, x: Array, y: Array) -> Any:
        loss, grads = jax.value_and_grad(lambda p: _loss(setting, _outputs(p, x), y))(params)
        if setting.fault == "gradients_kept":
            grads = kept = jax.tree.map(jnp.add, grads, kept)
        given = dict(grads)
        if setting.fault == "head_not_trained":
            given["output"] = jax.tree.map(jnp.zeros_like, grads["output"])
        moves, state = optimizer.update(given, state, params)
        return optax.apply_updates(params, moves), state, kept, loss, grads

    random = np.random.default_rng(seed)
    with setting.record(folder) as log:
        for _ in range(EPOCHS):
            for rows in log.batches(setting.batches(random)):
                x, y = setting.x[rows], setting.y[rows]
                params, state, kept, loss, grads = update(params, state, kept, x, y)
                log.step(loss, lr=setting.lr, grads=grads, params=params)
            log.evaluated(**_evaluated(setting, params))


def _initial(setting: Setting, seed: int) -> Params:
    sizes = (setting.x.shape[1], HIDDEN, HIDDEN, setting.outputs)
    names = ("dense1", "dense2", "output")
    start = jax.nn.initializers.he_uniform()
    keys = jax.random.split(jax.random.key(seed), len(names))
    return {
        name: {"kernel": start(keys[i], (sizes[i], sizes[i + 1])), "bias": jnp.zeros(sizes[i + 1])}
        for i, name in enumerate(names)
    }


def _outputs(params: Params, x: Array) -> Array:
    h = x
    for name in ("dense1", "dense2"):
        h = jax.nn.relu(h @ params[name]["kernel"] + params[name]["bias"])
    return h @ params["output"]["kernel"] + params["output"]["bias"]


def _loss(setting: Setting, outputs: Array, y: Array) -> Array:
    match setting.fault:
        case "broadcast":
            return ((outputs - y) ** 2).mean()
        case "regression" | "raw_targets":
            return ((outputs[:, 0] - y) ** 2).mean()
        case "mse_of_softmax":
            return ((jax.nn.softmax(outputs) - jax.nn.one_hot(y, 10)) ** 2).mean()
        case "likelihood_of_logits":
            return -jnp.take_along_axis(outputs, y[:, None], 1).mean()
        case fault:
            loss: Array = optax.softmax_cross_entropy_with_integer_labels(outputs, y).mean()
            return -loss if fault == "wrong_sign" else loss


def _evaluated(setting: Setting, params: Params) -> dict[str, float | None]:
    found: dict[str, float | None] = {}
    n = len(setting.held_x)
    parts = {
        "train": (setting.x[:n], setting.y[:n]),
        "validation": (setting.held_x, setting.held_y),
    }
    for name, (x, y) in parts.items():
        outputs = _outputs(params, jnp.asarray(x))
        found[f"{name}_loss"] = float(_loss(setting, outputs, jnp.asarray(y)))
        found[f"{name}_metric"] = setting.metric(np.asarray(outputs), y)
        found["predicted_share"] = setting.predicted_share(np.asarray(outputs))
    return found
