from __future__ import annotations

import functools
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest
from safetensors.numpy import load_file

from advisor.events import (
    Evaluated,
    Event,
    ProbeFinished,
    StepsDone,
    TrialFinished,
    TrialStarted,
)
from advisor.recipe import Recipe
from advisor.runner import ClosedError, Runner, UserError, WorkerError
from advisor.trial_files import read_events


def recipe(**changes: object) -> Recipe:
    made = Recipe.model_validate(
        {
            "task": "classification",
            "data": {"source": "sklearn:iris"},
            "model": {"kind": "mlp", "hidden": (8,)},
            "optimizer": {"kind": "adam", "lr": 0.02},
            "train": {"batch_size": 16, "epochs": 4},
        }
    )
    return made.changed(changes)


Runners = Callable[[str], Runner]


@pytest.fixture(scope="module")
def runners() -> Iterator[Runners]:
    """One warm worker of each backend for all of these tests."""
    with ExitStack() as stack:
        yield functools.cache(lambda name: stack.enter_context(Runner(name, "cpu")))


@pytest.fixture
def runner(runners: Runners, backend_name: str) -> Runner:
    return runners(backend_name)


@pytest.fixture
def of_torch(runners: Runners) -> Runner:
    pytest.importorskip("torch")
    return runners("torch")


def test_a_trial_leaves_events_weights_and_outputs(runner: Runner, tmp_path: Path) -> None:
    heard: list[Event] = []
    events = runner.train(recipe(), tmp_path, heard.append)
    assert events == heard
    assert read_events(tmp_path / "events.jsonl") == events
    assert isinstance(events[0], TrialStarted)
    finished = events[-1]
    assert isinstance(finished, TrialFinished)
    assert finished.status == "finished"
    assert finished.epochs == 4
    weights = load_file(tmp_path / "best.safetensors")
    assert weights["dense1.kernel"].shape == (4, 8)
    outputs = load_file(tmp_path / "validation.safetensors")["outputs"]
    assert outputs.shape == (30, 3)


def test_two_trials_of_one_recipe_are_the_same_to_the_bit(
    runner: Runner, backend_name: str, tmp_path: Path
) -> None:
    dropped = recipe(**{"regularization.dropout": 0.3})
    losses, files = [], []
    with Runner(backend_name, "cpu") as another:
        for each, place in ((runner, tmp_path / "a"), (another, tmp_path / "b")):
            events = each.train(dropped, place)
            losses.append([event.loss for event in events if isinstance(event, StepsDone)])
            files.append((place / "best.safetensors").read_bytes())
    assert losses[0] == losses[1]
    assert files[0] == files[1]


def test_a_worker_that_is_killed_costs_one_trial(runner: Runner, tmp_path: Path) -> None:
    def kill(event: Event) -> None:
        if isinstance(event, StepsDone) and runner._process is not None:
            os.kill(runner._process.pid, signal.SIGKILL)

    with pytest.raises(WorkerError, match="SIGKILL"):
        runner.train(recipe(**{"train.epochs": 500}), tmp_path / "a", kill)
    events = runner.train(recipe(), tmp_path / "b")
    assert isinstance(events[-1], TrialFinished)
    assert events[-1].status == "finished"


def closing(runner: Runner) -> threading.Thread:
    found = threading.Thread(target=runner.close)
    found.start()
    return found


@pytest.mark.parametrize("at_once", [True, False])
def test_a_runner_that_another_thread_closes_judges_nothing_and_begins_nothing(
    at_once: bool, tmp_path: Path
) -> None:
    """At once: before the next line is read; else mostly while it is waited for."""
    pytest.importorskip("torch")
    threads: list[threading.Thread] = []
    with Runner("torch", "cpu") as runner:

        def close(event: Event) -> None:
            if isinstance(event, StepsDone) and not threads:
                threads.append(closing(runner))
                if at_once:
                    threads[0].join()

        with pytest.raises(ClosedError):
            runner.train(recipe(**{"train.epochs": 100_000}), tmp_path / "a", close)
        threads[0].join()
        with pytest.raises(ClosedError):
            runner.train(recipe(), tmp_path / "b")
        runner.stop()
        assert runner.pid is None
    ended = [isinstance(event, TrialFinished) for event in read_events(tmp_path / "a/events.jsonl")]
    assert ended
    assert not any(ended)


def test_a_trial_stops_on_request(of_torch: Runner, tmp_path: Path) -> None:
    def stop(event: Event) -> None:
        if isinstance(event, StepsDone):
            of_torch.stop()

    events = of_torch.train(recipe(**{"train.epochs": 2000}), tmp_path, stop)
    assert isinstance(events[-1], TrialFinished)
    assert events[-1].status == "stopped"
    assert events[-1].epochs < 2000


def test_a_race_that_is_lost_stops_the_trial(of_torch: Runner, tmp_path: Path) -> None:
    events = of_torch.train(recipe(), tmp_path, race=[None, 1.1, 1.1, 1.1])
    finished = events[-1]
    assert isinstance(finished, TrialFinished)
    assert finished.status == "stopped"
    assert finished.epochs == 2
    assert "clearly behind" in finished.message


