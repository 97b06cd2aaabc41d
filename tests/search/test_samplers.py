from __future__ import annotations

import logging
import math
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from advisor.recipe import Recipe
from advisor.search import KINDS, Dimension, Kind, Search, space
from advisor.search.samplers import GRID_LEVELS

START = Recipe.model_validate(
    {
        "task": "classification",
        "data": {"source": "sklearn:digits"},
        "model": {"kind": "mlp", "hidden": (8,)},
        "optimizer": {"kind": "sgd", "lr": 0.01, "momentum": 0.9},
    }
)
LR = Dimension("optimizer.lr", 1e-5, 1.0, log=True)
DROPOUT = Dimension("regularization.dropout", 0.0, 0.5)
SAMPLED: list[Kind] = [kind for kind in KINDS if kind != "grid"]


def quality(made: Recipe) -> float | None:
    """Best at a rate of 0.003; diverges above 0.1."""
    if made.optimizer.lr > 0.1:
        return None
    return -abs(math.log10(made.optimizer.lr / 3e-3))


def searched(search: Search, trials: int, value: Callable[[Recipe], float | None]) -> list[Recipe]:
    found = []
    for _ in range(trials):
        change = search.ask()
        assert change is not None
        made = START.changed(change)
        search.tell(change, value(made))
        found.append(made)
    return found


@pytest.mark.parametrize("kind", SAMPLED)
def test_the_same_told_gives_the_same_asked(kind: Kind) -> None:
    one, other = (Search(space(START), kind, 5, START) for _ in range(2))
    assert searched(one, 15, quality) == searched(other, 15, quality)
    assert one.ask() == other.ask()
    assert one.ask() != Search(space(START), kind, 6, START).ask()


@pytest.mark.parametrize("kind", SAMPLED)
def test_the_start_comes_first_unless_it_is_known(kind: Kind) -> None:
    assert Search([LR], kind, 0, START).ask() == {}
    informed = Search([LR], kind, 0, START)
    informed.known({}, 0.5)
    assert informed.ask() != {}


def test_a_new_process_asks_for_the_same() -> None:
    """Whatever the seed of Python's hashes."""
    code = (
        "from tests.search.test_samplers import *\n"
        "print(searched(Search(space(START), 'tpe', 1, START), 14, quality)[-1].digest())"
    )
    found = set()
    for seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            env={"PYTHONHASHSEED": seed, "PATH": ""},
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        assert done.stderr == ""
        found.add(done.stdout)
    assert len(found) == 1


def test_tpe_learns_where_random_search_does_not() -> None:
    def off(kind: Kind, seed: int) -> float:
        made = searched(Search([LR, DROPOUT], kind, seed, START), 40, quality)[20:]
        return sum(abs(math.log10(one.optimizer.lr / 3e-3)) for one in made) / len(made)

    assert sum(off("tpe", seed) for seed in range(3)) < sum(
        off("random", seed) for seed in range(3)
    )


def test_tpe_keeps_away_from_what_is_infeasible() -> None:
    """All that is feasible is worth the same: only the failures can teach it."""

    def flat(made: Recipe) -> float | None:
        return None if made.optimizer.lr > 0.01 else 0.5

    def failures(value: Callable[[Recipe], float | None]) -> int:
        made = [searched(Search([LR], "tpe", seed, START), 30, value)[15:] for seed in range(4)]
        return sum(one.optimizer.lr > 0.01 for runs in made for one in runs)

    assert failures(flat) < failures(lambda made: 0.5)


def test_a_failure_outside_the_space_says_nothing_of_its_edge() -> None:
    def asked(*told: tuple[dict[str, Any], float | None]) -> Any:
        search = Search([Dimension("optimizer.lr", 1e-5, 1e-1, log=True)], "tpe", 0, START)
        for change, value in ({}, 0.1), *told:
            search.known(change, value)
        for number in range(12):
            search.known({"optimizer.lr": 1e-5 * 2**number}, number / 12)
        return [search.ask() for _ in range(3)]

    assert asked(({"optimizer.lr": 500.0}, None)) == asked()
    assert asked(({"optimizer.lr": 0.09}, None)) != asked()


def test_tpe_hears_how_far_a_pruned_trial_came() -> None:
    search = Search([LR], "tpe", 0, START)
    search.ask()
    for number in range(12):
        search.tell({"optimizer.lr": 10.0 ** -(number % 5)}, 0.1 * number, number % 3 + 1)
    assert set(search.ask() or {}) == {"optimizer.lr"}


def test_a_sobol_sequence_is_even() -> None:
    search = Search([DROPOUT], "qmc", 0, START)
    values = sorted(made.regularization.dropout for made in searched(search, 17, quality)[1:])
    assert all(place / 32 - 1e-3 <= value <= (place + 1) / 32 for place, value in enumerate(values))


def test_a_grid_is_gone_through_once() -> None:
    kind = Dimension("model.activation", choices=("relu", "tanh"))
    search = Search([DROPOUT, kind], "grid", 0, START)
    made = searched(search, 1 + 2 * GRID_LEVELS, quality)[1:]
    seen = {(one.regularization.dropout, one.model.activation) for one in made}  # type: ignore[union-attr]
    assert len(seen) == 2 * GRID_LEVELS
    assert {0.0, 0.5} <= {dropout for dropout, _ in seen}
    assert search.ask() is None


def test_a_grid_of_many_dimensions_is_refused() -> None:
    with pytest.raises(ValueError, match="at most 2 dimensions; found 3"):
        Search([LR, DROPOUT, LR], "grid", 0, START)


@pytest.mark.parametrize("kind", KINDS)
def test_without_dimensions_there_is_nothing_but_the_start(kind: Kind) -> None:
    search = Search([], kind, 0, START)
    assert search.ask() == {}
    assert search.ask() is None


def test_nothing_is_printed(capfd: pytest.CaptureFixture[str]) -> None:
    before = logging.getLogger("optuna").level
    searched(Search(space(START), "tpe", 0, START), 14, quality)
    assert capfd.readouterr() == ("", "")
    assert logging.getLogger("optuna").level == before


def test_values_read_well() -> None:
    made = searched(Search(space(START), "random", 0, START), 20, quality)
    assert all(len(f"{one.optimizer.lr:g}") <= 9 for one in made)
    integer = Dimension("train.epochs", 2, 4, integer=True)
    assert [integer.at(share) for share in (0.0, 0.5, 0.999)] == [2, 3, 4]
