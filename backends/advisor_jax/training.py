"""One model in training: optimiser steps, predictions, and what they measure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import jax
import numpy as np
from jax import Array
from numpy.typing import NDArray

from advisor.architecture import Activation, Floats, Weights, walk
from advisor.backend import Batches, Inputs, Job, StepReport
from advisor.events import LayerReport
from advisor_jax.arguments import given_of, inputs_of, labels_of, steps_of
from advisor_jax.compiled import programs_for
from advisor_jax.losses import Labels
from advisor_jax.models import check_own
from advisor_jax.optimizers import Arrays, handover_kind, sgd
from advisor_jax.own import own_model, own_weights
from advisor_jax.packing import packed, unpacked
from advisor_jax.precision import weight_type
from advisor_jax.program import (
    Averages,
    Batch,
    Given,
    LossScale,
    Program,
    State,
    Steps,
    program_of,
)
from advisor_jax.steps import FIRST_SCALE
from advisor_jax.stored import restored, stored

SLICE, LEAST = 1024, 32
"""Predictions are made for so many examples at a time; the last ones are padded."""
RESIDENT_ARRAYS, RESIDENT_BYTES = 2, 64 << 20
"""Evaluation inputs that stay on the device."""
MOST_HALVINGS = 40
"""of float16's loss scale, for gradients outside of training"""


class Box:
    """Where the state of a training is."""

    def __init__(self, state: State) -> None:
        self.state = state


class JaxTraining:
    """Implements `advisor.backend.Training`."""

    def __init__(
        self, job: Job, name: str, device: jax.Device, data: tuple[Array, Array] | None = None
    ) -> None:
        """`data`: the job's inputs and targets where they are on the device already."""
        self.device = name
        self.on, self._dtype = device, weight_type(job.precision)
        self.compiled = programs_for(device.platform, deterministic=job.deterministic)
        self._handover = handover_kind(job.recipe)
        self._averaged, self._resident = False, Resident()
        with self.here():
            own = own_model(job)
            weights = job.weights if own is None else own_weights(own, job.recipe.train.seed)
            self._names = tuple(weights)
            self.program = program_of(job, device.platform, own)
            self.given = self._first_given(job, data)
            self.box = Box(self._first_state(weights))
            if own is not None:
                check_own(self.program, self.box.state, job)

    def run(self, batches: Batches) -> StepReport:
        steps = self.steps_of(batches)
        with self.here():
            self.prepare(batches)
            program = self.program_of(batches)
            self.box.state, found = self.compiled.run_steps(
                program, self.box.state, self.given, steps
            )
            return report_of(self.program, np.asarray(found))

    def steps_of(self, batches: Batches) -> Steps:
        """The arguments for these batches. Raises IndexError for a row that is not there."""
        examples = len(self.given.targets)
        for rows in (batches.rows, batches.partners):  # XLA would clamp them
            if rows is not None and (rows.min() < 0 or rows.max() >= examples):
                raise IndexError(f"Batches.rows must be in 0..{examples - 1}")
        return steps_of(batches, self.program, self._dtype)

    def program_of(self, batches: Batches) -> Program:
        """The program that takes these steps."""
        return replace(self.program, handover=self._handover if batches.handed_over else None)

    def prepare(self, batches: Batches) -> None:
        """Make the parts of the state that these batches are the first to need."""
        state = self.box.state
        if batches.handed_over and state.velocity is None:
            self.box.state = state = state._replace(velocity=self._at_rest(state))
        if batches.average is None:
            return
        if state.average is None:
            copies = jax.tree.map(np.array, state[:2])
            self.box.state = state._replace(average=Averages(*self.put(copies)))
        self._averaged = self._averaged or bool(np.any(batches.average > 0))

    def predict(self, inputs: Inputs) -> Floats:
        with self.here():
            return np.concatenate(self._sliced(inputs, self.compiled.predict))

    def activations(self, inputs: Inputs) -> dict[str, Floats]:
        layers = walk(self.program.layers)
        names = [layer.name for layer in layers if isinstance(layer, Activation)]
        if not names:
            return {}
        with self.here():
            parts = self._sliced(inputs, self.compiled.activations)
            return {name: np.concatenate([part[name] for part in parts]) for name in names}

    def gradients(self, inputs: Inputs, targets: NDArray[Any]) -> tuple[float, Weights]:
        labels = Labels(labels_of(targets, self._dtype))
        batch = Batch(inputs_of(inputs, self._dtype), labels)
        with self.here():
            state, batch = self.box.state, self.put(batch)
            for _ in range(MOST_HALVINGS):
                loss, found = self.compiled.gradients(self.program, state, self.given, batch)
                if state.scale is None or _all_finite(found):
                    break
                factor = state.scale.factor / 2
                state = state._replace(scale=state.scale._replace(factor=factor))
            return float(loss), {name: np.array(array) for name, array in found.items()}

    def weights(self) -> Weights:
        with self.here():
            # copies: on CPU the arrays may be views of buffers that the next steps write to
            parameters, statistics = jax.tree.map(np.array, self._evaluated())
        found = unpacked(self.program.vectors, parameters) | statistics
        return {name: found[name] for name in self._names}

    def load(self, weights: Weights) -> None:
        with self.here():
            parameters, statistics = self._split(weights)
            self._averaged = False
            self.box.state = self.box.state._replace(
                parameters=parameters, statistics=statistics, average=None
            )

    def state(self) -> Weights:
        with self.here():
            return stored(self.box.state, self._averaged)

    def restore(self, state: Weights) -> None:
        with self.here():
            now = self.box.state
            found, self._averaged = restored(state, now._replace(velocity=self._at_rest(now)))
            self.box.state = self.put(found)

    @contextmanager
    def here(self) -> Iterator[None]:
        """This training's device and precision, for this thread, and for this block only."""
        double = self._dtype == np.float64
        with jax.enable_x64(double), jax.default_device(self.on):
            yield

    def put(self, tree: Any) -> Any:
        return jax.device_put(tree, self.on)

    def _first_given(self, job: Job, data: tuple[Array, Array] | None) -> Given:
        given = given_of(job)
        if data is None:
            put: Given = self.put(given)
            return put
        rest: Given = self.put(given._replace(inputs=(), targets=()))
        return rest._replace(inputs=data[0], targets=data[1])

    def _first_state(self, weights: Weights) -> State:
        parameters, statistics = self._split(weights)
        moments = self.compiled.first_moments(self.program, parameters, self.given.settings)
        scale = None
        if self.program.low == "float16":
            scale = LossScale(np.float32(FIRST_SCALE), np.int32(0))
        # put: zeros made from nothing are not bound to a device, and would compile twice
        state: State = self.put(State(parameters, statistics, moments, scale=scale))
        return state

    def _at_rest(self, state: State) -> Any:
        """The momentum that a handover starts from; None where there is no handover."""
        if self._handover is None:
            return None
        return self.put(sgd(self._handover, 0.0).init(state.parameters))

    def _evaluated(self) -> tuple[Arrays, Arrays]:
        """The parameters and statistics that evaluation uses."""
        state = self.box.state
        found = state.average if self._averaged and state.average is not None else state
        return found.parameters, found.statistics

    def _split(self, weights: Weights) -> tuple[Arrays, Arrays]:
        """Packed parameters and running statistics, copied to the device."""
        trained = {*self.program.kernels, *dict(self.program.vectors)}
        parameters = {name: weights[name] for name in self._names if name in trained}
        statistics = {name: weights[name] for name in self._names if name not in trained}
        both = packed(self.program.vectors, parameters, np.concatenate), statistics
        copied = jax.tree.map(self._own_copy, both)
        put: tuple[Arrays, Arrays] = self.put(copied)
        return put

    def _own_copy(self, array: NDArray[Any]) -> NDArray[Any]:
        whole = array.dtype.kind in "iub"  # counters of a user's model
        return np.array(array, array.dtype if whole else self._dtype, order="C")

    def _sliced(self, inputs: Inputs, function: Callable[..., Any]) -> list[Any]:
        """The function's results for at most SLICE examples at a time, padding cut off."""
        evaluated, parts = self._evaluated(), self._resident.parts(inputs, self._slices)
        found = [(function(self.program, *evaluated, part), size) for part, size in parts]
        return [_first(each, size) for each, size in found]

    def _slices(self, inputs: Inputs) -> Iterator[tuple[Array, int]]:
        """Slices on the device, padded, with their true sizes."""
        for start in range(0, max(1, len(inputs)), SLICE):
            part = inputs_of(inputs[start : start + SLICE], self._dtype)
            whole = padded_size(len(part))
            padding = [(0, whole - len(part))] + [(0, 0)] * (part.ndim - 1)
            yield self.put(np.pad(part, padding)), len(part)


