"""Both backends train the same thing: the same outputs, gradients, losses and weights.

Limits are those of `advisor.compare.gates`: in float64, relative differences of 1e-12 (outputs),
1e-10 (gradients) and 1e-9 (losses of every step). float32 is held to 1e-5 over the first steps,
after which rounding errors grow by themselves, in one framework against itself too.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("jax")

import torch
from advisor_jax import JaxBackend
from advisor_torch import TorchBackend

from advisor import data
from advisor.backend import Precision, Training
from advisor.compare.gates import FLOAT32_STEPS, LIMITS, Gate, step_gates
from advisor.parity import measure
from advisor.recipe import Recipe, Task
from advisor.testing import CLASSES, OPTIMIZERS, family_job, small_data, small_recipe
from tests.backends.pairwise import Combination, covering, pairs_of

STEPS, BATCH, TRAIN, VALIDATION = 24, 16, 28, 32
"""An epoch is one step, so that each backend compiles one program of steps for a combination."""
VOCABULARY = 7
Fields = Mapping[str, Any]


def _model(kind: str, **fields: Any) -> Fields:
    return {"model.kind": kind, **{f"model.{name}": value for name, value in fields.items()}}


MODELS: Mapping[str, Fields] = {
    "mlp": _model("mlp", hidden=(6, 6), residual=True, normalization="layer", activation="gelu"),
    "cnn": _model(
        "cnn",
        channels=(3,),
        stride=2,
        pooling="average",
        hidden=(5,),
        normalization="group",
        activation="selu",
    ),
    "resnet": _model("resnet", channels=(2, 3), order="pre", normalization="batch"),
    "rnn": _model("rnn", cell="gru", units=5, embedding=4, readout="mean"),
    "transformer": _model("transformer", units=6, heads=2, layers=1, feedforward=8),
}
RESNET: Combination = {
    "model": "resnet",
    "optimizer": "nesterov",
    "loss": "cross_entropy",
    "schedule": "cosine",
    "extra": "average",
}
"""A resnet compiles slowly and comes once, outside the matrix."""
HANDOVER = {"lr": 0.02, "momentum": 0.9, "at": 0.75}
CHOICES: Mapping[str, Mapping[str, Fields]] = {
    "model": MODELS,
    "optimizer": {
        "nesterov": OPTIMIZERS["nesterov"],
        "rmsprop": {**OPTIMIZERS["rmsprop-momentum"], "optimizer.clip_norm": 1.0},
        "nadam": OPTIMIZERS["nadam"],
        "lion": {**OPTIMIZERS["lion"], "optimizer.lr": 1e-3},
        "adamw": {**OPTIMIZERS["adamw"], "optimizer.handover": HANDOVER},
    },
    "loss": {
        "cross_entropy": {"regularization.label_smoothing": 0.1},
        "focal": {"loss.kind": "focal", "loss.class_weights": "balanced"},
        "multilabel": {"loss.positive_weight": "balanced"},
        "huber": {"loss.kind": "huber", "loss.delta": 0.5},
        "language_model": {},
    },
    "schedule": {
        "constant": {"schedule.warmup": 0.1},
        "step": {"schedule.kind": "step"},
        "cosine": {"schedule.kind": "cosine", "schedule.restarts": 1},
        "polynomial": {"schedule.kind": "polynomial", "schedule.warmup": 0.2},
        "one_cycle": {"schedule.kind": "one_cycle"},
    },
    "extra": {
        "plain": {},
        "l1": {"regularization.l1": 0.01},
        "average": {"regularization.average": {"start": 0.5}},
        "portions": {"train.accumulation": 2},
        "layers": {"transfer.layer_decay": 0.7, "transfer.thaw": 0.5},
    },
}
TASKS: Mapping[str, Task] = {
    "cross_entropy": "classification",
    "focal": "classification",
    "multilabel": "multilabel",
    "huber": "regression",
    "language_model": "language_model",
}


def _fits(chosen: Combination) -> bool:
    if chosen["model"] == "resnet":
        return False
    return chosen["loss"] != "language_model" or chosen["model"] in ("rnn", "transformer")


@functools.cache
def _combinations() -> tuple[Combination, ...]:
    axes = {axis: list(choices) for axis, choices in CHOICES.items()}
    return tuple(covering(axes, _fits))


def _named(combinations: tuple[Combination, ...]) -> list[Any]:
    return [pytest.param(chosen, id="-".join(chosen.values())) for chosen in combinations]


def _recipe(chosen: Combination) -> Recipe:
    changes: dict[str, Any] = {"train.batch_size": BATCH}
    for axis, choice in chosen.items():
        changes |= CHOICES[axis][choice]
    return small_recipe(changes, TASKS[chosen["loss"]])


def _dataset(chosen: Combination) -> data.Dataset:
    """Texts for language models; else images, which sequence models read row by row."""
    task, words = TASKS[chosen["loss"]], chosen["loss"] == "language_model"
    vocabulary = VOCABULARY if words else 0
    shape = (6,) if words else (5, 4, 2)
    inputs, targets = small_data(task, shape, TRAIN + VALIDATION, vocabulary=vocabulary)
    outputs = {"language_model": VOCABULARY, "regression": 1}.get(task, CLASSES)
    return data.Dataset(
        task,
        data.Split(inputs[:TRAIN], targets[:TRAIN]),
        data.Split(inputs[TRAIN:], targets[TRAIN:]),
        outputs,
        None,
        0.0,
        1.0,
        "small",
        0,
        vocabulary,
    )


def _gates(recipe: Recipe, dataset: data.Dataset, precision: Precision, steps: int) -> list[Gate]:
    backends = (TorchBackend(keep_memory=False), JaxBackend())
    one, other = (measure(recipe, dataset, each, precision, steps, "cpu") for each in backends)
    assert len(one["losses"]) == steps
    return step_gates(precision, one, other)


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """These models are too small to share among threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def test_every_pair_of_choices_is_covered() -> None:
    chosen = _combinations()
    every = itertools.product(*(list(choices) for choices in CHOICES.values()))
    allowed = [dict(zip(CHOICES, row, strict=True)) for row in every]
    wanted = set().union(*(pairs_of(one) for one in allowed if _fits(one)))
    assert set().union(*map(pairs_of, chosen)) == wanted
    assert all(_fits(one) for one in chosen)
    assert 25 <= len(chosen) <= 40


