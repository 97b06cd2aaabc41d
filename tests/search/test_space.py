from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.recipe import Recipe
from advisor.search import KINDS, Dimension, Search, space
from tests.recipe_strategies import recipes

SAMPLED = [kind for kind in KINDS if kind != "grid"]


def recipe(**changes: Any) -> Recipe:
    made = Recipe.model_validate(
        {
            "task": "classification",
            "data": {"source": "sklearn:digits"},
            "model": {"kind": "cnn", "channels": (8, 16)},
            "train": {"batch_size": 4},
        }
    )
    return made.changed(changes)


def named(dims: tuple[Dimension, ...]) -> dict[str, Dimension]:
    return {dim.name: dim for dim in dims}


@settings(max_examples=30)
@given(recipes(), st.none() | st.integers(1, 10_000), st.integers(0, 2**32 - 1))
def test_every_change_gives_a_valid_recipe(start: Recipe, examples: int | None, seed: int) -> None:
    dims = space(start, examples)
    before = start.flat()
    for kind in SAMPLED:
        search = Search(dims, kind, seed, start)
        assert search.ask() == {}
        for value in (0.5, None, 0.7):
            change = search.ask()
            assert (change is None) == (not dims)
            if change is None:
                break
            made = start.changed(json.loads(json.dumps(change)))
            after = made.flat()
            locked = {path for path in before if start.locks(path)}
            assert {path: after[path] for path in locked} == {p: before[p] for p in locked}
            for dim in dims:
                if dim.applies(after):
                    assert dim.holds(after[dim.path])
            search.tell(change, value)


@settings(max_examples=30)
@given(recipes(), st.integers(1, 10_000))
def test_names_are_unique_and_batches_fit(start: Recipe, examples: int) -> None:
    dims = space(start, examples)
    assert len(named(dims)) == len(dims)
    for dim in dims:
        if dim.path == "train.batch_size":
            assert all(size <= examples // 10 for size in dim.choices)


def test_the_rate_of_sgd_is_not_that_of_adam() -> None:
    dims = named(space(recipe()))
    assert dims["optimizer.lr [sgd]"].high == 1.0
    assert dims["optimizer.lr [adam, adamw]"].high == 1e-2
    assert not dims["optimizer.lr [sgd]"].applies({"optimizer.kind": "adam"})


def test_rates_for_fine_tuning_are_lower() -> None:
    tuned = recipe(**{"transfer.weights": "/w.safetensors"})
    assert named(space(tuned))["optimizer.lr [adam, adamw]"].high == 5e-4


@pytest.mark.parametrize(
    ("locked", "gone"),
    [
        (("optimizer",), {"optimizer.kind", "optimizer.lr"}),
        (("optimizer.lr",), {"optimizer.kind", "optimizer.lr"}),
        (("optimizer.beta1",), {"optimizer.kind"}),
        (("schedule.warmup",), {"schedule.kind", "schedule.warmup"}),
        (("regularization",), {"regularization.dropout", "regularization.label_smoothing"}),
        (("model",), {"model.channels", "model.activation"}),
    ],
)
def test_locked_fields_are_left_out(locked: tuple[str, ...], gone: set[str]) -> None:
    paths = {dim.path for dim in space(recipe(**{"tune.locked": locked}))}
    assert paths & gone == set()
    assert gone <= {dim.path for dim in space(recipe())}


def test_locked_decay_keeps_to_optimizers_that_have_it() -> None:
    start = recipe(
        **{
            "optimizer.kind": "nadam",
            "regularization.weight_decay": 0.1,
            "tune.locked": ("regularization.weight_decay",),
        }
    )
    assert named(space(start))["optimizer.kind"].choices == ("nadam", "adamw")


def test_a_locked_accumulation_bounds_the_batch() -> None:
    start = recipe(
        **{"train.batch_size": 96, "train.accumulation": 32, "tune.locked": ("train.accumulation",)}
    )
    assert named(space(start))["train.batch_size"].choices == (32, 64, 128, 256)


def test_what_a_change_entails_comes_with_it() -> None:
    start = recipe(
        **{
            "optimizer.kind": "adamw",
            "regularization.weight_decay": 0.1,
            "train.batch_size": 64,
            "train.accumulation": 8,
        }
    )
    search = Search(space(start), "random", 0, start)
    made = [start.changed(search.ask() or {}) for _ in range(40)]
    for one in made:
        if one.optimizer.kind == "sgd":
            assert one.optimizer.momentum == 0.9
            assert one.regularization.weight_decay == 0
        assert one.train.batch_size // one.train.accumulation <= 8
    assert {one.optimizer.kind for one in made} == {"sgd", "adamw"}


def test_widths_of_a_transformer_fit_its_heads() -> None:
    start = Recipe.model_validate(
        {
            "task": "classification",
            "data": {"source": "text:/a.txt"},
            "model": {"kind": "transformer", "units": 48, "heads": 4, "feedforward": 100},
        }
    )
    width = named(space(start))["model.units"]
    assert width.choices == (24, 48, 96)
    search = Search([width], "qmc", 3, start)
    made = [start.changed(search.ask() or {}).model for _ in range(12)]
    assert {(m.units, m.feedforward) for m in made} == {(24, 50), (48, 100), (96, 200)}  # type: ignore[union-attr]
