from __future__ import annotations

import json
import platform
from pathlib import Path
from typing import Any

import pytest

from advisor import machine, provenance
from advisor.ledger import Entry, Record
from advisor.machine import cpu_model
from advisor.provenance import record, seeds
from advisor.requests import Choice
from advisor.state import State
from tests.session_symptoms.states import attempt, recipe, session

HEADER: dict[str, Any] = {
    "advisor": "9.9",
    "rules": "abc",
    "rule_folders": ["/home/someone/my rules"],
    "backend": "torch",
    "device": "auto",
    "deterministic": False,
    "workers": 1,
    "experience": None,
    "data": {"fingerprint": "f00d", "train": 3, "validation": 2, "test": 2},
    "backend_info": {"versions": {"torch": "2.0"}, "devices": ["cpu"]},
    "began": "2026-01-31T12:00:00+00:00",
}


def state(**changes: object) -> State:
    made = [attempt(1, 0.5, recipe(**changes)), attempt(2, 0.9, recipe(0.01, **changes))]
    made.append(attempt(3, 0.9, recipe(0.01, 1, **changes), purpose="repeat"))
    made.append(attempt(4, 0.9, recipe(0.01, 1000, **changes), purpose="confirmation"))
    return session(made, best=1)


def told(
    of: State, folder: Path, answers: tuple[dict[str, Any], ...] = (), **header: object
) -> dict[str, Any]:
    entries = tuple(Entry("", answer) for answer in answers)
    times = ("2026-01-31T12:05:00+00:00",) * len(entries)
    found = record(of, Record(folder, {**HEADER, **header}, entries, times, 1))
    assert json.loads(json.dumps(found)) == found
    return found


def test_it_says_what_to_expect_and_how_to_come_to_it(tmp_path: Path) -> None:
    found = told(state(), tmp_path, ({"facts": {}},))
    assert found["best"]["validation"] == 0.9
    assert found["best"]["recipe"] == recipe(0.01).digest()
    assert found["repeat"]["best"].endswith("advisor run best.yaml --backend torch --device cpu")
    assert found["repeat"]["exact"]
    assert found["repeat"]["session"] == (
        "advisor auto start.yaml --backend torch --device cpu --rules 'my rules' --no-experience "
        "--out ../again"
    )
    assert found["versions"]["advisor"] == "9.9"
    assert found["versions"]["torch"] == "2.0"
    assert set(found["versions"]) > {"numpy", "scikit-learn"}
    assert found["data"]["fingerprint"] == "f00d"
    assert found["test_opened"] == 1
    assert found["times"]["began"] < found["times"]["ended"]


def test_seeds_are_told_by_what_they_were_for() -> None:
    assert seeds(state()) == {
        "split": [0],
        "candidate": [0],
        "repeat": [1],
        "confirmation": [1000],
    }


@pytest.mark.parametrize(
    ("source", "told_as"),
    [
        ("csv:/home/someone/secret/points.csv", "csv:points.csv"),
        ("csv:C:\\Users\\someone\\points.csv", "csv:points.csv"),
        ("images:/home/someone/photos", "images:photos"),
        ("python:/home/someone/load.py:read", "python:load.py:read"),
        ("sklearn:digits", "sklearn:digits"),
    ],
)
def test_no_path_is_told(tmp_path: Path, source: str, told_as: str) -> None:
    found = told(state(**{"data.source": source}), tmp_path)
    assert found["data"]["source"] == told_as
    assert "someone" not in json.dumps(found)


def test_neither_user_nor_host_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "node", lambda: pytest.fail("the host was asked its name"))
    monkeypatch.setattr("getpass.getuser", lambda: pytest.fail("the user was asked"))
    assert str(Path.home()) not in json.dumps(told(state(), tmp_path))


