"""The journal of whole sessions: what a reader can rely on."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path
from typing import Any

import pytest

from advisor.auto import first_proposal
from advisor.budget import Budget
from advisor.journal import FILE
from advisor.journal.writer import Journal
from advisor.requests import Choice, Choose
from advisor.state import State
from tests import simulation
from tests.journal.told import begun, driven, lines


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    folder = tmp_path_factory.mktemp("told") / "s"
    with begun(folder) as ledger:
        driven(ledger)
    return lines(folder)


def of(told: list[dict[str, Any]], event: str) -> list[dict[str, Any]]:
    return [line for line in told if line["event"] == event]


def test_lines_are_numbered_from_0(told: list[dict[str, Any]]) -> None:
    assert [line["n"] for line in told] == list(range(len(told)))
    assert not any("replayed" in line for line in told)


def test_the_first_line_says_what_the_session_was_begun_with(told: list[dict[str, Any]]) -> None:
    first = told[0]
    assert first["event"] == "session"
    assert first["metric"] == "accuracy"
    assert first["larger_is_better"] is True
    assert first["budget"] == {"text": "60e", "epochs": 60, "trials": None, "seconds": None}
    assert first["stages"][0]["name"] == "sanity"
    assert first["recipe"]["optimizer.lr"] == 1e-5


@pytest.mark.parametrize("metric", ["rmse", "r2"])
def test_whether_larger_is_better_is_the_metrics_own(metric: str, tmp_path: Path) -> None:
    recipe = simulation.recipe().changed(
        {"task": "regression", "metric": metric, "loss.kind": "mse"}
    )
    with begun(tmp_path / "s", recipe) as ledger, Journal(ledger.folder) as journal:
        journal.opened(State(recipe, Budget.of(recipe)), ledger.header())
    assert lines(tmp_path / "s")[0]["larger_is_better"] is (metric == "r2")


def test_each_training_has_its_result_with_every_symptom(told: list[dict[str, Any]]) -> None:
    trials, results = of(told, "trial"), of(told, "result")
    assert [line["trial"] for line in trials] == [line["trial"] for line in results]
    outcomes = {one["outcome"] for line in results for one in line["symptoms"]}
    assert outcomes == {"fired", "clear", "not enough data"}
    spent = [line["budget"]["share"] for line in results]
    assert spent == sorted(spent)
    assert 0 < spent[0] < spent[-1] <= 1
    assert all(line["folder"] == f"trials/{line['trial']:03d}" for line in trials)


def test_the_baseline_is_against_nothing_and_all_else_against_the_incumbent(
    told: list[dict[str, Any]],
) -> None:
    holder = None
    for line in told:
        if line["event"] == "trial":
            assert line["against"] == holder
        if line["event"] == "incumbent":
            holder = line["trial"]
    first, *others = of(told, "incumbent")
    assert first["why"] == "baseline"
    assert {line["why"] for line in others} == {"accepted"}


def test_a_new_incumbent_follows_the_decision_that_made_it(told: list[dict[str, Any]]) -> None:
    accepted = [line for line in of(told, "decision") if line["verdict"] == "accepted"]
    assert accepted
    for line in accepted:
        after = told[line["n"] + 1]
        assert (after["event"], after["trial"]) == ("incumbent", line["trial"])
        assert after["value"] == line["value"]


def test_a_choice_names_the_question_that_it_answers(told: list[dict[str, Any]]) -> None:
    questions = [line["n"] for line in of(told, "proposal")]
    assert questions
    assert [line["ask"] for line in of(told, "choice")] == questions
    assert {line["by"] for line in of(told, "choice")} == {"autopilot"}


def test_a_proposal_says_what_it_changes_from_what_to_what(told: list[dict[str, Any]]) -> None:
    holder: dict[str, Any] = {}
    for line in told:
        if line["event"] == "incumbent":
            holder = line["recipe"]
        if line["event"] == "proposal":
            assert [one["rule"] for one in line["proposals"]] == [line["rule"], *line["others"]]
            for one in line["proposals"]:
                assert one["change"]
                for path, (old, new) in one["change"].items():
                    assert old == holder.get(path)
                    assert old != new
            assert line["change"] == {
                path: new for path, (_, new) in line["proposals"][0]["change"].items()
            }


def test_stages_say_which_are_still_to_come(told: list[dict[str, Any]]) -> None:
    names = [stage["name"] for stage in told[0]["stages"]]
    waiting = names[1:]
    assert of(told, "stage_entered")[0]["waiting"] == waiting
    assert of(told, "stage_left")[-1]["waiting"] == []


def test_trainings_side_by_side_are_one_line_and_their_results_many(tmp_path: Path) -> None:
    recipe = simulation.recipe(**{"tune.budget": "60t"})
    with begun(tmp_path / "s", recipe, workers=2) as ledger:
        driven(ledger, recipe=recipe, workers=2)
    told = lines(tmp_path / "s")
    groups = of(told, "trials")
    assert groups
    for line in groups:
        numbers = [trial["trial"] for trial in line["trials"]]
        after = told[line["n"] + 1 : line["n"] + 1 + len(numbers)]
        assert [(one["event"], one["trial"]) for one in after] == [("result", n) for n in numbers]


def test_what_is_replayed_is_told_again_in_the_same_lines(
    told: list[dict[str, Any]], tmp_path: Path
) -> None:
    class EnoughError(Exception):
        pass

    asked = 0

    def leaving(request: Choose, state: State) -> Choice:
        nonlocal asked
        asked += 1
        if asked == 3:
            raise EnoughError
        return first_proposal(request, state)

    with begun(tmp_path / "s") as ledger:
        with pytest.raises(EnoughError):
            driven(ledger, leaving)
        before = lines(tmp_path / "s")
        driven(ledger)
    again = lines(tmp_path / "s")
    marks = [line.pop("replayed", False) for line in again]
    assert marks.index(True) == 1
    assert 0 < marks.count(True) < len(again)
    assert marks[1:] == sorted(marks[1:], reverse=True)
    assert again == _at(told, tmp_path / "s")
    assert again[: len(before)] == before


def _at(told: list[dict[str, Any]], folder: Path) -> list[dict[str, Any]]:
    return [{**told[0], "folder": str(folder)}, *told[1:]]


def test_a_reader_of_the_old_file_notices_the_new_one(tmp_path: Path) -> None:
    with Journal(tmp_path) as journal:
        journal.remark("first")
    old = (tmp_path / FILE).open()
    with Journal(tmp_path) as journal:
        journal.remark("second")
        found = (tmp_path / FILE).stat()
        with old:
            assert os.fstat(old.fileno()).st_ino != found.st_ino
            assert json.loads(old.read())["text"] == "first"
    assert [line["text"] for line in lines(tmp_path)] == ["second"]


def test_threads_write_whole_lines(tmp_path: Path) -> None:
    with Journal(tmp_path) as journal:

        def say() -> None:
            for _ in range(200):
                journal.remark("x" * 500)

        threads = [threading.Thread(target=say) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert [line["n"] for line in lines(tmp_path)] == list(range(800))


def test_a_line_that_a_full_disk_tore_spoils_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = os.write
    with Journal(tmp_path) as journal:
        journal.remark("whole")
        room = [7]

        def nearly_full(file: int, text: bytes) -> int:
            if not room:
                raise OSError(28, "No space left on device")
            return write(file, text[: room.pop()])

        with monkeypatch.context() as patch:
            patch.setattr("advisor.journal.writer.os.write", nearly_full)
            with pytest.raises(OSError, match=r"No space left.*journal\.jsonl"):
                journal.remark("torn")
        journal.error("user", "the disk is full")
    first, torn, last = (tmp_path / FILE).read_text().splitlines()
    assert json.loads(first)["text"] == "whole"
    assert len(torn) == 7
    assert json.loads(last)["message"] == "the disk is full"
