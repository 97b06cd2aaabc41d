"""Options: what is accepted, what is refused, and how they override a recipe."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.cli import main, options
from advisor.cli.errors import CliError
from advisor.cli.parser import make_parser
from advisor.recipe import Tune

NOON = datetime(2025, 1, 31, 12, 0, 0)


def parsed(*words: str) -> argparse.Namespace:
    return make_parser().parse_args(words)


def test_auto_options_from_the_command_line() -> None:
    found = options.AutoOptions.of(
        parsed(
            *("auto", "r.yaml", "--backend", "jax", "--seed", "0,1,2", "--budget", "40e"),
            *("--set", "optimizer.lr=0.1", "--set", "train.epochs=3", "--out", "o"),
            *("--rules", "a", "--rules", "b", "--device", "cpu", "--json"),
        )
    )
    assert found == options.AutoOptions(
        json=True,
        recipe=Path("r.yaml"),
        changes=("optimizer.lr=0.1", "train.epochs=3"),
        device="cpu",
        deterministic=False,
        trust=False,
        backend="jax",
        seeds=(0, 1, 2),
        budget="40e",
        out=Path("o"),
        rules=(Path("a"), Path("b")),
        workers=1,
        control=False,
        experience=True,
    )
    assert found.overrides == ("optimizer.lr=0.1", "train.epochs=3", "tune.budget=40e")


@pytest.mark.parametrize(
    ("kind", "words", "told"),
    [
        (options.RunOptions, "run r.yaml --seed 7 --set train.seed=1", "--set train.seed"),
        (options.AutoOptions, "auto r.yaml --seed 7,8 --set train.seed=1", "--set train.seed"),
        (options.AutoOptions, "auto r.yaml --budget 7e --set tune.budget=8e", "--set tune.budget"),
        (options.CompareOptions, "compare r.yaml --seed 7 --set train.seed=1", "with --seed"),
    ],
)
def test_a_field_that_is_set_twice_is_refused(
    kind: type[options.RecipeOptions], words: str, told: str
) -> None:
    with pytest.raises(CliError, match="has no effect") as caught:
        _ = kind.of(parsed(*words.split())).overrides
    assert told in str(caught.value)


def test_nothing_is_overridden_without_options() -> None:
    assert options.RunOptions.of(parsed("run", "r.yaml")).overrides == ()
    assert options.AutoOptions.of(parsed("auto", "r.yaml")).seeds == ()
    assert options.CompareOptions.of(parsed("compare", "r.yaml")).steps == 100


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("auto", "r.yaml", "--budget", "40"), "40e"),
        (("auto", "r.yaml", "--budget", "0e"), "40e"),
        (("auto", "r.yaml", "--seed", "0,0"), "once"),
        (("auto", "r.yaml", "--seed", "0,,1"), "whole number"),
        (("auto", "r.yaml", "--seed", "-1"), "whole number"),
        (("run", "r.yaml", "--seed", "4294967296"), "4294967295"),
        (("run", "r.yaml", "--sed", "1"), "did you mean '--seed'?"),
        (
            ("auto", "r.yaml", "--autopilot"),
            "--autopilot is an option of advisor tui\nsee: advisor au",
        ),
        (("rules", "list", "--reset"), "of advisor rules experience\nsee: advisor rules list"),
        (("rules", "lst"), "did you mean 'list'?"),
        (("resume", "r", "--budget=3e"), "unrecognized arguments: --budget=3e"),
        (("compare", "r.yaml", "--backends", "torch"), "two backends"),
        (("compare", "r.yaml", "--backends", "torch,torch"), "two backends"),
        (("compare", "r.yaml", "--steps", "0"), "at least 1"),
        (("atuo", "r.yaml"), "did you mean 'auto'?"),
        (("auto",), "RECIPE"),
    ],
)
def test_refused_with_a_reason_and_where_to_look(words: tuple[str, ...], told: str) -> None:
    with pytest.raises(CliError) as caught:
        parsed(*words)
    assert told in str(caught.value)
    assert "--help" in str(caught.value)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("tui r.yaml --port 80", "--port has no effect without --serve"),
        ("tui done --budget 3e --seed=1", "--seed, --budget have no effect with done"),
        ("tui done --autopilot", "this session has ended"),
        ("tui stopped --out x", "--out has no effect with stopped: a session goes on as it was"),
        ("tui log.csv --trust", "--trust has no effect with log.csv: a log is watched"),
        ("tui log.csv --serve --rules x", "--rules has no effect with log.csv"),
        ("tui r.yaml --seed 1 --set train.seed=2", "--set train.seed has no effect with --seed"),
        ("compare r.yaml --no-train --epochs 3 --margin 1", "--epochs, --margin have no effect"),
        ("compare r.yaml --progress", "--progress"),
        ("diagnose log.csv --curves", "--curves"),
        ("sweep r.yaml --vary train.seed=1,2 --seed 3", "--seed has no effect with --vary"),
        ("sweep r.yaml --vary optimizer.lr=1 --set optimizer.lr=2", "--set optimizer.lr has no"),
        ("rules experience --reset --rules x", "--rules has no effect with --reset"),
        ("trust --remove", "--remove"),
    ],
)
def test_an_option_without_effect_is_refused(
    words: str,
    told: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, end in (("done", '{"event": "ended", "why": "finished"}\n'), ("stopped", "")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "session.db").touch()
        (tmp_path / name / "journal.jsonl").write_text(end)
    (tmp_path / "log.csv").write_text("step,loss\n")
    monkeypatch.chdir(tmp_path)
    assert main(words.split()) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith(f"error: {told}") or told in said.err.splitlines()[0]


def test_options_are_those_before_two_dashes() -> None:
    assert parsed("run", "--seed=3", "--json", "--", "--out").given == {"--seed", "--json"}


@given(st.text(max_size=8) | st.from_regex(r"[0-9]{1,4}[etmx]", fullmatch=True))
def test_budget_is_what_a_recipe_accepts(text: str) -> None:
    try:
        options.budget(text)
    except argparse.ArgumentTypeError:
        return
    assert Tune(budget=text).budget == text


@given(st.sets(st.integers(0, options.LARGEST_SEED), min_size=1, max_size=5))
def test_seeds_read_back(found: set[int]) -> None:
    assert options.seeds(",".join(map(str, found))) == tuple(found)


@pytest.mark.parametrize("check", [options.seed, options.seeds, options.count, options.budget])
@given(st.text(max_size=12))
def test_any_text_is_accepted_or_refused(check: Callable[[str], object], text: str) -> None:
    with suppress(argparse.ArgumentTypeError):  # anything else would be a traceback
        check(text)


def test_output_folder_is_the_one_asked_for() -> None:
    assert options.output_folder(Path("here"), "name") == Path("here")


def test_default_folder_is_new_and_named_after_the_recipe(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    first = options.output_folder(None, "my ../ recipe", NOON)
    assert first == Path("runs/my-recipe-20250131-120000")
    first.mkdir(parents=True)
    assert options.output_folder(None, "my ../ recipe", NOON) == first.with_name(first.name + "-2")


@given(st.text(max_size=30))
def test_default_folder_never_leaves_runs(name: str) -> None:
    made = options.output_folder(None, name, NOON)
    assert made.parent == Path("runs")
    assert made.name not in ("", ".", "..")


def test_several_seeds_get_a_folder_each() -> None:
    assert options.seed_folders(Path("o"), (3,)) == {3: Path("o")}
    assert options.seed_folders(Path("o"), (3, 4)) == {3: Path("o/seed-3"), 4: Path("o/seed-4")}
