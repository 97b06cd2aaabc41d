"""What the app opens, and what it does when that cannot be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.content import Content

from advisor.host.client import Client, HostError
from advisor.tui.app import AdvisorApp
from advisor.tui.dialogs.ask import AskDialog
from advisor.tui.editor.screen import EditorScreen
from advisor.tui.opening import Opening
from advisor.tui.picker.messages import EditRecipe
from advisor.tui.picker.screen import PickerScreen
from advisor.tui.session.screen import SessionScreen
from advisor.tui.starting import StartingScreen
from advisor.tui.themes import THEMES, fitting
from tests.tui import fed
from tests.tui.one_screen import settled
from tests.tui.test_reader import write


class Attached(fed.FakeDriver):
    """A client of a session that nothing drives and that is over."""

    def kind(self) -> str | None:
        return None

    def finished(self) -> bool:
        return True


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path / "journal.jsonl", [*fed.began(), {"event": "ended", "why": "finished"}])
    return tmp_path


async def test_without_anything_the_picker_comes_first() -> None:
    app = AdvisorApp()
    async with app.run_test() as pilot:
        await pilot.pause()
        assert isinstance(app.screen, PickerScreen)


async def test_a_session_is_shown_and_left(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    client = Attached(folder)
    monkeypatch.setattr(Client, "attach", lambda _: client)
    app = AdvisorApp(Opening(folder=folder))
    async with app.run_test() as pilot:
        while not (isinstance(app.screen, SessionScreen) and app.screen.snapshot.session.known):
            await pilot.pause(0.05)
        await pilot.press("q")
        await pilot.pause()
    assert client.told == [("close", None)]
    assert app.return_code == 0


async def test_a_recipe_begins_a_session(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    begun: list[Any] = []

    def start(new: Any, cancelled: Any) -> Attached:
        begun.append(new)
        return Attached(folder)

    monkeypatch.setattr(Client, "start", start)
    app = AdvisorApp(Opening(recipe=Path("small.yaml")))
    async with app.run_test() as pilot:
        assert isinstance(app.screen, StartingScreen | SessionScreen)
        while not isinstance(app.screen, SessionScreen):
            await pilot.pause(0.05)
    assert [new.recipe for new in begun] == [Path("small.yaml")]


async def test_one_that_cannot_begin_says_why(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def start(new: Any, cancelled: Any) -> Client:
        raise HostError("bad.yaml:1: optimizer.lr: found 'x\x1b[2J'")

    recipe = tmp_path / "bad.yaml"
    recipe.write_text("version: 1\n")
    monkeypatch.setattr(Client, "start", start)
    app = AdvisorApp(Opening(recipe=recipe))
    async with app.run_test() as pilot:
        while not isinstance(app.screen, AskDialog):
            await pilot.pause(0.05)
        found = app.screen._text
        assert isinstance(found, Content)
        assert "found 'x\\x1b[2J'" in found.plain
        await pilot.press("enter")
        await settled(pilot)
        assert type(app.screen).__name__ == "EditorScreen"


async def test_a_folder_without_a_session_ends_with_2(tmp_path: Path) -> None:
    app = AdvisorApp(Opening(folder=tmp_path))
    async with app.run_test() as pilot:
        await pilot.pause()
        assert isinstance(app.screen, AskDialog)
        await pilot.press("escape")
        await pilot.pause()
    assert app.return_code == 2


def test_every_theme_says_how_it_is_readable() -> None:
    assert fitting("truecolor") == "advisor-dark"
    assert fitting("standard") == fitting(None) == "advisor-contrast"
    assert all({"edge", "quiet"} <= set(theme.variables) for theme in THEMES)


async def test_a_recipe_that_is_not_saved_is_not_lost_by_the_apps_own_key(tmp_path: Path) -> None:
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text("task: classification\n", encoding="utf-8")
    app = AdvisorApp()
    async with app.run_test() as pilot:
        app.post_message(EditRecipe(recipe))
        while not isinstance(app.screen, EditorScreen):
            await pilot.pause(0.05)
        await pilot.press("x", "ctrl+q")
        while not isinstance(app.screen, AskDialog):
            await pilot.pause(0.05)
        assert app.is_running
