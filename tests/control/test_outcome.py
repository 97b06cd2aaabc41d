from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from advisor.control import METHODS, ControlTrial, Ours, Points, outcome, search_control
from advisor.control.outcome import SHARES
from advisor.evidence import Predictions
from tests.control.simulated import CLASSES, VALIDATION, SimulatedRunner, start

EPOCHS = 60.0


def predictions(share: float) -> Predictions:
    targets = np.arange(VALIDATION) % CLASSES
    right = np.arange(VALIDATION) < share * VALIDATION
    return Predictions(np.eye(CLASSES)[np.where(right, targets, (targets + 1) % CLASSES)], targets)


def ours(curve: Points, incumbent: Points = (), **changes: Any) -> Ours:
    """A session that found `curve`, recommends what `incumbent` ends with, and moved `changes`."""
    found, kept = (predictions(one[-1][1]) if one else None for one in (curve, incumbent))
    best = start(**changes) if incumbent else None
    return Ours(start(), EPOCHS, 9, curve, incumbent, found, 1.0, best, kept)


@pytest.fixture
def searches(tmp_path: Path) -> dict[str, Sequence[ControlTrial]]:
    return {
        method.name: search_control(
            start(),
            EPOCHS,
            method.kind,
            method.pruner,
            SimulatedRunner(),
            tmp_path / method.name,
        )
        for method in METHODS
    }


def best(trials: Sequence[ControlTrial]) -> float:
    return max(trial.value for trial in trials if trial.value is not None)


def test_winning_is_said(searches: dict[str, Sequence[ControlTrial]], tmp_path: Path) -> None:
    session = ours(((1.0, 0.3), (20.0, 1.0)), ((6.0, 0.3), (30.0, 0.95)))
    told = outcome(session, searches, tmp_path)
    assert told["methods"]["advisor"]["at"] == {"10": 0.3, "25": 0.3, "50": 1.0, "100": 1.0}
    assert told["incumbent"] == {"value": 0.95, "curve": [[6.0, 0.3], [30.0, 0.95]]}
    for method in METHODS:
        versus = told["comparisons"][method.name]
        assert versus["gain"] == pytest.approx(1.0 - best(searches[method.name]))
        assert versus["low"] < versus["gain"] <= versus["high"]
        assert versus["share"] == pytest.approx(20 / 60)
        assert f"his session is ahead of {method.title} by" in told["search_verdict"]
    assert "after 33 % of the epochs" in told["search_verdict"]


def test_losing_is_said(searches: dict[str, Sequence[ControlTrial]], tmp_path: Path) -> None:
    told = outcome(ours(((2.0, 0.3),)), searches, tmp_path)
    for method in METHODS:
        versus = told["comparisons"][method.name]
        assert versus["standing"] == "behind"
        assert versus["high"] < 0
        assert versus["share"] is None
        assert f"behind {method.title} by" in told["search_verdict"]
    assert "beyond noise" in told["search_verdict"]
    assert "never had that search's final value" in told["search_verdict"]


def test_what_was_thrown_away_is_not_credited(
    searches: dict[str, Sequence[ControlTrial]], tmp_path: Path
) -> None:
    """The best training was as good as the searches', what is recommended is not."""
    session = ours(((1.0, 0.3), (20.0, 1.0)), ((6.0, 0.3),))
    told = outcome(session, searches, tmp_path)
    for method in METHODS:
        kept = told["recommended"]["comparisons"][method.name]
        assert kept["standing"] == "behind"
        assert kept["gain"] == pytest.approx(0.3 - best(searches[method.name]))
        assert kept["share"] is None
        assert told["comparisons"][method.name]["standing"] == "ahead"
        assert f"recommends, is behind {method.title} by" in told["verdict"]
    assert "ahead" not in told["verdict"]
    assert "Seen as searches" in told["search_verdict"]


def test_what_the_start_gave_all_of_them_is_no_race(tmp_path: Path) -> None:
    alone = {
        method.name: search_control(
            start(), 6.0, method.kind, method.pruner, SimulatedRunner(), tmp_path / method.name
        )
        for method in METHODS
    }
    value = alone["random"][0].value
    assert value is not None
    told = outcome(ours(((6.0, value),), ((6.0, value),)), alone, tmp_path)
    assert told["comparisons"]["random"]["of_start"]
    assert "final value" not in told["search_verdict"]
    assert "came as far as random search: a draw" in told["verdict"]