def test_the_limits_are_as_stated() -> None:
    stated = {"forward": 1e-12, "gradients": 1e-10, "losses": 1e-9}
    assert {name: LIMITS[f"{name} float64"] for name in stated} == stated
    assert LIMITS["losses float32"] == 1e-5


@pytest.mark.parametrize("chosen", _named((*_combinations(), RESNET)))
def test_float64_agrees(chosen: Combination) -> None:
    gates = _gates(_recipe(chosen), _dataset(chosen), "float64", STEPS)
    assert len(gates) >= 3
    assert all(gate.ok for gate in gates), gates


def _one_of_each(*models: str) -> tuple[Combination, ...]:
    return tuple(
        next(chosen for chosen in _combinations() if chosen["model"] == model) for model in models
    )


@pytest.mark.parametrize("chosen", _named(_one_of_each("mlp", "cnn", "rnn")))
def test_float32_agrees_at_first(chosen: Combination) -> None:
    gates = _gates(_recipe(chosen), _dataset(chosen), "float32", FLOAT32_STEPS)
    assert {gate.name for gate in gates} == {
        f"{n} float32" for n in ("forward", "gradients", "losses")
    }
    assert all(gate.ok for gate in gates), gates


@pytest.mark.parametrize("name", ["cnn", "rnn", "transformer"])
def test_a_checkpoint_opens_in_the_other(name: str) -> None:
    job = family_job(name)
    trainings: list[Training] = [TorchBackend().start(job), JaxBackend().start(job)]
    changed = {name: array + 0.1 for name, array in job.weights.items()}
    for one, other in itertools.permutations(trainings):
        one.load(changed)
        other.load(one.weights())
        found, wanted = other.predict(job.inputs), one.predict(job.inputs)
        np.testing.assert_allclose(found, wanted, rtol=1e-9, atol=1e-12)


def test_the_comparison_would_notice() -> None:
    """A part in a million of one optimiser setting is seen by the limits above."""
    chosen = {"model": "mlp", "optimizer": "nesterov", "loss": "cross_entropy"}
    chosen |= {"schedule": "constant", "extra": "plain"}
    recipe, backend = _recipe(chosen), TorchBackend(keep_memory=False)
    other = recipe.changed({"optimizer.momentum": 0.9 * (1 + 1e-6)})
    one, two = (
        measure(each, _dataset(chosen), backend, "float64", STEPS, "cpu")
        for each in (recipe, other)
    )
    found = {gate.name: gate.ok for gate in step_gates("float64", one, two)}
    assert not found["losses float64"]
    assert found["forward float64"]