def test_an_accelerator_repeats_only_if_told_to(tmp_path: Path) -> None:
    of = state()
    for one in of.attempts:
        object.__setattr__(one.result.started, "device", "cuda:0")
    assert "accelerator" in told(of, tmp_path)["repeat"]["why_not_exact"]
    exact = told(of, tmp_path, deterministic=True)["repeat"]
    assert exact["exact"]
    assert "--device cuda:0 --deterministic" in exact["best"]


def test_a_training_in_step_with_others_does_not_repeat_exactly(tmp_path: Path) -> None:
    trials = [{"folder": "trials/002", "seconds": 1.0, "error": ""}]
    apart = {"trials": trials, "seconds": 1.0, "together": False}
    assert told(state(), tmp_path, (apart,))["repeat"]["exact"]
    found = told(state(), tmp_path, (apart | {"together": True},))["repeat"]
    assert not found["exact"]
    assert "in step" in found["why_not_exact"]


def test_a_session_that_used_experience_is_not_said_to_repeat(tmp_path: Path) -> None:
    assert told(state(), tmp_path)["repeat"]["session_exact"]
    used = {"some-rule": {"accepted": 1}}
    found = told(state(), tmp_path, experience=used)
    assert found["rules"]["experience_used"] == used
    assert found["repeat"]["exact"], "one training asks no rule"
    assert not found["repeat"]["session_exact"]
    assert "every session adds" in found["repeat"]["why_session_not_exact"]
    assert "--no-experience" not in found["repeat"]["session"]


def test_a_budget_in_minutes_does_not_repeat(tmp_path: Path) -> None:
    found = told(state(**{"tune.budget": "5m"}), tmp_path)["repeat"]
    assert "in minutes" in found["why_session_not_exact"]


def test_choices_of_a_person_are_counted(tmp_path: Path) -> None:
    told = (
        {"action": "try", "index": 0},
        Choice("try", by="person").as_json(),
        Choice("lock", fields=("model",)).as_json(),
        Choice("try", 1).as_json(),
    )
    entries = tuple(Entry("choose sanity a b", answer) for answer in told)
    found = record(state(), Record(tmp_path, HEADER, entries, ("2026-01-31T12:05:00+00:00",), 1))
    assert found["repeat"]["by_hand"] == 2
    assert "2 choices of it were made by hand" in found["repeat"]["why_session_not_exact"]


def test_as_many_processors_and_threads_as_it_had(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The order of additions depends on how many threads share them."""
    monkeypatch.setattr(provenance, "processors", lambda workers: [(4, 5)] * workers)
    there = {"thread_settings": {"OMP_NUM_THREADS": "2"}}
    found = told(state(), tmp_path, workers=3, machine=there)["repeat"]
    assert found["best"].startswith("OMP_NUM_THREADS=2 taskset -c 4,5 advisor run best.yaml")
    assert found["session"].startswith("OMP_NUM_THREADS=2 advisor auto start.yaml")
    assert "--workers 3" in found["session"]


def test_a_session_that_went_on_elsewhere_says_so(tmp_path: Path) -> None:
    here = machine.machine()
    assert told(state(), tmp_path, machine=here)["continued_on"] is None
    found = told(state(), tmp_path, machine={**here, "cpu": "another"})
    assert found["machine"]["cpu"] == "another"
    assert found["continued_on"] == here


def test_nothing_trained_has_nothing_to_repeat(tmp_path: Path) -> None:
    found = told(session([attempt(1, None, recipe(), "failed")]), tmp_path)
    assert found["best"] is None
    assert found["repeat"]["best"] is None
    assert not found["repeat"]["exact"]


def test_the_processor_has_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    listed = tmp_path / "cpuinfo"
    listed.write_text("processor : 0\nmodel name\t: Some CPU @ 3 GHz\n\nmodel name\t: other\n")
    monkeypatch.setattr(machine, "CPU_INFO", listed)
    assert cpu_model() == "Some CPU @ 3 GHz"
    listed.write_text("processor : 0\n")
    assert cpu_model() == platform.machine()
