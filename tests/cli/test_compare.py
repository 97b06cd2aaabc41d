"""`advisor compare`: options, what it prints, and how it ends."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from advisor.cli import compare as command
from advisor.cli import main
from advisor.cli.compare_progress import Lines, watching
from advisor.cli.curves import learning_curves, mean_curve
from advisor.cli.errors import CliError
from advisor.cli.parser import make_parser
from advisor.compare import FULL_STEPS, SEEDS, Plan, Trained
from advisor.events import Event
from advisor.recipe import Recipe
from tests.test_compare import Pretender, arrays, perturbed, training

WINE = """\
name: wine
task: classification
data: {source: "sklearn:wine"}
model: {kind: mlp, hidden: [4]}
train: {batch_size: 16, epochs: 1}
"""


@pytest.fixture
def recipe(tmp_path: Path) -> str:
    path = tmp_path / "wine.yaml"
    path.write_text(WINE)
    return str(path)


@pytest.fixture
def pretend(monkeypatch: pytest.MonkeyPatch) -> Callable[[Pretender, Pretender], None]:
    """Replaces the workers of jax and torch."""

    def replace(jax: Pretender, torch: Pretender) -> None:
        workers = {"jax": jax, "torch": torch}
        made = lambda options, backend: workers[backend]  # noqa: E731 a method
        monkeypatch.setattr(command.CompareOptions, "runner", made)

    return replace


def options(*words: str) -> command.CompareOptions:
    return command.CompareOptions.of(make_parser().parse_args(["compare", "r.yaml", *words]))


def ended(*words: str) -> int:
    """The exit code."""
    return main(["compare", *words, "--backends", "jax,torch"])


def test_options_make_the_plan() -> None:
    assert options().plan == Plan()
    assert options("--full", "--no-train").plan == Plan(steps=FULL_STEPS, seeds=())
    words = ("--steps", "7", "--seeds", "3,1,2", "--epochs", "2", "--margin", "0.5")
    assert options(*words).plan == Plan(7, (3, 1, 2), 2, 0.5)
    assert command.SEEDS == SEEDS
    assert command.FULL_STEPS == FULL_STEPS


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--margin", "0"), "above 0"),
        (("--margin", "nan"), "above 0"),
        (("--margin", "wide"), "above 0"),
        (("--seeds", "1,1"), "once"),
        (("--epochs", "0"), "at least 1"),
        (("--full", "--steps", "5"), "not allowed with"),
    ],
)
def test_refused(words: tuple[str, ...], told: str) -> None:
    with pytest.raises(CliError, match=told):
        options(*words)


def test_agreement_is_told_and_ends_well(
    recipe: str,
    pretend: Callable[[Pretender, Pretender], None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    pretend(Pretender(arrays(), 0.9), Pretender(arrays(), 0.9))
    assert ended(recipe) == 0
    told = capsys.readouterr()
    assert "EQUIVALENT" in told.out
    assert "gate 5: no verdict" in told.out
    last = told.out.splitlines()[-1]
    assert last.startswith("jax and torch take the same training steps from this recipe")
    assert "torch: training 5 of 5 (seed 4)" in told.err


def test_disagreement_is_exit_1(
    recipe: str,
    pretend: Callable[[Pretender, Pretender], None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    pretend(Pretender(arrays(), 0.9), Pretender(perturbed("gradient.a", 0.1), 0.9))
    assert ended(recipe, "--no-train") == 1
    told = capsys.readouterr().out
    assert "FAILS" in told
    assert "do not agree: gradients float64, gradients float32 beyond the limit" in told
    pretend(Pretender(arrays(), 0.9), Pretender(arrays(), 0.5))
    assert ended(recipe, "--json") == 1
    (last,) = map(json.loads, capsys.readouterr().out.splitlines())
    assert last["ok"] is False
    assert last["equivalence"]["outcome"] == "different"


def test_progress_tells_gates_and_evaluations_before_the_summary(
    recipe: str,
    pretend: Callable[[Pretender, Pretender], None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    pretend(Pretender(arrays(), 0.9), Pretender(perturbed("losses", 0.1), 0.9))
    assert ended(recipe, "--json", "--progress", "--seeds", "0,1,2") == 1
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    names = [line["event"] for line in told]
    assert (names[0], names[-1]) == ("comparison", "summary")
    assert told[0]["seeds"] == [0, 1, 2]
    gates = [line for line in told if line["event"] == "gate"]
    keys = ("name", "about", "value", "limit", "ok")
    assert [{key: gate[key] for key in keys} for gate in gates] == told[-1]["gates"]
    assert [gate["name"] for gate in gates if not gate["ok"]] == [
        "losses float64",
        "losses float32",
    ]
    last_gate = max(n for n, name in enumerate(names) if name == "gate")
    assert last_gate < names.index("evaluated")
    seen = [(line["backend"], line["seed"]) for line in told if line["event"] == "trial_finished"]
    assert seen == [(name, seed) for name in ("jax", "torch") for seed in (0, 1, 2)]


def test_progress_without_json_is_refused(recipe: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert ended(recipe, "--progress") == 2
    assert "--json" in capsys.readouterr().err


def test_undecided_does_not_fail_but_is_said(
    recipe: str,
    pretend: Callable[[Pretender, Pretender], None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    pretend(Pretender(arrays(), 0.9), Pretender(arrays(), 0.88, slope=0.01))
    assert ended(recipe) == 0
    assert "neither shown to be equivalent nor to differ" in capsys.readouterr().out


def test_an_interrupt_is_one_word_and_exit_130(
    recipe: str,
    pretend: Callable[[Pretender, Pretender], None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    class Interrupted(Pretender):
        def train(
            self, recipe: Recipe, folder: Path, on_event: Callable[[Event], None]
        ) -> list[Event]:
            raise KeyboardInterrupt

    pretend(Interrupted(arrays(), 0.9), Interrupted(arrays(), 0.9))
    assert ended(recipe) == 130
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.splitlines()[-1] == "interrupted"


def test_curves_are_means_over_the_trainings_that_got_there() -> None:
    runs = [Trained(0, tuple(training(0.5)), None), Trained(1, tuple(training(0.7)), None)]
    epochs, values = mean_curve(runs)
    assert epochs == [1.0, 2.0]
    assert values == pytest.approx([0.6, 0.6])
    assert mean_curve([*runs, Trained(2, tuple(training(None)), None)]) == mean_curve(runs)
    assert learning_curves({"one": []}, "accuracy", Console(width=60)) is None


@pytest.mark.parametrize("colored", [True, False])
def test_curves_are_told_apart_without_colors(colored: bool) -> None:
    shown = Console(width=60, force_terminal=True, color_system="truecolor", no_color=not colored)
    runs = {name: [Trained(0, tuple(training(0.5)), None)] for name in ("p", "q")}
    drawn = learning_curves(runs, "accuracy", shown)
    assert drawn is not None
    assert ("xxx" in drawn.plain) is not colored


def test_curves_are_drawn() -> None:
    one = [Trained(0, tuple(training(0.5)), None)]
    drawn = learning_curves({"one": one}, "accuracy", Console(width=60))
    assert drawn is not None
    assert "validation accuracy" in drawn.plain
    assert "one" in drawn.plain
    assert max(map(len, drawn.plain.splitlines())) <= 60


def test_elsewhere_than_in_a_terminal_progress_is_lines() -> None:
    with watching() as watcher:
        assert isinstance(watcher, Lines)


def test_three_seeds_with_real_workers(
    recipe: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    pytest.importorskip("torch")
    pytest.importorskip("jax")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert ended(recipe, "--steps", "4", "--seeds", "0,1,2", "--json") == 0
    said = capsys.readouterr()
    told: dict[str, Any] = json.loads(said.out)
    assert told["ok"] is True
    assert all(gate["ok"] and gate["value"] <= gate["limit"] for gate in told["gates"])
    assert "4 steps in float64" in said.err
    assert told["equivalence"]["outcome"] in ("equivalent", "undecided")
    assert [run["seed"] for run in told["trainings"]["jax"]] == [0, 1, 2]
    assert told["speed"]["torch"]["peak_memory"] > 20e6
    assert [left.name for left in tmp_path.iterdir()] == ["wine.yaml"]
