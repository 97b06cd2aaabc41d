"""Training loops as users write them, on made-up data of three classes."""

from __future__ import annotations

from typing import Any

import numpy as np

from advisor.record import Recorder

CLASSES, FEATURES, BATCH = 3, 8, 16


def data(n: int = 192) -> tuple[Any, Any]:
    generator = np.random.default_rng(0)
    targets = np.arange(n) % CLASSES
    centres = 2 * generator.normal(size=(CLASSES, FEATURES))
    inputs = centres[targets] + generator.normal(size=(n, FEATURES))
    return inputs.astype(np.float32), targets.astype(np.int64)


def torch_loop(
    log: Recorder, epochs: int, lr: float = 0.05, *, zero_grad: bool = True, nan_at: int = -1
) -> Any:
    import torch
    from torch import nn

    torch.manual_seed(0)
    inputs, targets = (torch.from_numpy(part) for part in data())
    model = nn.Sequential(nn.Linear(FEATURES, 16), nn.ReLU(), nn.Linear(16, CLASSES))
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    step = 0
    for _ in range(epochs):
        for first in range(0, len(targets), BATCH):
            if zero_grad:
                optimizer.zero_grad()
            outputs = model(inputs[first : first + BATCH])
            loss = nn.functional.cross_entropy(outputs, targets[first : first + BATCH])
            if step == nan_at:
                loss = loss * float("nan")
            torch.autograd.backward(loss)
            optimizer.step()
            log.step(loss, lr=lr, model=model)
            step += 1
        with torch.no_grad():
            outputs = model(inputs)
            accuracy = (outputs.argmax(1) == targets).float().mean()
            held = nn.functional.cross_entropy(outputs, targets)
        log.evaluated(
            train_loss=held, train_metric=accuracy, validation_loss=held, validation_metric=accuracy
        )
    return model


def jax_loop(
    log: Recorder, epochs: int, lr: float = 0.05, *, nan_at: int = -1, kept: bool = False
) -> Any:
    """`kept`: gradients are added up by hand, and never begun anew."""
    import jax
    import jax.numpy as jnp
    import optax

    inputs, targets = data()
    keys = jax.random.split(jax.random.key(0), 2)
    params = {
        "params": {
            "Dense_0": {
                "kernel": 0.3 * jax.random.normal(keys[0], (FEATURES, 16)),
                "bias": jnp.zeros(16),
            },
            "Dense_10": {
                "kernel": 0.3 * jax.random.normal(keys[1], (16, CLASSES)),
                "bias": jnp.zeros(CLASSES),
            },
        }
    }

    def outputs_of(params: Any, x: Any) -> Any:
        first, last = params["params"]["Dense_0"], params["params"]["Dense_10"]
        hidden = jax.nn.relu(x @ first["kernel"] + first["bias"])
        return hidden @ last["kernel"] + last["bias"]

    def loss_of(params: Any, x: Any, y: Any, scale: Any) -> Any:
        outputs = outputs_of(params, x)
        return scale * optax.softmax_cross_entropy_with_integer_labels(outputs, y).mean()

    def update(params: Any, before: Any, x: Any, y: Any, scale: Any) -> Any:
        loss, grads = jax.value_and_grad(loss_of)(params, x, y, scale)
        grads = jax.tree.map(jnp.add, grads, before) if kept else grads
        return jax.tree.map(lambda p, g: p - lr * g, params, grads), loss, grads

    compiled = jax.jit(update, donate_argnums=0)
    step, grads = 0, jax.tree.map(jnp.zeros_like, params)
    for _ in range(epochs):
        for first in range(0, len(targets), BATCH):
            part = slice(first, first + BATCH)
            scale = jnp.nan if step == nan_at else 1.0
            params, loss, grads = compiled(params, grads, inputs[part], targets[part], scale)
            log.step(loss, lr=lr, grads=grads, params=params)
            step += 1
        held = loss_of(params, inputs, targets, 1.0)
        accuracy = (outputs_of(params, inputs).argmax(1) == targets).mean()
        log.evaluated(train_loss=held, validation_loss=held, validation_metric=accuracy)
    return params
