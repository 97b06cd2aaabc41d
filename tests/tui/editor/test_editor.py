"""The editor's flows and its looks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, OptionList

from advisor import bundled
from advisor.tui.dialogs.ask import AskDialog
from advisor.tui.dialogs.path import PathDialog
from advisor.tui.editor import screen
from advisor.tui.editor.area import RecipeArea
from advisor.tui.editor.screen import EditorScreen
from advisor.tui.picker.messages import OpenRecipe
from tests.tui.editor.test_checking import WINE
from tests.tui.one_screen import SIZES, OneScreen, pressing, settled

WRONG = WINE + "optimizer:\n  kind: adam\n  lrr: 0.1\ntrain: {epochs: -1}\n"


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(screen, "PAUSE", 0.0)


@pytest.fixture
def recipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "wine.yaml"
    path.write_text(WINE)
    return path


def said(shown: OneScreen) -> str:
    return "\n".join(str(o.prompt) for o in shown.shown.query_one("#said", OptionList).options)


async def waited(pilot: Pilot[Any]) -> None:
    """As `settled`, where a dialog may be waited for: only checks are."""
    for _ in range(8):
        await pilot.pause()


def area(shown: OneScreen) -> RecipeArea:
    return shown.shown.query_one(RecipeArea)


async def test_faults_appear_and_go_as_one_types(recipe: Path) -> None:
    shown = OneScreen(EditorScreen(recipe))
    async with shown.run_test() as pilot:
        await settled(pilot)
        assert "a valid recipe" in said(shown)
        area(shown).move_cursor((1, 0))
        await pilot.press("x")
        await settled(pilot)
        assert "line 2 xtask" in said(shown)
        assert "did you mean 'task'?" in said(shown)
        assert "2 faults" in (shown.shown.sub_title or "")
        await pilot.press("backspace")
        await settled(pilot)
        assert "a valid recipe" in said(shown)
        assert not shown.shown.unsaved  # type: ignore[attr-defined]


async def test_a_fault_that_is_chosen_is_gone_to(recipe: Path) -> None:
    recipe.write_text(WRONG)
    shown = OneScreen(EditorScreen(recipe))
    async with shown.run_test() as pilot:
        await settled(pilot)
        await pilot.press("f8")
        assert area(shown).cursor_location == (6, 0)
        await pilot.press("f8")
        assert area(shown).cursor_location == (7, 0)
        said_list = shown.shown.query_one("#said", OptionList)
        said_list.focus()
        await pilot.press("home", "enter")
        await settled(pilot)
        assert area(shown).cursor_location == (6, 0)
        assert area(shown).has_focus


async def test_saving_writes_the_text(recipe: Path) -> None:
    shown = OneScreen(EditorScreen(recipe))
    async with shown.run_test() as pilot:
        await settled(pilot)
        await pilot.press("#", " ", "m", "e", "enter", "ctrl+s")
        await settled(pilot)
        assert recipe.read_text() == "# me\n" + WINE
        await pilot.press("escape")
        await settled(pilot)
        assert shown.screen is not shown.shown


@pytest.mark.parametrize("keys", [("ctrl+s",), ("escape", "enter")], ids=["save", "leave"])
async def test_what_is_not_valid_is_saved_with_a_word_on_it(
    recipe: Path, keys: tuple[str, ...]
) -> None:
    recipe.write_text(WRONG)
    shown = OneScreen(EditorScreen(recipe))
    async with shown.run_test() as pilot:
        await settled(pilot)
        await pilot.press("#", "enter")
        for key in keys:
            await pilot.press(key)
            await waited(pilot)
        await settled(pilot)
        assert recipe.read_text() == "#\n" + WRONG
        [told] = [note.message for note in shown._notifications]
    assert "not a valid recipe: line 8: optimizer.lrr unknown field 'lrr' (and 1 more)" in told


async def test_what_a_session_has_written_stays_as_it_is(
    recipe: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (recipe.parent / "s").mkdir()
    (recipe.parent / "s" / "session.db").touch()
    best = recipe.rename(recipe.parent / "s" / "best.yaml")
    shown = OneScreen(EditorScreen(best))
    async with shown.run_test() as pilot:
        await settled(pilot)
        await pilot.press("#", "ctrl+s")
        await waited(pilot)
        assert isinstance(shown.screen, PathDialog)
        await pilot.press("enter")
        await settled(pilot)
    assert best.read_text() == WINE
    assert (recipe.parent / "best.yaml").read_text() == "#" + WINE


async def test_a_session_is_begun_from_what_was_saved(recipe: Path) -> None:
    shown = OneScreen(EditorScreen(recipe))
    async with shown.run_test() as pilot:
        await settled(pilot)
        await pilot.press("#", "enter", "ctrl+r")
        await settled(pilot)
        assert [m.path for m in shown.of(OpenRecipe)] == [recipe]
        assert recipe.read_text() == "#\n" + WINE


async def test_no_session_is_begun_from_a_wrong_recipe(recipe: Path) -> None:
    recipe.write_text(WRONG)
    shown = OneScreen(EditorScreen(recipe))
    async with shown.run_test() as pilot:
        await settled(pilot)
        await pilot.press("ctrl+r")
        await settled(pilot)
        assert shown.of(OpenRecipe) == []
        assert area(shown).cursor_location == (6, 0)


@pytest.mark.parametrize(
    ("keys", "left", "text"),
    [
        (("enter",), True, "#" + WINE),
        (("tab", "enter"), True, WINE),
        (("tab", "tab", "enter"), False, WINE),
        (("escape",), False, WINE),
    ],
    ids=["save", "discard", "stay", "escape"],
)
async def test_changes_are_not_lost_unasked(
    recipe: Path, keys: tuple[str, ...], left: bool, text: str
) -> None:
    shown = OneScreen(EditorScreen(recipe))
    async with shown.run_test() as pilot:
        await settled(pilot)
        await pilot.press("#", "escape")
        await waited(pilot)
        assert isinstance(shown.screen, AskDialog)
        await pilot.press(*keys)
        await settled(pilot)
        assert (shown.screen is not shown.shown) == left
        assert recipe.read_text() == text


async def test_quitting_asks_as_well(recipe: Path) -> None:
    shown = OneScreen(EditorScreen(recipe))
    async with shown.run_test() as pilot:
        await settled(pilot)
        await pilot.press("#")
        await shown.run_action("screen.quit")
        await waited(pilot)
        assert isinstance(shown.screen, AskDialog)
        assert shown.is_running


async def test_save_as_keeps_the_old_file_and_asks_before_it_overwrites(recipe: Path) -> None:
    other = recipe.with_name("other.yaml")
    other.write_text("precious")
    shown = OneScreen(EditorScreen(recipe))
    async with shown.run_test() as pilot:
        await settled(pilot)
        await pilot.press("#", "f2")
        await waited(pilot)
        shown.screen.query_one(Input).value = str(other)
        await pilot.press("enter")
        await waited(pilot)
        assert isinstance(shown.screen, PathDialog)  # asks again
        await pilot.press("escape")
        await settled(pilot)
        assert other.read_text() == "precious"
        await pilot.press("f2")
        await waited(pilot)
        shown.screen.query_one(Input).value = str(recipe.with_name("new.yaml"))
        await pilot.press("enter")
        await settled(pilot)
        assert recipe.with_name("new.yaml").read_text() == "#" + WINE
        assert recipe.read_text() == WINE


async def test_an_example_is_never_overwritten(recipe: Path) -> None:
    example = bundled.examples()[0]
    before = example.read_text()
    shown = OneScreen(EditorScreen(example))
    async with shown.run_test() as pilot:
        await settled(pilot)
        await pilot.press("#", "ctrl+s")
        await waited(pilot)
        assert isinstance(shown.screen, PathDialog)
        assert shown.screen.query_one(Input).value == str(recipe.parent / example.name)
        await pilot.press("enter")
        await settled(pilot)
    assert example.read_text() == before
    assert (recipe.parent / example.name).read_text() == "#" + before


async def test_a_change_by_somebody_else_is_not_overwritten_unasked(recipe: Path) -> None:
    shown = OneScreen(EditorScreen(recipe))
    async with shown.run_test() as pilot:
        await settled(pilot)
        recipe.write_text("theirs")
        await pilot.press("#", "ctrl+s")
        await waited(pilot)
        assert isinstance(shown.screen, AskDialog)
        await pilot.press("tab", "enter")
        await settled(pilot)
    assert recipe.read_text() == "#" + WINE


async def test_a_folder_that_is_not_there_loses_nothing(recipe: Path) -> None:
    shown = OneScreen(EditorScreen(None, WINE))
    async with shown.run_test() as pilot:
        await settled(pilot)
        await pilot.press("ctrl+s")
        await waited(pilot)
        shown.screen.query_one(Input).value = str(recipe.parent / "none" / "a.yaml")
        await pilot.press("enter")
        await waited(pilot)
        assert isinstance(shown.screen, PathDialog)
        await pilot.press("escape")
        await settled(pilot)
        assert shown.shown.unsaved  # type: ignore[attr-defined]


async def test_a_disk_that_is_full_loses_nothing(
    recipe: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, text: str) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(screen.files, "save", full)
    shown = OneScreen(EditorScreen(recipe))
    async with shown.run_test() as pilot:
        await settled(pilot)
        await pilot.press("#", "ctrl+s")
        await settled(pilot)
        assert shown.shown.unsaved  # type: ignore[attr-defined]
        assert any("No space left" in note.message for note in shown._notifications)
    assert recipe.read_text() == WINE


async def test_a_file_that_is_no_text_is_said(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes(b"\xff\xfe\x00")
    shown = OneScreen(EditorScreen(tmp_path / "a.yaml"))
    async with shown.run_test() as pilot:
        await settled(pilot)
        assert any("cannot be read" in note.message for note in shown._notifications)


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_looks(snap_compare: Any, size: tuple[int, int], recipe: Path) -> None:
    recipe.write_text(WRONG)
    shown = OneScreen(EditorScreen(recipe))
    assert snap_compare(shown, terminal_size=size, run_before=pressing("f8"))


def test_the_question_looks(snap_compare: Any, recipe: Path) -> None:
    async def ask(pilot: Pilot[Any]) -> None:
        await settled(pilot)
        await pilot.press("#", "escape")
        await waited(pilot)

    assert snap_compare(OneScreen(EditorScreen(recipe)), run_before=ask)