def padded_size(n: int) -> int:
    """At least n, of few sizes: four between one power of two and the next, so that few programs
    are compiled and at most a fifth of the work is on padding."""
    step = max(LEAST, 1 << max(0, n - 1).bit_length()) // 8
    return max(LEAST, -(-n // step) * step)


class Resident:
    """Inputs of evaluations, which come back every epoch, kept on the device while small."""

    def __init__(self) -> None:
        self._kept: list[tuple[Inputs, list[tuple[Array, int]]]] = []

    def parts(
        self, inputs: Inputs, made: Callable[[Inputs], Iterator[tuple[Array, int]]]
    ) -> Iterable[tuple[Array, int]]:
        """`made(inputs)`, or what it gave for this very array when that cannot have changed."""
        if not isinstance(inputs, np.ndarray) or inputs.flags.writeable:
            return made(inputs)
        for known, parts in self._kept:
            if known is inputs:
                return parts
        if inputs.nbytes > RESIDENT_BYTES:
            return made(inputs)
        parts = list(made(inputs))
        self._kept = [(inputs, parts), *self._kept[: RESIDENT_ARRAYS - 1]]
        return parts


def _first(found: Any, n: int) -> Any:
    return jax.tree.map(lambda array: np.asarray(array)[:n], found)


def _all_finite(arrays: Mapping[str, Any]) -> bool:
    return all(np.isfinite(np.asarray(array)).all() for array in arrays.values())


def report_of(program: Program, found: Floats) -> StepReport:
    """What the program measured, from one array; see `compiled.Found`."""
    count = len(program.kernels)
    steps = (len(found) - 3 * count) // 2
    layers = found[2 * steps :].reshape(count, 3).tolist()
    return StepReport(
        found[:steps],
        found[steps : 2 * steps],
        {
            name: LayerReport(gradient, weight, update / (weight + 1e-9))
            for name, (gradient, weight, update) in zip(program.kernels, layers, strict=True)
        },
    )
