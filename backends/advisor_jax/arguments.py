"""A job and its batches as arguments of the compiled programs: NumPy arrays of the right types."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from advisor.architecture import Dense, drop_rates
from advisor.backend import Batches, Job
from advisor_jax.losses import loss_settings
from advisor_jax.optimizers import optimizer_settings
from advisor_jax.packing import packed
from advisor_jax.precision import weight_type
from advisor_jax.program import Given, Program, Steps


def given_of(job: Job) -> Given:
    dtype = weight_type(job.precision)
    last = job.layers[-1] if job.layers else None
    outputs = last.outputs if isinstance(last, Dense) else job.outputs
    numbers = loss_settings(job, outputs) | optimizer_settings(job.recipe)
    return Given(
        inputs=inputs_of(job.inputs, dtype),
        targets=labels_of(job.targets, dtype),
        settings={name: np.asarray(value, dtype) for name, value in numbers.items()},
        rates={name: np.asarray(rate, dtype) for name, rate in drop_rates(job.layers).items()},
        seed=np.uint32(job.recipe.train.seed),
    )


def steps_of(batches: Batches, program: Program, dtype: np.dtype[Any]) -> Steps:
    def rows(found: NDArray[Any] | None) -> NDArray[Any] | None:
        return None if found is None else found.astype(np.int32)

    def numbers(found: NDArray[Any] | None) -> NDArray[Any] | None:
        return None if found is None else found.astype(dtype)

    return Steps(
        rows=rows(batches.rows),
        lr=numbers(batches.lr),
        first=np.int32(batches.step),
        inputs=None if batches.inputs is None else inputs_of(batches.inputs, dtype),
        partners=rows(batches.partners),
        shares=numbers(batches.shares),
        scales=None if batches.scales is None else _scales(batches, program, dtype),
        average=numbers(batches.average),
    )


def _scales(batches: Batches, program: Program, dtype: np.dtype[Any]) -> dict[str, NDArray[Any]]:
    """Packed: a number for each kernel, and one for each element of the vector."""
    given = batches.scales or {}
    found = {name: np.asarray(given.get(name, 1.0), dtype) for name in program.kernels}
    found |= {name: np.full(shape, given.get(name, 1.0), dtype) for name, shape in program.vectors}
    return packed(program.vectors, found, np.concatenate)


def inputs_of(inputs: NDArray[Any], dtype: np.dtype[Any]) -> NDArray[Any]:
    """Tokens stay whole numbers."""
    return np.asarray(inputs, np.int32 if inputs.dtype.kind in "iu" else dtype)


def labels_of(targets: NDArray[Any], dtype: np.dtype[Any]) -> NDArray[Any]:
    return targets.astype(np.int32 if targets.dtype.kind in "iu" else dtype)