def test_a_trial_that_is_only_begun_ends_at_its_evaluation(runner: Runner, tmp_path: Path) -> None:
    whole = runner.train(recipe(), tmp_path / "whole")
    begun = runner.train(recipe(), tmp_path / "begun", until=2)
    finished = begun[-1]
    assert isinstance(finished, TrialFinished)
    assert (finished.status, finished.epochs) == ("stopped", 2)
    assert "only begun: 2 epochs" in finished.message
    first, second = ([e for e in one if isinstance(e, Evaluated)] for one in (whole, begun))
    assert [e.validation_metric for e in second] == [e.validation_metric for e in first[:2]]


def test_a_rate_that_blows_up_is_reported_as_diverged(runner: Runner, tmp_path: Path) -> None:
    wild = recipe(**{"optimizer.kind": "sgd", "optimizer.lr": 1000.0, "optimizer.momentum": 0.99})
    regression = wild.changed(
        {
            "data.source": "sklearn:diabetes",
            "task": "regression",
            "loss.kind": "mse",
            "metric": "r2",
        }
    )
    events = runner.train(regression, tmp_path)
    finished = events[-1]
    assert isinstance(finished, TrialFinished)
    assert finished.status == "diverged"
    assert finished.message


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"data.source": "sklearn:nothing"}, "nothing"),
        ({"data.source": "csv:missing.csv"}, "missing.csv"),
        ({"train.batch_size": 5000}, "5000"),
        ({"model.kind": "cnn"}, "cnn needs images"),
    ],
)
def test_what_the_user_got_wrong_is_a_user_error(
    of_torch: Runner, changes: dict[str, object], message: str
) -> None:
    with pytest.raises(UserError, match=message):
        of_torch.check(recipe(**changes))


def test_a_device_that_is_not_here_is_a_user_error(backend_name: str, tmp_path: Path) -> None:
    with Runner(backend_name, "cuda:99") as runner, pytest.raises(UserError, match="cuda:99"):
        runner.train(recipe(), tmp_path)


def test_a_backend_that_is_not_there_is_a_user_error() -> None:
    with Runner("nonsense") as runner, pytest.raises(UserError, match="nonsense"):
        runner.info()


PARENT = """
import sys
from pathlib import Path
from advisor.recipe import Recipe
from advisor.runner import Runner

runner = Runner("torch", "cpu")
recipe = Recipe.model_validate_json(sys.argv[1])
runner.train(recipe, Path(sys.argv[2]), lambda event: print(runner._process.pid, flush=True))
"""


def test_a_worker_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    endless = recipe(**{"train.epochs": 100_000}).model_dump_json()
    command = [sys.executable, "-c", PARENT, endless, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        worker = psutil.Process(int(parent.stdout.readline()))
        assert worker.is_running()
        parent.kill()
    gone, _ = psutil.wait_procs([worker], timeout=20)
    assert gone


def test_a_training_that_is_killed_goes_on(runner: Runner, tmp_path: Path) -> None:
    long = recipe(**{"train.epochs": 40, "regularization.dropout": 0.1})
    undisturbed = runner.train(long, tmp_path / "whole")

    def kill_later(event: Event) -> None:
        if isinstance(event, Evaluated) and event.epoch > 20:
            assert runner._process is not None
            runner._process.kill()

    with pytest.raises(WorkerError):
        runner.train(long, tmp_path / "killed", kill_later, checkpoint_seconds=0.0)
    heard: list[Event] = []
    continued = runner.train(long, tmp_path / "killed", heard.append)
    assert heard == continued == read_events(tmp_path / "killed" / "events.jsonl")
    assert sum(isinstance(event, TrialStarted) for event in continued) == 1
    losses = [
        [event.loss for event in events if isinstance(event, StepsDone)]
        for events in (undisturbed, continued)
    ]
    assert losses[0] == losses[1]
    for name in ("best.safetensors", "validation.safetensors"):
        assert (tmp_path / "whole" / name).read_bytes() == (tmp_path / "killed" / name).read_bytes()
    assert not list((tmp_path / "killed").glob("*checkpoint*"))


def test_an_ensemble_is_tested_by_the_mean_of_its_members_predictions(
    runner: Runner, tmp_path: Path
) -> None:
    """Its loss is at most the mean of theirs, since the logarithm is concave."""
    seeds = {name: recipe(**{"train.seed": seed}) for seed, name in enumerate("ab")}
    trials = {name: (one, tmp_path / name) for name, one in seeds.items()}
    for one, place in trials.values():
        runner.train(one, place)
    twice = runner.test(trials, tmp_path / "twice", [trials["a"], trials["a"]])[-1]
    both = runner.test(trials, tmp_path / "both", list(trials.values()))[-1]
    assert isinstance(twice, ProbeFinished)
    assert isinstance(both, ProbeFinished)
    for what in ("metric", "loss", "examples"):
        assert twice.facts[f"ensemble_{what}"] == pytest.approx(twice.facts[f"a_{what}"], rel=1e-5)
    mean = (both.facts["a_loss"] + both.facts["b_loss"]) / 2
    assert 0 < both.facts["ensemble_loss"] < mean
