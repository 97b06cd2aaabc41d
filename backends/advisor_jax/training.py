"""One model in training: optimiser steps, predictions, and what they measure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray

from advisor.architecture import Activation, Dropout, Floats, Weights, is_trainable
from advisor.backend import Batches, Job, StepReport
from advisor.events import LayerReport
from advisor_jax import program as compiled
from advisor_jax.losses import loss_settings
from advisor_jax.optimizers import Arrays, optimizer_settings
from advisor_jax.packing import packed, unpacked
from advisor_jax.program import Given, State, Steps, program_of

SLICE, LEAST = 1024, 32
"""Predictions are made for so many examples at a time: powers of two, so few programs."""


class JaxTraining:
    """Implements `advisor.backend.Training`."""

    def __init__(self, job: Job, name: str, device: jax.Device) -> None:
        self.device = name
        self._on, self._program = device, program_of(job, device.platform)
        self._dtype, self._names = np.dtype(job.precision), tuple(job.weights)
        with self._here():
            self._given = self._made_given(job)
            parameters, statistics = self._split(job.weights)
            moments = compiled.first_moments(self._program, parameters, self._given.settings)
            # put: zeros made from nothing are not bound to a device, and would compile twice
            self._state = State(parameters, statistics, self._put(moments))

    def run(self, batches: Batches) -> StepReport:
        examples = len(self._given.targets)
        if batches.rows.min() < 0 or batches.rows.max() >= examples:  # XLA would clamp them
            raise IndexError(f"Batches.rows must be in 0..{examples - 1}")
        with self._here():
            steps = Steps(
                self._put(batches.rows.astype(np.int32)),
                self._put(batches.lr.astype(self._dtype)),
                None if batches.inputs is None else self._put(self._floats(batches.inputs)),
                self._put(np.int32(batches.step)),
            )
            self._state, found = compiled.run_steps(self._program, self._state, self._given, steps)
            return _report(*jax.device_get(found))

    def predict(self, inputs: Floats) -> Floats:
        with self._here():
            return np.concatenate(self._sliced(inputs, compiled.predict))

    def activations(self, inputs: Floats) -> dict[str, Floats]:
        with self._here():
            parts = self._sliced(inputs, compiled.activations)
            names = [one.name for one in self._program.layers if isinstance(one, Activation)]
            return {name: np.concatenate([part[name] for part in parts]) for name in names}

    def gradients(self, inputs: Floats, targets: NDArray[Any]) -> tuple[float, Weights]:
        with self._here():
            given = self._given._replace(
                inputs=self._put(self._floats(inputs)), targets=self._put(self._labels(targets))
            )
            loss, found = compiled.gradients(self._program, self._state, given)
            return float(loss), {name: np.array(array) for name, array in found.items()}

    def weights(self) -> Weights:
        # copies: on CPU the arrays may be views of buffers that the next steps write to
        parameters, statistics = jax.tree.map(np.array, self._state[:2])
        found = unpacked(self._program.vectors, parameters) | statistics
        return {name: found[name] for name in self._names}

    def load(self, weights: Weights) -> None:
        with self._here():
            parameters, statistics = self._split(weights)
            self._state = self._state._replace(parameters=parameters, statistics=statistics)

    @contextmanager
    def _here(self) -> Iterator[None]:
        """This training's device and precision, for this thread, and for this block only."""
        double = self._dtype == np.float64
        with jax.enable_x64(double), jax.default_device(self._on):
            yield

    def _made_given(self, job: Job) -> Given:
        numbers = loss_settings(job.recipe) | optimizer_settings(job.recipe)
        rates = {layer.name: layer.rate for layer in job.layers if isinstance(layer, Dropout)}
        return Given(
            self._put(self._floats(job.inputs)),
            self._put(self._labels(job.targets)),
            {name: self._put(self._dtype.type(value)) for name, value in numbers.items()},
            {name: self._put(self._dtype.type(rate)) for name, rate in rates.items()},
            self._put(np.uint32(job.recipe.train.seed)),
        )

    def _put(self, tree: Any) -> Any:
        return jax.device_put(tree, self._on)

    def _split(self, weights: Weights) -> tuple[Arrays, Arrays]:
        """Packed parameters and running statistics, copied to the device."""
        parameters = {name: weights[name] for name in self._names if is_trainable(name)}
        statistics = {name: weights[name] for name in self._names if not is_trainable(name)}
        both = packed(self._program.vectors, parameters, np.concatenate), statistics
        copied = jax.tree.map(lambda array: np.array(array, self._dtype, order="C"), both)
        put: tuple[Arrays, Arrays] = self._put(copied)
        return put

    def _floats(self, array: Floats) -> Floats:
        return np.asarray(array, self._dtype)

    def _labels(self, targets: NDArray[Any]) -> NDArray[Any]:
        return targets.astype(np.int32 if targets.dtype.kind in "iu" else self._dtype)

    def _sliced(self, inputs: Floats, function: Callable[..., Any]) -> list[Any]:
        """The function's results for at most SLICE examples at a time, padding cut off."""
        parts = []
        for start in range(0, max(1, len(inputs)), SLICE):
            part = self._floats(inputs[start : start + SLICE])
            whole = max(LEAST, 1 << max(0, len(part) - 1).bit_length())
            padding = [(0, whole - len(part))] + [(0, 0)] * (part.ndim - 1)
            whole_part = self._put(np.pad(part, padding))
            found = function(self._program, *self._state[:2], whole_part)
            parts.append(_first(jax.device_get(found), len(part)))
        return parts


def _first(found: Any, n: int) -> Any:
    return jax.tree.map(lambda array: array[:n], found)


def _report(losses: Floats, norms: Floats, layers: Mapping[str, Floats]) -> StepReport:
    triples = {name: found.tolist() for name, found in layers.items()}
    return StepReport(
        losses,
        norms,
        {
            name: LayerReport(gradient, weight, update / (weight + 1e-9))
            for name, (gradient, weight, update) in triples.items()
        },
    )
