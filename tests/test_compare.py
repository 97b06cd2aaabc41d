"""Comparing two backends: gates 1 to 3, and the comparison as a whole with workers that lie."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import pytest
from safetensors.numpy import save_file

from advisor import data
from advisor.architecture import Floats
from advisor.backend import load_backend
from advisor.compare import (
    LIMITS,
    Gate,
    Plan,
    Unwatched,
    compare,
    step_gates,
    summary,
)
from advisor.compare.gates import far
from advisor.compare.speed import measure_speed
from advisor.compare.trainings import train_seeds
from advisor.events import (
    DataReport,
    Evaluated,
    Event,
    StepsDone,
    TrialFinished,
    TrialStarted,
)
from advisor.parity import DROPS, amplifies_rounding, lasting, measure, without_dropout
from advisor.recipe import Recipe
from advisor.runner import Runner, UserError

RECIPE = Recipe.model_validate(
    {
        "name": "digits",
        "task": "classification",
        "data": {"source": "sklearn:digits"},
        "model": {"kind": "cnn", "channels": (4, 8), "hidden": (16,), "normalization": "batch"},
        "optimizer": {"kind": "adamw", "lr": 0.003},
        "schedule": {"kind": "one_cycle"},
        "regularization": {"dropout": 0.3, "weight_decay": 0.05},
        "train": {"batch_size": 32, "epochs": 3},
    }
)
WINE = Recipe.model_validate(
    {
        "task": "classification",
        "data": {"source": "sklearn:wine"},
        "model": {"kind": "mlp", "hidden": (4,)},
        "train": {"batch_size": 16, "epochs": 3},
    }
)
OWN = Recipe.model_validate(
    {
        "task": "classification",
        "data": {"source": "sklearn:digits"},
        "model": {"kind": "own", "torch": "nets.py:Net"},
    }
)


def arrays() -> dict[str, Floats]:
    random = np.random.default_rng(0)
    return {
        "forward": random.normal(size=(4, 3)),
        "trained": random.normal(size=(4, 3)),
        "gradient.a": random.normal(size=(5, 2)),
        "gradient.b": random.normal(size=(3,)),
        "losses": np.ones(7),
    }


def perturbed(name: str, by: float) -> dict[str, Floats]:
    found = arrays()
    found[name] = found[name] * (1 + by)
    return found


def failing(gates: list[Gate]) -> list[str]:
    return [gate.name for gate in gates if not gate.ok]


class Pretender:
    """A worker that computes nothing: it says what it is told to."""

    def __init__(
        self, measured: dict[str, Floats], accuracy: float | None, slope: float = 1e-4
    ) -> None:
        self.measured, self.accuracy, self.slope = measured, accuracy, slope
        self.pid = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        pass

    def check(self, recipe: Recipe) -> dict[str, Any]:
        return {"train": 320}

    def parity(self, recipe: Recipe, precision: str, steps: int, file: Path) -> None:
        save_file(self.measured, file)

    def train(self, recipe: Recipe, folder: Path, on_event: Callable[[Event], None]) -> list[Event]:
        value = self.accuracy
        if value is not None:
            value += recipe.train.seed * self.slope
        events = training(value)
        for event in events:
            on_event(event)
        return events


def training(value: float | None) -> list[Event]:
    """Two reports of ten steps each; the first takes a second longer."""
    report = DataReport(320, 80, [64], 10, None, 1.0, 1.0, 0.0, 1.0)
    last = math.nan if value is None else value
    return [
        TrialStarted("pretended", "cpu", 10, 10, 2, 2.3, 2.3, 0.1, report),
        StepsDone(10, 1.0, [1.0] * 10, [1.0] * 10, [0.1] * 10, {}, 1.5),
        Evaluated(10, 1.0, 1.0, 0.5, 1.0, last, True, None, {}, 1.6),
        StepsDone(20, 2.0, [1.0] * 10, [1.0] * 10, [0.1] * 10, {}, 2.0),
        Evaluated(20, 2.0, 1.0, 0.5, 1.0, last, True, None, {}, 2.1),
        TrialFinished("finished", 2.0, 20, 640, 2.1, 1.0, 0.5, 1.0, value, 20),
    ]


def pretended(**workers: Pretender) -> Callable[[str], Pretender]:
    return lambda name: workers[name]


def test_two_backends_train_the_same_thing() -> None:
    pytest.importorskip("torch")
    pytest.importorskip("jax")
    found = compare(
        RECIPE,
        ("torch", "jax"),
        Plan(steps=40, seeds=()),
        open_worker=lambda name: Runner(name, "cpu"),
    )
    assert found.ok, found.gates
    assert {gate.name for gate in found.gates} == set(LIMITS)
    assert all(gate.limit == LIMITS[gate.name] for gate in found.gates)
    assert len(found.losses["torch"]) == 40
    assert found.losses["torch"][-1] < found.losses["torch"][0]
    assert "without dropout" in found.notes[0]
    assert found.equivalence is None
    assert "whole trainings were not compared" in found.sentence


def test_whole_trainings_are_timed_and_weighed(tmp_path: Path, backend_name: str) -> None:
    with Runner(backend_name, "cpu") as worker:
        trainings = train_seeds(worker, backend_name, WINE, (0, 1), tmp_path, Unwatched())
    assert [run.seed for run in trainings.runs] == [0, 1]
    assert all(run.best is not None for run in trainings.runs)
    speed = measure_speed(trainings)
    assert speed.peak_memory is not None
    assert speed.peak_memory > 20e6
    assert speed.first_steps_fresh is not None
    assert speed.first_steps_warm is not None
    assert speed.first_steps_fresh > speed.first_steps_warm > 0
    assert speed.throughput is not None


def test_zeros_are_said_to_prove_nothing() -> None:
    zeros = arrays()
    zeros["forward"] = zeros["gradient.a"] = np.zeros((4, 3))
    workers = pretended(one=Pretender(zeros, 0.9), other=Pretender(zeros, 0.9))
    told = compare(RECIPE, ("one", "other"), Plan(seeds=()), open_worker=workers).notes
    assert any("forward gates compare nothing" in note for note in told)
    assert any("1 of 2 parameters" in note and note.endswith("test: a") for note in told)
    workers = pretended(one=Pretender(arrays(), 0.9), other=Pretender(zeros, 0.9))
    told = compare(RECIPE, ("one", "other"), Plan(seeds=()), open_worker=workers).notes
    assert len(told) == 1


@pytest.mark.parametrize(
    ("name", "by", "gate"),
    [
        ("forward", 1e-11, "forward float64"),
        ("gradient.a", 1e-9, "gradients float64"),
        ("losses", 1e-8, "losses float64"),
        ("trained", 1e-7, "trained float64"),
    ],
)
def test_a_difference_fails_its_gate_and_the_sentence_names_it(
    name: str, by: float, gate: str
) -> None:
    assert failing(step_gates("float64", arrays(), perturbed(name, by))) == [gate]
    workers = pretended(one=Pretender(arrays(), 0.9), other=Pretender(perturbed(name, by), 0.9))
    found = compare(RECIPE, ("one", "other"), Plan(), open_worker=workers)
    assert not found.ok
    assert gate in found.sentence
    assert found.equivalence is not None
    assert found.equivalence.outcome == "equivalent"


def test_identical_arrays_pass() -> None:
    gates = step_gates("float32", arrays(), arrays())
    assert {gate.name for gate in gates} == {name for name in LIMITS if name.endswith("float32")}
    assert all(gate.ok and gate.value == 0 for gate in gates)


def test_what_is_not_a_number_is_no_agreement() -> None:
    assert not Gate("x", "", math.nan, 1.0).ok
    broken = arrays()
    broken["forward"] = np.full((4, 3), np.nan)
    assert failing(step_gates("float64", broken, broken)) == ["forward float64"]


def test_a_parameter_that_one_backend_lacks_fails() -> None:
    lacking = arrays()
    del lacking["gradient.b"]
    for pair in ((arrays(), lacking), (lacking, arrays())):
        assert failing(step_gates("float64", *pair)) == ["gradients float64"]
    assert far(np.ones((2, 3)), np.ones((3, 2))) == math.inf


def test_losses_are_held_together_until_both_diverge() -> None:
    one, other, sooner = arrays(), arrays(), arrays()
    one["losses"] = np.array([1.0, 2.0, np.inf, np.nan])
    other["losses"] = np.array([1.0, 2.0, np.nan, 1.0])
    sooner["losses"] = np.array([1.0, np.nan, np.nan, 1.0])
    (gate,) = (g for g in step_gates("float64", one, other) if g.name == "losses float64")
    assert gate.ok
    assert "2 steps (not finite from step 3" in gate.about
    assert failing(step_gates("float64", one, sooner)) == ["losses float64"]
    one["losses"] = other["losses"] = np.full(4, np.nan)
    assert failing(step_gates("float64", one, other)) == ["losses float64"]


def test_trainings_that_differ_fail_although_steps_agree() -> None:
    workers = pretended(one=Pretender(arrays(), 0.9), other=Pretender(arrays(), 0.8))
    found = compare(RECIPE, ("one", "other"), Plan(), open_worker=workers)
    assert not found.ok
    assert not failing(list(found.gates))
    assert "one's trainings are better" in found.sentence
    assert "although single steps agree" in found.sentence


def test_a_backend_that_never_gets_anywhere_is_different() -> None:
    workers = pretended(one=Pretender(arrays(), 0.9), other=Pretender(arrays(), None))
    found = compare(RECIPE, ("one", "other"), Plan(), open_worker=workers)
    assert not found.ok
    assert "5 on one alone" not in found.sentence
    assert "5 on other alone, every seed" in found.sentence


def test_two_seeds_are_not_enough_and_do_not_fail() -> None:
    workers = pretended(one=Pretender(arrays(), 0.9), other=Pretender(arrays(), 0.1))
    found = compare(RECIPE, ("one", "other"), Plan(seeds=(0, 1)), open_worker=workers)
    assert found.ok
    assert "not enough seeds" in found.sentence


def test_the_summary_holds_everything() -> None:
    workers = pretended(one=Pretender(arrays(), 0.9), other=Pretender(arrays(), 0.9))
    found = compare(RECIPE, ("one", "other"), Plan(), open_worker=workers)
    told = summary(found, RECIPE)
    assert told["ok"] is True
    assert all(set(gate) == {"name", "about", "value", "limit", "ok"} for gate in told["gates"])
    assert told["equivalence"]["outcome"] == "equivalent"
    assert told["equivalence"]["margin"] == 0.01
    assert told["trainings"]["one"][0]["validation_metric"] == [0.9, 0.9]
    assert told["speed"]["other"]["throughput"] == pytest.approx(10 * 32 / 0.5)
    assert told["verdict"] == found.sentence


def test_epochs_shorten_whole_trainings_only() -> None:
    seen: list[tuple[str, int]] = []

    class Noting(Pretender):
        def parity(self, recipe: Recipe, precision: str, steps: int, file: Path) -> None:
            seen.append(("parity", recipe.train.epochs))
            super().parity(recipe, precision, steps, file)

        def train(
            self, recipe: Recipe, folder: Path, on_event: Callable[[Event], None]
        ) -> list[Event]:
            seen.append(("train", recipe.train.epochs))
            return super().train(recipe, folder, on_event)

    workers = pretended(one=Noting(arrays(), 0.9), other=Noting(arrays(), 0.9))
    compare(RECIPE, ("one", "other"), Plan(epochs=2), open_worker=workers)
    assert set(seen) == {("parity", 3), ("train", 2)}


def test_a_model_of_ones_own_is_compared_by_trainings_only() -> None:
    both = OWN.changed({"model.jax": "nets.py:JaxNet"})
    workers = pretended(torch=Pretender(arrays(), 0.9), jax=Pretender(perturbed("forward", 1), 0.9))
    found = compare(both, ("torch", "jax"), Plan(), open_worker=workers)
    assert found.ok
    assert found.gates == ()
    assert "statistical only" in found.notes[0]
    assert "only be compared by whole trainings" in found.sentence
    with pytest.raises(UserError, match=r"model\.jax is not set"):
        compare(OWN, ("torch", "jax"), Plan(), open_worker=workers)
    with pytest.raises(UserError, match="only be compared by whole trainings"):
        compare(both, ("torch", "jax"), Plan(seeds=()), open_worker=workers)


def test_what_comes_late_in_long_epochs_is_said() -> None:
    recipe = RECIPE.changed({"regularization.average": {"kind": "ema"}, "train.batch_size": 2})
    workers = pretended(one=Pretender(arrays(), 0.9), other=Pretender(arrays(), 0.9))
    found = compare(recipe, ("one", "other"), Plan(steps=100), open_worker=workers)
    assert any("regularization.average may come after" in note for note in found.notes)
    found = compare(recipe, ("one", "other"), Plan(steps=200), open_worker=workers)
    assert not any("may come after" in note for note in found.notes)


def test_one_backend_measures_the_same_twice(backend_name: str) -> None:
    dataset = data.load(RECIPE.data, RECIPE.task)
    backend = load_backend(backend_name)
    one, again = (measure(RECIPE, dataset, backend, "float64", 5, "cpu") for _ in range(2))
    assert set(one) == set(again)
    for name, array in one.items():
        np.testing.assert_array_equal(array, again[name])
    assert one["losses"].shape == (5,)
    assert one["losses"].dtype == np.float64
    assert not np.array_equal(one["forward"], one["trained"])


def test_only_masks_are_changed_for_the_comparison() -> None:
    recipe = RECIPE.changed(
        {
            "model": {"kind": "transformer"},
            "regularization": dict.fromkeys(DROPS, 0.25) | {"l2": 0.1},
        }
    )
    before, after = recipe.flat(), without_dropout(recipe).flat()
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {f"regularization.{name}" for name in DROPS}


@pytest.mark.parametrize(
    ("changes", "other", "failed"),
    [
        (
            {"regularization.average": {"kind": "ema", "start": 0.5}},
            {"regularization.average": {"kind": "ema", "start": 0.8}},
            ["trained float64"],
        ),
        (
            {"optimizer.handover": {"at": 0.5}},
            {"optimizer.handover": {"at": 0.2}},
            ["losses float64", "trained float64"],
        ),
        ({"transfer.thaw": 0.5}, {"transfer.thaw": 0.0}, ["losses float64", "trained float64"]),
        (
            {"regularization.l2": 0.1},
            {"regularization.l2": 0.2},
            ["gradients float64", "losses float64", "trained float64"],
        ),
    ],
    ids=["average", "handover", "thaw", "l2"],
)
def test_gates_see_what_comes_late(
    changes: dict[str, Any], other: dict[str, Any], failed: list[str]
) -> None:
    """One backend with two recipes that differ in one thing, in place of two backends."""
    pytest.importorskip("torch")
    recipe = WINE.changed({"optimizer.kind": "adam", "train.epochs": 50})
    dataset, backend = data.load(recipe.data, recipe.task), load_backend("torch")
    sides = [
        measure(recipe.changed(each), dataset, backend, "float64", 18, "cpu")
        for each in (changes, other)
    ]
    assert failing(step_gates("float64", *sides)) == failed


@pytest.mark.parametrize(
    ("optimizer", "normalization", "amplified"),
    [
        ("lion", "batch", True),
        ("adagrad", "batch", True),
        ("adam", "batch", False),
        ("sgd", "batch", False),
        ("lion", "layer", False),
    ],
)
def test_outputs_that_are_rounding_errors_are_not_held_together(
    optimizer: str, normalization: str, amplified: bool
) -> None:
    recipe = RECIPE.changed(
        {
            "optimizer": {"kind": optimizer},
            "model.normalization": normalization,
            "regularization.weight_decay": 0.0,
        }
    )
    assert amplifies_rounding(recipe) is amplified
    found = arrays()
    if amplified:
        del found["trained"]
    workers = pretended(one=Pretender(found, 0.9), other=Pretender(found, 0.9))
    told = compare(recipe, ("one", "other"), Plan(seeds=()), open_worker=workers)
    assert any("rounding errors" in note for note in told.notes) is amplified
    assert any(gate.name == "trained float64" for gate in told.gates) is not amplified


def test_every_recipe_can_be_measured() -> None:
    """Partners and shares, accumulation, averages and inputs that are made on the host."""
    pytest.importorskip("torch")
    mixed = {"mixup": 0.4, "noise": 0.1}
    recipe = WINE.changed(
        {
            "regularization.augmentation": mixed,
            "regularization.average": {"kind": "swa", "start": 0.3},
            "train.accumulation": 4,
            "train.sampling": "balanced",
        }
    )
    dataset, backend = data.load(recipe.data, recipe.task), load_backend("torch")
    one = measure(recipe, dataset, backend, "float64", 14, "cpu")
    plain = measure(WINE, dataset, backend, "float64", 14, "cpu")
    assert one["losses"].shape == (14,)
    assert {"gradients float64", "losses float64"} <= set(
        failing(step_gates("float64", one, plain))
    )


@pytest.mark.parametrize(("steps", "epochs"), [(5, 3), (36, 1), (100, 3), (145, 5)])
def test_the_steps_take_the_recipe_to_its_end(steps: int, epochs: int) -> None:
    assert lasting(RECIPE, steps, 36).train.epochs == epochs
