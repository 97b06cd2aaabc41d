from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from advisor.control import PRUNERS, ControlError, ControlTrial, PrunerKind, search_control
from advisor.search import Kind
from tests.control.simulated import EPOCHS, DeadRunner, DyingRunner, SimulatedRunner, quality, start


def searched(
    folder: Path,
    epochs: float = 40.0,
    method: Kind = "random",
    pruner: PrunerKind = "none",
    runner: SimulatedRunner | None = None,
    **more: Any,
) -> list[ControlTrial]:
    return search_control(
        start(), epochs, method, pruner, runner or SimulatedRunner(), folder / method, **more
    )


def statuses(trials: Sequence[ControlTrial]) -> list[str]:
    return [trial.status for trial in trials]


def test_every_epoch_is_spent_and_none_twice(tmp_path: Path) -> None:
    trials = searched(tmp_path)
    assert trials[0].change == {}
    assert trials[-1].spent == 40.0
    assert sum(trial.epochs for trial in trials) == 40.0
    assert [trial.number for trial in trials] == list(range(len(trials)))
    assert all(t.epochs == 2.0 for t in trials if t.status == "diverged")
    assert {t.epochs for t in trials if t.status == "finished"} == {float(EPOCHS)}


def test_the_last_trial_is_cut_at_the_last_evaluation_that_fits(tmp_path: Path) -> None:
    trials = searched(tmp_path, 8.7)
    assert statuses(trials) == ["finished", "cut"]
    assert trials[1].epochs == 2.0
    assert len(trials[1].curve) == 2
    assert trials[1].spent == 8.0  # the 0.7 that is left is less than an epoch


def test_a_trial_is_worth_its_best_evaluation(tmp_path: Path) -> None:
    for trial in searched(tmp_path):
        values = [value for _, value in trial.curve]
        assert trial.value == max(values)
        if trial.status == "finished":
            made = start().changed(trial.change)
            assert trial.value == pytest.approx(quality(made))


def test_pruned_trials_cost_what_was_needed_to_judge_them(tmp_path: Path) -> None:
    trials = searched(tmp_path, 120.0, "tpe", "median")
    pruned = [trial for trial in trials if trial.pruned]
    assert pruned
    assert all(trial.epochs == trial.curve[-1][0] < EPOCHS for trial in pruned)
    assert not any(trial.pruned for trial in trials[:5])
    everything = searched(tmp_path / "all", 120.0, "tpe", "none")
    assert len(trials) > len(everything)


@pytest.mark.parametrize("pruner", PRUNERS)
def test_an_interrupted_search_goes_on_as_if_nothing_had_happened(
    pruner: PrunerKind, tmp_path: Path
) -> None:
    whole = searched(tmp_path / "whole", 100.0, "tpe", pruner)
    broken = tmp_path / "broken"
    runner = SimulatedRunner(killed_at=7)
    with pytest.raises(KeyboardInterrupt):
        searched(broken, 100.0, "tpe", pruner, runner)
    journal = broken / "tpe.jsonl"
    with journal.open("a") as file:
        file.write('{"number": 7, "cha')  # a line torn by a kill
    heard: list[int] = []
    found = searched(
        broken, 100.0, "tpe", pruner, runner, on_trial=lambda trial: heard.append(trial.number)
    )
    assert found == whole
    assert heard == list(range(len(whole)))
    assert len(runner.trained) == len(whole)
    assert journal.read_text() == (tmp_path / "whole" / "tpe.jsonl").read_text()


def test_a_finished_search_trains_nothing_again(tmp_path: Path) -> None:
    trials = searched(tmp_path)
    runner = SimulatedRunner()
    assert searched(tmp_path, runner=runner) == trials
    assert runner.trained == []


@pytest.mark.parametrize("more", [{"epochs": 41.0}, {"seed": 1}, {"pruner": "median"}])
def test_another_search_in_the_same_place_is_refused(more: dict[str, Any], tmp_path: Path) -> None:
    searched(tmp_path, 20.0)
    name = next(iter(more))
    with pytest.raises(ControlError, match=rf"begun otherwise \({name}\); to begin anew, delete"):
        searched(tmp_path, **{"epochs": 20.0, **more})


def test_a_journal_of_another_version_is_refused(tmp_path: Path) -> None:
    searched(tmp_path, 20.0)
    journal = tmp_path / "random.jsonl"
    lines = journal.read_text().splitlines()
    lines[2] = json.dumps(json.loads(lines[2]) | {"change": {"optimizer.lr": 0.5}})
    journal.write_text("\n".join(lines) + "\n")
    with pytest.raises(ControlError, match="would have tried something else as trial 1"):
        searched(tmp_path, 20.0)
    journal.write_text("no json\n")
    with pytest.raises(ControlError, match="damaged"):
        searched(tmp_path, 20.0)


def test_what_fails_is_infeasible_and_costs_what_it_took(tmp_path: Path) -> None:
    trials = searched(tmp_path, 30.0, runner=DyingRunner())
    failed = [trial for trial in trials if trial.status == "failed"]
    assert failed
    assert all(trial.epochs <= 3.0 and "SIGKILL" in trial.message for trial in failed)
    assert all(trial.infeasible for trial in failed)


def test_what_does_not_fit_costs_nothing(tmp_path: Path) -> None:
    trials = searched(tmp_path, runner=SimulatedRunner(broken=(16, 64)))
    unfit = [trial for trial in trials if trial.status == "unfit"]
    assert unfit
    assert all((trial.epochs, trial.value, trial.curve) == (0.0, None, ()) for trial in unfit)
    assert trials[-1].spent == 40.0


def test_a_search_of_which_nothing_fits_ends(tmp_path: Path) -> None:
    nothing = SimulatedRunner(broken=(16, 32, 64, 128, 256))
    trials = searched(tmp_path, runner=nothing)
    assert set(statuses(trials)) == {"unfit"}
    assert len(trials) == 20


def test_a_search_of_which_every_worker_dies_at_once_ends(tmp_path: Path) -> None:
    trials = searched(tmp_path, runner=DeadRunner())
    assert set(statuses(trials)) == {"failed"}
    assert len(trials) == 20


def test_events_of_the_trial_in_progress_are_told(tmp_path: Path) -> None:
    heard: set[int] = set()
    trials = searched(tmp_path, on_event=lambda number, event: heard.add(number))
    assert heard == {trial.number for trial in trials}
