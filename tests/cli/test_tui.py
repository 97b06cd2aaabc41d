"""`advisor tui` before any screen is drawn."""

from __future__ import annotations

from pathlib import Path

import pytest

from advisor.cli import main, tui
from advisor.cli.parser import make_parser
from advisor.tui.opening import Opening


def opening(*words: object) -> Opening:
    return tui._opening(make_parser().parse_args(["tui", *map(str, words)]))


def test_without_a_terminal_it_says_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tui", "recipe.yaml"]) == 2
    told = capsys.readouterr().err
    assert "needs a terminal" in told
    assert "advisor auto" in told


def test_advisor_alone_prints_help_where_there_is_no_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main([]) == 0
    assert "advisor tui recipe.yaml" in capsys.readouterr().out


def test_nothing_named_is_the_picker() -> None:
    found = opening()
    assert (found.recipe, found.folder, found.log) == (None, None, None)


def test_what_is_named_decides(tmp_path: Path) -> None:
    (tmp_path / "session.db").touch()
    (tmp_path / "loss.csv").touch()
    assert opening("recipe.yaml").recipe == Path("recipe.yaml")
    assert opening(tmp_path).folder == tmp_path
    assert opening(tmp_path / "loss.csv").log == tmp_path / "loss.csv"


@pytest.mark.parametrize("what", ["nowhere.log", "empty"])
def test_what_is_nothing_is_refused(
    what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    monkeypatch.setattr(tui, "check_terminal", lambda: None)
    assert main(["tui", str(tmp_path / what)]) == 2
    assert str(tmp_path / what) in capsys.readouterr().err


def test_options_reach_the_session() -> None:
    words = ["--budget", "40e", "--seed", "3", "--set", "optimizer.lr=0.1", "--backend", "jax"]
    more = ["--workers", "2", "--trust", "--no-experience", "--autopilot", "--theme", "light"]
    found = opening("recipe.yaml", *words, *more)
    new = found.options
    assert (new.budget, new.seed, new.overrides) == ("40e", 3, ("optimizer.lr=0.1",))
    assert (new.backend, new.workers, new.trust) == ("jax", 2, True)
    assert (new.experience, new.autopilot, found.theme) == (False, True, "advisor-light")
