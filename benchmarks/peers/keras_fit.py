"""Keras 3 with its defaults, on PyTorch or on JAX; loss and accuracy of validation each epoch."""

from __future__ import annotations

import os
from importlib import import_module
from typing import Any

import numpy as np

from advisor import data
from peers import cases
from peers.cases import VOCABULARY, Case
from peers.protocol import Fit, Variants, Work


def variants(argument: str) -> Variants:
    os.environ["KERAS_BACKEND"] = argument
    os.environ["CUDA_VISIBLE_DEVICES"] = ""
    return {"keras": _loop}


def _loop(work: Work) -> Fit:
    keras: Any = import_module("keras")
    inputs, targets = _arrays(work.case, work.dataset.train)
    validation = _arrays(work.case, work.dataset.validation)

    x, y = inputs[: work.examples], targets[: work.examples]  # whole batches only
    model = _network(keras, work.case, work.dataset.outputs)
    model.compile(
        keras.optimizers.AdamW(cases.LR, weight_decay=cases.WEIGHT_DECAY),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )

    def fit(epochs: int) -> int:
        # the same model goes on: another would be compiled anew, in every segment
        model.fit(x, y, work.case.batch, epochs, verbose=0, validation_data=validation)
        return int(model.count_params())

    return fit


def _arrays(case: Case, split: data.Split) -> tuple[Any, Any]:
    inputs = split.inputs.reshape(len(split.inputs), -1) if case.family == "mlp" else split.inputs
    return np.ascontiguousarray(inputs), split.targets


def _network(keras: Any, case: Case, outputs: int) -> Any:
    layers, model = keras.layers, case.model
    if case.family == "transformer":
        return _transformer(keras, case, outputs)
    parts = [keras.Input((int(np.prod(case.shape)),) if case.family == "mlp" else case.shape)]
    for channels in model.get("channels", ()):
        parts += [layers.Conv2D(channels, 3, padding="same", activation="relu")]
        parts += [layers.MaxPooling2D()]
    parts += [layers.Flatten()] if case.family == "cnn" else []
    parts += [layers.Dense(units, activation="relu") for units in model["hidden"]]
    return keras.Sequential([*parts, layers.Dense(outputs)])


def _transformer(keras: Any, case: Case, outputs: int) -> Any:
    layers, ops, model = keras.layers, keras.ops, case.model
    units, heads, time = model["units"], model["heads"], case.shape[0]
    tokens = keras.Input((time,), dtype="int32")
    filled = ops.not_equal(tokens, 0)
    places = ops.cumsum(ops.ones_like(tokens), axis=1) - 1
    x = layers.Embedding(VOCABULARY, units)(tokens) + layers.Embedding(time, units)(places)
    for _ in range(model["layers"]):
        normed = layers.LayerNormalization(epsilon=1e-5)(x)
        attention = layers.MultiHeadAttention(heads, units // heads)
        x = x + attention(normed, normed, attention_mask=filled[:, None, :])
        wide = layers.Dense(model["feedforward"], activation="gelu")
        x = x + layers.Dense(units)(wide(layers.LayerNormalization(epsilon=1e-5)(x)))
    x = layers.LayerNormalization(epsilon=1e-5)(x)
    mean = layers.GlobalAveragePooling1D()(x, mask=filled)
    return keras.Model(tokens, layers.Dense(outputs)(mean))
