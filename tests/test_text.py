"""How values are put for people."""

from __future__ import annotations

import pytest

from advisor.budget import Budget
from advisor.text import counted
from tests.symptoms.streams import recipe_of


@pytest.mark.parametrize(
    ("n", "told"),
    [
        (0, "0 epochs"),
        (1, "1 epoch"),
        (1.0, "1 epoch"),
        (0.99999, "1 epoch"),
        (0.5, "0.5 epochs"),
        (12345, "12345 epochs"),
    ],
)
def test_one_is_told_as_one(n: float, told: str) -> None:
    assert counted(n, "epoch") == told


def test_words_with_a_plural_of_their_own() -> None:
    assert [counted(n, "class", "classes") for n in (1, 2)] == ["1 class", "2 classes"]


@pytest.mark.parametrize(("budget", "told"), [("1t", "0 of 1 training"), ("40e", "0 of 40 epochs")])
def test_a_budget_is_told_as_many(budget: str, told: str) -> None:
    assert str(Budget.of(recipe_of(tune__budget=budget))) == told
