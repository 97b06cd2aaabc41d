from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.recipe import Recipe
from advisor.search import Search, Step, fewer, space, steps
from tests.recipe_strategies import recipes


def recipe(**changes: object) -> Recipe:
    made = Recipe.model_validate(
        {
            "task": "classification",
            "data": {"source": "sklearn:digits"},
            "model": {"kind": "mlp", "hidden": (64,)},
            "optimizer": {"kind": "adam", "lr": 1e-3},
            "train": {"batch_size": 64, "epochs": 5},
        }
    )
    return made.changed(changes)


def found(start: Recipe) -> dict[tuple[str, str], Step]:
    return {step.mark: step for step in steps(start, space(start, 1000))}


def after(start: Recipe, path: str, towards: str) -> Recipe:
    return start.changed(found(start)[path, towards].change)


def test_a_rate_moves_by_half_a_decade() -> None:
    assert after(recipe(), "optimizer.lr", "up").optimizer.lr == pytest.approx(3.2e-3)
    assert after(recipe(), "optimizer.lr", "down").optimizer.lr == pytest.approx(3.2e-4)


def test_a_list_moves_to_its_neighbours() -> None:
    assert after(recipe(), "train.batch_size", "down").train.batch_size == 32
    assert after(recipe(), "model.hidden", "up").model.hidden == (128,)  # type: ignore[union-attr]
    assert ("train.batch_size", "up") not in found(recipe(**{"train.batch_size": 64}))  # a tenth


def test_a_range_moves_by_a_fifth_and_not_below_nothing() -> None:
    assert after(recipe(), "regularization.dropout", "up").regularization.dropout == 0.1
    assert ("regularization.dropout", "down") not in found(recipe())
    strong = recipe(**{"regularization.dropout": 0.8})  # beyond the range that is searched
    assert after(strong, "regularization.dropout", "down").regularization.dropout == 0.7


def test_another_optimizer_comes_with_a_rate_of_its_own() -> None:
    sgd = after(recipe(**{"optimizer.lr": 0.01}), "optimizer.kind", "sgd")
    assert (sgd.optimizer.lr, sgd.optimizer.momentum) == (0.03, 0.9)  # type: ignore[union-attr]
    adamw = after(recipe(**{"optimizer.lr": 0.01}), "optimizer.kind", "adamw")
    assert adamw.optimizer.lr == 0.01  # the same scale
    assert adamw.regularization.weight_decay > 0
    back = recipe(**{"optimizer.kind": "sgd", "optimizer.lr": 0.1})
    assert after(back, "optimizer.kind", "adamw").optimizer.lr == 1e-3


def test_locked_fields_are_not_moved() -> None:
    start = recipe(**{"tune.locked": ["optimizer", "train.batch_size"]})
    assert not any(path.startswith(("optimizer", "train")) for path, _ in found(start))


@given(recipes())
def test_every_step_gives_another_valid_recipe_and_moves_its_setting(start: Recipe) -> None:
    for step in steps(start, space(start, 1000)):
        changed = start.changed(step.change)
        assert changed != start
        assert changed.flat()[step.path] != start.flat().get(step.path)


@given(recipes(), st.integers(0, 2**32))
def test_fewer_settings_give_a_valid_recipe_with_whole_kinds(start: Recipe, seed: int) -> None:
    sampler = Search(space(start, 1000), "random", seed, start)
    sampler.tell({}, 0.5)
    whole = sampler.ask() or {}
    if not whole:
        return
    part = fewer(whole, seed)
    assert part
    assert part.items() <= whole.items()
    start.changed(part)
    for kind in ("optimizer", "schedule"):
        names = {path for path in whole if path.startswith(f"{kind}.")}
        if f"{kind}.kind" in whole:
            assert not names & set(part) or names <= set(part)


def test_at_most_three_settings_are_kept_and_not_always_as_many() -> None:
    whole = {f"setting{n}": n for n in range(8)}
    counts = {len(fewer(whole, seed)) for seed in range(40)}
    assert counts == {1, 2, 3}


@given(st.floats(1e-4, 3e-3))
def test_a_step_back_leads_to_where_it_came_from(rate: float) -> None:
    start = recipe(**{"optimizer.lr": float(f"{rate:.2g}")})
    there = after(start, "optimizer.lr", "up")
    back = (
        after(there, "optimizer.lr", "down") if ("optimizer.lr", "down") in found(there) else None
    )
    if back is not None and there.optimizer.lr < 1e-2:
        assert back.optimizer.lr == pytest.approx(start.optimizer.lr, rel=0.06)


def test_two_steps_up_make_a_decade() -> None:
    start = recipe(**{"optimizer.lr": 1e-4})
    twice = after(after(start, "optimizer.lr", "up"), "optimizer.lr", "up")
    assert twice.optimizer.lr == 1e-3


@pytest.mark.parametrize("seed", range(20))
def test_a_transformers_inner_layer_grows_with_its_width(seed: int) -> None:
    change = {"model.units": 64, "model.feedforward": 256, "optimizer.lr": 0.01}
    kept = fewer(change, seed)
    assert ("model.units" in kept) == ("model.feedforward" in kept)
