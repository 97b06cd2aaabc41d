"""The picker's flows and its looks."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Input, OptionList, Static

from advisor import bundled
from advisor.tui.picker.entries import Entry
from advisor.tui.picker.messages import (
    CompareRecipe,
    EditRecipe,
    OpenLog,
    OpenRecipe,
    OpenSession,
)
from advisor.tui.picker.screen import PickerScreen
from tests.tui.one_screen import SIZES, OneScreen, pressing, settled

SESSIONS = (
    Entry(
        *("session", Path("/runs/digits-20260101"), "digits", "accuracy 0.9722"),
        "+ finished  2026-01-01 12:00  torch  digits-20260101",
    ),
    Entry(
        *("session", Path("/runs/wine-20260102"), "wine [b]", "balanced_accuracy 0.8611"),
        "? waiting  2026-01-02 09:30  jax  wine-20260102",
    ),
)


def offered() -> Sequence[Entry]:
    examples = [Entry("example", p, p.stem, "classification") for p in bundled.examples()]
    return (*SESSIONS, *examples)


def app(source: Any = offered) -> OneScreen:
    return OneScreen(PickerScreen(source))


def titles(shown: OneScreen) -> list[str]:
    options = shown.screen.query_one(OptionList).options
    return [str(option.prompt).strip() for option in options if not option.disabled]


async def opened(keys: Sequence[str], kind: type[Message], typed: str = "") -> list[Any]:
    shown = app()
    async with shown.run_test() as pilot:
        await settled(pilot)
        shown.screen.query_one(Input).value = typed
        await settled(pilot)
        await pilot.press(*keys)
        await settled(pilot)
        return shown.of(kind)


async def test_typing_filters_and_enter_opens_the_recipe() -> None:
    [message] = await opened([*"simple", "enter"], OpenRecipe)
    assert message.path.name == "simple_cnn.yaml"


async def test_a_recent_session_is_opened() -> None:
    [message] = await opened(["down", "enter"], OpenSession)
    assert message.folder == SESSIONS[1].path


async def test_recipes_are_edited_and_compared() -> None:
    [edit] = await opened([*"diabetes", "f2"], EditRecipe)
    [compare] = await opened([*"diabetes", "f3"], CompareRecipe)
    assert edit.path == compare.path
    assert await opened(["f2"], EditRecipe) == []  # a session without a recipe


async def test_the_best_recipe_of_a_session_is_edited_and_compared(tmp_path: Path) -> None:
    shown = app(lambda: [Entry("session", tmp_path, "wine")])
    async with shown.run_test() as pilot:
        await settled(pilot)
        (tmp_path / "start.yaml").touch()
        await pilot.press("f2")
        (tmp_path / "best.yaml").touch()
        await pilot.press("f3")
        await settled(pilot)
    assert [message.path.name for message in shown.of(EditRecipe)] == ["start.yaml"]
    assert [message.path.name for message in shown.of(CompareRecipe)] == ["best.yaml"]


async def test_what_changed_on_another_screen_is_seen_on_the_way_back(tmp_path: Path) -> None:
    recipe = tmp_path / "wine.yaml"
    recipe.write_text("task: binary\n")
    shown = app(lambda: [*SESSIONS, Entry("recipe", recipe, "wine", recipe.read_text())])
    async with shown.run_test() as pilot:
        await settled(pilot)
        await pilot.press("down", "down")
        shown.push_screen(Screen())
        await settled(pilot)
        recipe.write_text("task: regression\n")
        shown.pop_screen()
        await settled(pilot)
        assert "task: regression" in str(shown.screen.query_one("#preview Static", Static).content)
        assert any("task: regression" in title for title in titles(shown))
        assert shown.screen.highlighted.path == recipe  # type: ignore[attr-defined]


async def test_a_typed_path_is_completed_and_opened(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "history.csv").write_text("epoch,loss\n1,2\n")
    shown = app()
    async with shown.run_test() as pilot:
        await settled(pilot)
        shown.screen.query_one(Input).value = f"{tmp_path}/mi"
        await settled(pilot)
        assert titles(shown) == ["mine/"]
        await pilot.press("tab")
        await settled(pilot)
        assert titles(shown) == ["history.csv"]
        await pilot.press("enter")
        await settled(pilot)
        assert [m.path for m in shown.of(OpenLog)] == [tmp_path / "mine" / "history.csv"]


async def test_the_folder_of_a_session_is_opened_as_one(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "session.db").touch()
    [message] = await opened(["enter"], OpenSession, f"{tmp_path}/old")
    assert message.folder == tmp_path / "old"


async def test_nothing_at_a_path_is_said_and_opens_nothing(tmp_path: Path) -> None:
    shown = app()
    async with shown.run_test() as pilot:
        await settled(pilot)
        shown.screen.query_one(Input).value = f"{tmp_path}/none.yaml"
        await settled(pilot)
        await pilot.press("enter")
        await settled(pilot)
        assert shown.of(OpenRecipe) == []
        assert any("nothing is at" in note.message for note in shown._notifications)


async def test_escape_empties_the_filter() -> None:
    shown = app()
    async with shown.run_test() as pilot:
        await settled(pilot)
        every = titles(shown)
        await pilot.press(*"zzz")
        await settled(pilot)
        assert titles(shown) == []
        await pilot.press("escape")
        await settled(pilot)
        assert titles(shown) == every


async def test_a_session_tells_what_it_came_to(tmp_path: Path) -> None:
    found = {"best": {"metric": "f1", "value": 0.5}, "trials": 3, "cost": {"epochs": 12.0}}
    (tmp_path / "summary.json").write_text(json.dumps(found))
    (tmp_path / "best.yaml").write_text("task: binary\x1b[2J\n")
    shown = app(lambda: [Entry("session", tmp_path, "mine\x1b[31m")])
    async with shown.run_test() as pilot:
        await settled(pilot)
        told = str(shown.screen.query_one("#preview Static", Static).content)
    assert "f1 0.5 on validation" in told
    assert "3 trials, 12 epochs" in told
    assert "task: binary\\x1b[2J" in told
    assert "\x1b" not in told


async def test_a_source_that_fails_leaves_the_picker_usable(tmp_path: Path) -> None:
    def failing() -> Sequence[Entry]:
        raise OSError("no such folder")

    shown = app(failing)
    async with shown.run_test() as pilot:
        await pilot.pause()
        shown.screen.query_one(Input).value = f"{tmp_path}/"
        await pilot.pause()
        assert shown.is_running


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_looks(snap_compare: Any, size: tuple[int, int]) -> None:
    assert snap_compare(app(), terminal_size=size, run_before=pressing("down", "down"))
