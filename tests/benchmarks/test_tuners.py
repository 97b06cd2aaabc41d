"""What `benchmarks/tuning.py` runs, what it keeps of each run, and what its figures count."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from advisor.requests import Result, Train
from advisor.state import Attempt
from tests.control.simulated import SimulatedRunner, start

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
STARTS = ("rate too low", "rate too high", "slow sgd", "over-regularised", "deep sigmoid")


@pytest.fixture(autouse=True)
def benchmarks_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARKS))


def module(name: str) -> Any:
    return importlib.import_module(name)


def jobs() -> list[Any]:
    tuners = module("tuners.jobs")
    return list(tuners.jobs(module("tuners.tasks").TASKS, tuners.METHODS, 80, "torch", 0))


def outcome(method: str, *values: float | None, seed: int = 0, start: str = "a") -> Any:
    """Of trainings of ten epochs, by their validation accuracy."""
    made = module("tuners.jobs").Outcome(
        f"{method} {seed} {start}", "wine", start, seed, method, "torch", "accuracy", 10
    )
    made.trials = [(10.0 * count, value, "") for count, value in enumerate(values, 1)]
    made.counted()
    return made


def figures(*outcomes: Any) -> dict[str, Any]:
    scores = module("tuners.scores")
    return {one.name: one for one in scores.figures(scores.rounds(outcomes), 80)}


# What is run


@pytest.mark.parametrize("method", ["advisor", "random", "tpe"])
def test_every_start_is_tuned_with_every_seed(method: str) -> None:
    for task in module("tuners.tasks").TASKS:
        found = [(j.start, j.seed) for j in jobs() if j.task is task and j.method == method]
        assert len(found) == len(set(found)) == task.seeds * len(task.starts)


def test_hyperband_is_tried_from_two_starts_with_one_seed() -> None:
    found = [(j.task.name, j.start, j.seed) for j in jobs() if j.method == "hyperband"]
    names = {task.name for task in module("tuners.tasks").TASKS} - {"cifar10"}
    assert set(found) == {(name, start, 0) for name in names for start in STARTS[:2]}
    assert len(found) == 2 * len(names)


def test_the_dear_task_is_small() -> None:
    found = [job for job in jobs() if job.task.name == "cifar10"]
    assert [job.method for job in found] == ["advisor", "random", "tpe"]
    assert {(job.seed, job.equivalents) for job in found} == {(0, 10)}
    assert found[0].task.start(found[0].start, 0).train.epochs == 4


def test_keys_stay_what_they_are_in_the_files_of_earlier_runs() -> None:
    keys = [job.key for job in jobs()]
    assert len(set(keys)) == len(keys)
    assert "wine / slow sgd / 2 / tpe / torch / 80" in keys
    assert "digits mlp / rate too high / 0 / hyperband / torch / 80" in keys


# What is kept


def test_a_training_that_diverged_has_no_value_whoever_tried_it(tmp_path: Path) -> None:
    tuners, runner = module("tuners.jobs"), SimulatedRunner()
    wild = start(**{"optimizer.lr": 1.0})
    job = SimpleNamespace(method="random", equivalents=1, seed=0)
    searched, ours = outcome("random"), outcome("advisor")
    tuners._searched(searched, wild, job, runner, tmp_path)
    events = runner.train(wild, tmp_path / "trials" / "001")
    attempt = Attempt(Train(1, "baseline", wild), Result(events), {}, ())
    assert attempt.value is not None
    budget = SimpleNamespace(epochs=2.0)
    state: Any = SimpleNamespace(probes=[], attempts=[attempt], budget=budget)
    tuners.Watcher(ours, tmp_path).asked(None, state)
    assert [one.trials[0][:2] for one in (searched, ours)] == [(2.0, None)] * 2


def test_outcomes_come_back_from_their_lines(tmp_path: Path) -> None:
    made, file = outcome("tpe", 0.5, None, 0.7), tmp_path / "done.jsonl"
    file.write_text(json.dumps(made.record()) + "\n" + '{"key": "to')
    assert list(module("tuners.jobs").lines(file)) == [made]


# What is counted


@pytest.mark.parametrize(
    ("ours", "theirs", "as_good", "better"),
    [
        (0.8, 0.7, 1.0, 1.0),
        (0.8, 0.8, 1.0, 0.0),
        (0.7, 0.8, 0.0, 0.0),
        (0.8, None, 1.0, 1.0),
        (None, 0.8, 0.0, 0.0),
        (None, None, 0.0, 0.0),
    ],
)
@pytest.mark.parametrize("other", ["random", "tpe"])
def test_ties_are_as_good_and_not_better(
    other: str, ours: float | None, theirs: float | None, as_good: float, better: float
) -> None:
    found = figures(outcome("advisor", ours), outcome(other, theirs))
    assert found[f"as good as {other} or better, same epochs"].value == as_good
    strictly = found[f"strictly better than {other}, same epochs"]
    assert (strictly.value, strictly.of, strictly.target, strictly.met) == (better, 1, "", None)


def test_an_error_is_better_when_it_is_lower() -> None:
    both = outcome("advisor", 0.2), outcome("tpe", 0.3)
    for one in both:
        one.metric = "mae"
    assert figures(*both)["strictly better than tpe, same epochs"].value == 1.0


def test_the_share_of_tpes_budget_is_told_of_each_seed_too() -> None:
    early, late = (0.9, 0.9, 0.9, 0.9), (0.5, 0.5, 0.5, 0.9)
    found = figures(
        *(outcome("tpe", *late, seed=seed) for seed in range(3)),
        outcome("advisor", *early, seed=0),
        outcome("advisor", *late, seed=1),
    )
    told = {name: one for name, one in found.items() if name.startswith("share of TPE's budget")}
    whole = told.pop("share of TPE's budget, median")
    assert (whole.value, whole.of, whole.met) == (0.625, 2, False)
    values = [(one.value, one.of, one.target, one.met) for one in told.values()]
    assert list(told) == [f"share of TPE's budget, median, seed {seed}" for seed in range(3)]
    assert values == [(0.25, 1, "", None), (1.0, 1, "", None), (None, 0, "", None)]


def test_a_brief_record_says_as_much_as_the_whole_one() -> None:
    values = [None, 0.5, 0.4, *[0.6 + place / 1000 for place in range(60)], 0.1]
    whole = outcome("tpe", *values)
    brief = json.loads(json.dumps(whole.brief()))
    read = type(whole).of_brief(brief)
    assert len(read.trials) < len(whole.trials)
    assert (read.count, read.spent_by_tpe_trials) == (len(values), 500.0)
    for spent in (5.0, 10.0, 25.0, 300.0, 500.0, 1000.0):
        assert read.best(spent) == whole.best(spent)
    assert read.trials[-1][0] == whole.trials[-1][0]
