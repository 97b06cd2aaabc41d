"""The comparison's flows and its looks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Static

from advisor.tui.chart import Chart
from advisor.tui.compare.screen import CompareScreen
from advisor.tui.dialogs.ask import AskDialog
from tests.tui.compare.made import half, whole
from tests.tui.made_source import Made
from tests.tui.one_screen import SIZES, OneScreen, pressing, settled

RECIPE = Path("digits.yaml")


def app(made: Made) -> OneScreen:
    return OneScreen(CompareScreen(RECIPE, lambda: made))


async def heard(pilot: Pilot[Any]) -> None:
    """Wait until the lines are shown, while the source goes on."""
    for _ in range(8):
        await pilot.pause()


def told(shown: OneScreen, place: str) -> str:
    return str(shown.shown.query_one(f"{place} Static", Static).content)


async def test_a_whole_comparison_is_shown() -> None:
    shown = app(Made(whole()))
    async with shown.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        assert told(shown, "#gates").count("✓ holds") == 6
        assert "are equivalent" in told(shown, "#verdict")
        assert shown.shown.sub_title == "digits, done"
        chart = shown.shown.query_one(Chart)
        assert [one.name for one in chart._picture.series] == ["jax", "torch"]
        await pilot.press("s", "c", "l")
        await settled(pilot)
        assert len(chart._picture.series) == 6
        assert chart._picture.title == "validation loss"
        assert chart._picture.log
        assert shown.shown.check_action("cancel", ()) is False
        await pilot.press("q")
        await settled(pilot)
        assert shown.screen is not shown.shown


async def test_cancelling_ends_the_source_and_keeps_what_is_known() -> None:
    made = Made(half(), waits=True)
    shown = app(made)
    async with shown.run_test(size=(120, 40)) as pilot:
        await heard(pilot)
        assert "... torch: training 1 of 3" in told(shown, "#verdict")
        assert shown.shown.check_action("cancel", ()) is True
        await pilot.press("x")
        await settled(pilot)
        assert made.ended.is_set()
        assert shown.shown.sub_title == "digits, cancelled"
        assert told(shown, "#gates").count("✓ holds") == 6
        assert shown.screen is shown.shown


@pytest.mark.parametrize(("key", "left"), [("enter", True), ("escape", False)])
async def test_leaving_one_that_runs_asks_first(key: str, left: bool) -> None:
    made = Made(half(), waits=True)
    shown = app(made)
    async with shown.run_test(size=(120, 40)) as pilot:
        await heard(pilot)
        await pilot.press("escape")
        await heard(pilot)
        assert isinstance(shown.screen, AskDialog)
        await pilot.press(key)
        await heard(pilot)
        assert (shown.screen is not shown.shown) == left
        assert made.ended.is_set() == left


async def test_closing_the_app_ends_the_source() -> None:
    made = Made(half(), waits=True)
    async with app(made).run_test() as pilot:
        await heard(pilot)
    assert made.ended.is_set()


async def test_a_failure_is_a_dialog_that_obeys_nothing() -> None:
    shown = app(Made([], failure="error: [bold]no backend[/bold]"))
    async with shown.run_test() as pilot:
        await settled(pilot)
        assert isinstance(shown.screen, AskDialog)
        texts = [str(each.content) for each in shown.screen.query(Static).results(Static)]
        assert "error: [bold]no backend[/bold]" in texts
        assert shown.shown.sub_title == "digits.yaml, failed"


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_looks(snap_compare: Any, size: tuple[int, int]) -> None:
    shown = app(Made(whole()))
    assert snap_compare(shown, terminal_size=size, run_before=pressing())


def test_looks_under_way(snap_compare: Any) -> None:
    async def wait(pilot: Pilot[Any]) -> None:
        await heard(pilot)

    shown = app(Made(half(), waits=True))
    assert snap_compare(shown, terminal_size=(120, 40), run_before=wait)
