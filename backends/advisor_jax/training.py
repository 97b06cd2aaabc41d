"""One model in training: optimiser steps, predictions, and what they measure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

import jax
import numpy as np
from jax import Array
from numpy.typing import NDArray

from advisor.architecture import Activation, Dropout, Floats, Weights, is_trainable
from advisor.backend import Batches, Job, StepReport
from advisor.events import LayerReport
from advisor_jax import program as compiled
from advisor_jax.losses import loss_settings
from advisor_jax.optimizers import Arrays, optimizer_settings
from advisor_jax.program import Given, State, Steps, program_of

SLICE, LEAST = 1024, 32
"""Predictions are made for so many examples at a time: powers of two, so few programs."""

T = TypeVar("T")


class JaxTraining:
    """Implements `advisor.backend.Training`."""

    def __init__(self, job: Job, name: str, device: jax.Device) -> None:
        self.device = name
        self._on, self._program = device, program_of(job, device.platform)
        self._dtype = np.dtype(job.precision)
        with self._here():
            self._given = self._made_given(job)
            weights = self._arrays(job.weights)
            parameters = {name: array for name, array in weights.items() if is_trainable(name)}
            statistics = {name: array for name, array in weights.items() if not is_trainable(name)}
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
            weights = self._weights()
            parts = self._sliced(inputs, lambda x: compiled.predict(self._program, weights, x))
            return np.concatenate(parts)

    def activations(self, inputs: Floats) -> dict[str, Floats]:
        with self._here():
            weights = self._weights()
            parts = self._sliced(inputs, lambda x: compiled.activations(self._program, weights, x))
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
        # a copy: on the CPU the array may be a view of a buffer that the next steps write to
        return {name: np.array(array) for name, array in self._weights().items()}

    def load(self, weights: Weights) -> None:
        with self._here():
            parameters = self._arrays({name: weights[name] for name in self._state.parameters})
            statistics = self._arrays({name: weights[name] for name in self._state.statistics})
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

    def _arrays(self, weights: Mapping[str, Floats]) -> Arrays:
        """Copies of canonical arrays, on the device."""
        return {
            name: self._put(np.array(array, self._dtype, order="C"))
            for name, array in weights.items()
        }

    def _weights(self) -> Arrays:
        return {**self._state.parameters, **self._state.statistics}

    def _floats(self, array: Floats) -> Floats:
        return np.asarray(array, self._dtype)

    def _labels(self, targets: NDArray[Any]) -> NDArray[Any]:
        return targets.astype(np.int32 if targets.dtype.kind in "iu" else self._dtype)

    def _sliced(self, inputs: Floats, function: Callable[[Array], T]) -> list[T]:
        """The function's results for at most SLICE examples at a time, padding cut off."""
        parts = []
        for start in range(0, max(1, len(inputs)), SLICE):
            part = self._floats(inputs[start : start + SLICE])
            whole = max(LEAST, 1 << max(0, len(part) - 1).bit_length())
            padding = [(0, whole - len(part))] + [(0, 0)] * (part.ndim - 1)
            found = jax.device_get(function(self._put(np.pad(part, padding))))
            parts.append(_first(found, len(part)))
        return parts


def _first(found: T, n: int) -> T:
    cut: T = jax.tree.map(lambda array: array[:n], found)
    return cut


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
