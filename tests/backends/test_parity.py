"""Both backends train the same thing: the same losses, gradient norms and weights."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("jax")

from advisor_jax import JaxBackend
from advisor_torch import TorchBackend

from advisor.backend import Job, Precision, StepReport
from advisor.testing import (
    ACTIVATIONS,
    MODELS,
    NORMALIZATIONS,
    OPTIMIZERS,
    TASKS,
    small_batches,
    small_job,
)

STEPS, FEW = 100, 5
LIMIT, FEW_LIMIT = 1e-9, 1e-5
"""largest relative difference: float64 over STEPS; float32 over FEW, after which rounding errors
grow by themselves, in one framework against itself too"""


def _combinations() -> list[Any]:
    """Every normalisation with every optimiser on an mlp and with three of them on a cnn, which
    takes longer to compile; losses and activations in turn."""
    found: list[Any] = []
    for model, optimizers in (("mlp", list(OPTIMIZERS)), ("cnn", ["momentum", "rmsprop", "adamw"])):
        for normalization, optimizer in itertools.product(NORMALIZATIONS, optimizers):
            number = len(found)
            changes = {
                **OPTIMIZERS[optimizer],
                "model.kind": model,
                "model.normalization": normalization,
                "model.activation": ACTIVATIONS[number % len(ACTIVATIONS)],
                "loss.kind": list(TASKS)[number % len(TASKS)],
            }
            parts = (model, normalization, optimizer, changes["loss.kind"])
            found.append(pytest.param(changes, id="-".join(parts)))
    return found


def _job(changes: dict[str, Any], precision: Precision) -> Job:
    return small_job(changes, TASKS[changes["loss.kind"]], precision=precision)


def _difference(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.max(np.abs(one - other) / np.abs(one)))


def _differences(job: Job, steps: int) -> dict[str, float]:
    """Relative differences of two runs, with batches from the front of the same list."""
    reports: list[StepReport] = []
    for backend in (TorchBackend(), JaxBackend()):
        reports.append(backend.start(job).run(small_batches(job, steps, lr=0.01)))
    one, other = reports
    found = {
        "loss": _difference(one.loss, other.loss),
        "grad_norm": _difference(one.grad_norm, other.grad_norm),
    }
    assert one.layers.keys() == other.layers.keys()
    for name, layer in one.layers.items():
        values = [(r.grad_norm, r.weight_norm, r.update_ratio) for r in (layer, other.layers[name])]
        found[name] = _difference(np.array(values[0]), np.array(values[1]))
    return found


@pytest.mark.parametrize("changes", _combinations())
def test_float64_agrees(changes: dict[str, Any]) -> None:
    found = _differences(_job(changes, "float64"), STEPS)
    assert max(found.values()) < LIMIT, found


@pytest.mark.parametrize("changes", _combinations()[::6])
def test_float32_agrees_at_first(changes: dict[str, Any]) -> None:
    found = _differences(_job(changes, "float32"), FEW)
    assert max(found["loss"], found["grad_norm"]) < FEW_LIMIT, found


def test_smoothed_labels_agree() -> None:
    changes = {"loss.kind": "cross_entropy", "regularization.label_smoothing": 0.1}
    assert max(_differences(_job(changes, "float64"), STEPS).values()) < LIMIT


@pytest.mark.parametrize("kind", MODELS)
def test_a_checkpoint_opens_in_the_other(kind: str) -> None:
    job = small_job({"model.kind": kind, "model.normalization": "batch"})
    torch, jax = TorchBackend().start(job), JaxBackend().start(job)
    torch.run(small_batches(job, 5))
    jax.load(torch.weights())
    np.testing.assert_allclose(jax.predict(job.inputs), torch.predict(job.inputs), rtol=1e-9)


def test_the_comparison_would_notice() -> None:
    """A part in a million of one optimiser setting is seen by the limit above."""
    changes = {**OPTIMIZERS["momentum"], "loss.kind": "cross_entropy"}
    job = _job(changes, "float64")
    other = _job({**changes, "optimizer.momentum": 0.9 * (1 + 1e-6)}, "float64")
    batches = small_batches(job, STEPS, lr=0.01)
    one, two = (JaxBackend().start(each).run(batches).loss for each in (job, other))
    assert _difference(one, two) > LIMIT
