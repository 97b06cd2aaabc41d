from __future__ import annotations

import pytest

from advisor.budget import Budget
from advisor.recipe import Recipe


def budget(text: str) -> Budget:
    return Budget.of(
        Recipe.model_validate(
            {
                "task": "binary",
                "data": {"source": "sklearn:x"},
                "model": {"kind": "mlp"},
                "train": {"epochs": 10},
                "tune": {"budget": text},
            }
        )
    )


def test_epochs_are_counted_as_they_are() -> None:
    spending = budget("40e")
    spending.spend(25, 2500, 5.0)
    assert spending.spent == 25
    assert spending.allows(15)
    assert not spending.allows(15.1)
    assert not spending.allows(10, until=0.8)


def test_a_training_is_as_long_as_the_starting_recipe_says() -> None:
    spending = budget("3t")
    spending.spend(20, 0, 1.0)
    assert spending.spent == 2
    assert spending.allows(10)
    assert not spending.allows(11)


def test_minutes_are_foretold_from_the_pace_so_far() -> None:
    spending = budget("1m")
    assert spending.allows(1000)
    spending.spend(10, 0, 30.0)
    assert spending.allows(10)
    assert not spending.allows(11)


@pytest.mark.parametrize(("text", "words"), [("40e", "epochs"), ("3t", "trainings"), ("1m", "min")])
def test_a_budget_names_its_unit(text: str, words: str) -> None:
    assert words in str(budget(text))