def test_gains_are_within_what_can_be_gained(
    searches: dict[str, Sequence[ControlTrial]], tmp_path: Path
) -> None:
    told = outcome(ours(((20.0, 1.0),), ((20.0, 1.0),)), searches, tmp_path)
    for method in METHODS:
        versus = told["recommended"]["comparisons"][method.name]
        assert versus["gain"] <= versus["high"] <= 1 - best(searches[method.name]) + 1e-12


def test_what_no_search_could_have_found_is_named(
    searches: dict[str, Sequence[ControlTrial]], tmp_path: Path
) -> None:
    moved = {"initialization.kind": "orthogonal", "train.epochs": 9, "optimizer.lr": 0.1}
    told = outcome(ours(((20.0, 1.0),), ((20.0, 1.0),), **moved), searches, tmp_path)
    assert set(told["recommended"]["beyond"]) == {"initialization.kind", "train.epochs"}
    assert told["recommended"]["beyond"]["train.epochs"] == [6, 9]
    assert "in initialization.kind and train.epochs, which" in told["verdict"]
    found = ours(((20.0, 1.0),), ((20.0, 1.0),), **{"optimizer.lr": 0.1})
    assert outcome(found, searches, tmp_path)["recommended"]["beyond"] == {}
    assert "could not have found" not in outcome(found, searches, tmp_path)["verdict"]


def test_a_small_lead_is_not_a_win(
    searches: dict[str, Sequence[ControlTrial]], tmp_path: Path
) -> None:
    close = round(best(searches["random"]), 2) + 0.01
    told = outcome(ours(((2.0, close),)), searches, tmp_path)
    assert told["comparisons"]["random"]["standing"] == "level"
    assert "his session draws with random search: it is 0.0" in told["search_verdict"]


def test_curves_are_best_so_far_over_epochs_spent(
    searches: dict[str, Sequence[ControlTrial]], tmp_path: Path
) -> None:
    told = outcome(ours(((1.0, 0.3),)), searches, tmp_path)
    for method in METHODS:
        line = told["methods"][method.name]
        spent, values = zip(*line["curve"], strict=True)
        assert list(spent) == sorted(spent)
        assert list(values) == sorted(set(values))
        assert spent[-1] <= EPOCHS
        assert line["value"] == line["at"]["100"] == best(searches[method.name])
        assert line["trials"] == len(searches[method.name])
        assert set(line["at"]) == set(map(str, SHARES))


def test_where_outputs_are_gone_noise_is_still_reckoned_with(
    searches: dict[str, Sequence[ControlTrial]], tmp_path: Path
) -> None:
    session = ours(((2.0, 0.8),))
    for file in tmp_path.rglob("validation.safetensors"):
        file.unlink()
    versus = outcome(session, searches, tmp_path)["comparisons"]["random"]
    assert versus["high"] - versus["low"] > 0.05


def test_those_who_trained_nothing(
    searches: dict[str, Sequence[ControlTrial]], tmp_path: Path
) -> None:
    empty = [replace(trial, value=None, curve=()) for trial in searches["random"]]
    nothing = {"random": empty, "tpe": searches["tpe"]}
    ahead = outcome(ours(((2.0, 0.3),), ((2.0, 0.3),)), nothing, tmp_path)
    assert "is ahead of random search, which trained nothing" in ahead["verdict"]
    behind = outcome(ours(()), nothing, tmp_path)
    assert "Neither this session nor random search trained anything" in behind["verdict"]
    assert behind["comparisons"]["tpe"]["standing"] == "behind"


def test_tpe_that_never_left_its_start_is_told(tmp_path: Path) -> None:
    short = {
        method.name: search_control(
            start(), 12.0, method.kind, method.pruner, SimulatedRunner(), tmp_path / method.name
        )
        for method in METHODS
    }
    told = outcome(ours(((2.0, 0.3),)), short, tmp_path)
    assert "TPE to leave its 10 random trials" in told["verdict"]
