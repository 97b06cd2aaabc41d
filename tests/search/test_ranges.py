from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.recipe import Recipe
from advisor.recipe_fields import recipe_fields
from advisor.search import Dimension, Search, around, space, widened
from tests.recipe_strategies import recipes

LR = Dimension("optimizer.lr", 1e-5, 1e-2, log=True)
DROPOUT = Dimension("regularization.dropout", 0.0, 0.5)
BATCH = Dimension("train.batch_size", choices=(16, 32, 64), log=True)
WARMUP = Dimension("schedule.warmup", choices=(0.0, 0.05, 0.1))
WIDTH = Dimension("model.hidden", choices=((16, 4), (32, 8)), log=True)


@pytest.mark.parametrize(
    ("dim", "best", "low", "high"),
    [
        (LR, 1e-2, 1e-5, 1e-1),
        (LR, 6e-3, 1e-5, 1e-1),
        (LR, 4e-3, 1e-5, 1e-2),
        (LR, 1.5e-5, 1e-6, 1e-2),
        (LR, 3e-5, 1e-5, 1e-2),
        (DROPOUT, 0.46, 0.0, 0.6),
        (DROPOUT, 0.44, 0.0, 0.5),
        (DROPOUT, 0.0, 0.0, 0.5),
    ],
)
def test_a_range_is_widened_where_the_best_lies_at_its_edge(
    dim: Dimension, best: float, low: float, high: float
) -> None:
    found = widened(dim, best)
    assert (found.low, found.high) == pytest.approx((low, high))
    assert found.widenings == (found != dim)


@pytest.mark.parametrize(
    ("dim", "best", "choices"),
    [
        (BATCH, 64, (16, 32, 64, 128)),
        (BATCH, 16, (8, 16, 32, 64)),
        (BATCH, 32, (16, 32, 64)),
        (WARMUP, 0.1, (0.0, 0.05, 0.1, 0.15)),
        (WARMUP, 0.0, (0.0, 0.05, 0.1)),
        (WIDTH, (32, 8), ((16, 4), (32, 8), (64, 16))),
        (Dimension("optimizer.kind", choices=("sgd", "adam")), "sgd", ("sgd", "adam")),
    ],
)
def test_choices_are_widened_by_one(dim: Dimension, best: Any, choices: tuple[Any, ...]) -> None:
    assert widened(dim, best).choices == choices


def test_a_range_is_widened_twice_at_most() -> None:
    dim = LR
    for _ in range(5):
        dim = widened(dim, dim.high)
    assert dim.high == pytest.approx(1.0)
    assert dim.widenings == 2


@settings(max_examples=30)
@given(recipes(), st.floats(0, 1, exclude_max=True), st.integers(1, 4))
def test_no_range_leaves_what_a_recipe_allows(start: Recipe, share: float, times: int) -> None:
    for dim in (*space(start), *around(start, space(start), decades=2, fraction=2)):
        for _ in range(times):
            dim = widened(dim, dim.at(share))
        for value in dim.choices or (dim.low, dim.high, dim.at(share)):
            assert recipe_fields()[dim.path].allows(value) is None


@settings(max_examples=60)
@given(recipes(), st.integers(0, 1000))
def test_what_is_around_a_recipe_holds_it_and_stays_valid(start: Recipe, seed: int) -> None:
    near = around(start, space(start))
    fields = start.flat()
    for dim in near:
        assert dim.given is None
        if not dim.choices:
            assert dim.low <= float(fields[dim.path] or 0) <= dim.high  # type: ignore[arg-type]
    search = Search(near, "qmc", seed, start)
    for _ in range(4):
        start.changed(search.ask() or {})


def test_around_is_narrow() -> None:
    start = Recipe.model_validate(
        {
            "task": "classification",
            "data": {"source": "sklearn:digits"},
            "model": {"kind": "mlp"},
            "optimizer": {"kind": "sgd", "lr": 0.1},
            "regularization": {"dropout": 0.2},
            "train": {"batch_size": 64},
        }
    )
    near = {dim.path: dim for dim in around(start, space(start))}
    assert (near["optimizer.lr"].low, near["optimizer.lr"].high) == pytest.approx(
        (0.0316, 0.316), 0.01
    )
    dropout = near["regularization.dropout"]
    assert (dropout.low, dropout.high) == pytest.approx((0.075, 0.325))
    assert near["train.batch_size"].choices == (32, 64, 128)
    assert near["model.hidden"].choices == ((32,), (64,), (128,))
    assert "optimizer.kind" not in near
    assert "regularization.l2" not in near  # 0 has no decade around it
