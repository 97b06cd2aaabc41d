"""The flows of watching a log, and how it looks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import OptionList, Static

from advisor.tui.app import AdvisorApp
from advisor.tui.chart import Chart
from advisor.tui.dialogs.ask import AskDialog
from advisor.tui.dialogs.text import TextDialog
from advisor.tui.logs import screen
from advisor.tui.logs.screen import LogScreen
from advisor.tui.opening import Opening
from tests.tui.logs.made import OVERFITTING, SUMMARY, curves, whole
from tests.tui.made_source import Made
from tests.tui.one_screen import SIZES, OneScreen, pressing, settled

PATH = Path("history.csv")


def app(made: Made) -> OneScreen:
    return OneScreen(LogScreen(PATH, lambda: made))


def rows(shown: OneScreen) -> list[str]:
    return [str(each.prompt) for each in shown.shown.query_one(OptionList).options]


def chart(shown: OneScreen) -> Any:
    return shown.shown.query_one(Chart)._picture


async def test_curves_and_findings_are_shown_and_explained() -> None:
    shown = app(Made(whole()))
    async with shown.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        assert "! overfitting" in rows(shown)[0]
        assert "first: Stop where validation was best" in rows(shown)[0]
        assert [one.name for one in chart(shown).series] == ["train loss", "validation loss"]
        await pilot.press("c", "l")
        assert chart(shown).title == "metric"
        assert chart(shown).log
        await pilot.press("enter")
        await settled(pilot)
        assert isinstance(shown.screen, TextDialog)
        await pilot.press("escape", "escape")
        await settled(pilot)
        assert shown.screen is not shown.shown


@pytest.mark.parametrize("key", ["q", "escape"])
async def test_leaving_a_log_that_was_named_ends_the_program(
    key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(screen, "Child", lambda words: Made(whole()))
    of = AdvisorApp(Opening(log=PATH))
    async with of.run_test() as pilot:
        await settled(pilot)
        assert isinstance(of.screen, LogScreen)
        await pilot.press(key)
        await settled(pilot)
    assert of.return_value == 0


async def test_the_log_grows() -> None:
    early = [curves(5), SUMMARY]
    shown = app(Made([*early, *whole()]))
    async with shown.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        assert len(rows(shown)) == 2
        assert len(chart(shown).series[0].x) == 30


async def test_what_is_highlighted_stays_when_findings_come_and_go() -> None:
    other = {**OVERFITTING, "symptom": "plateau"}
    shown = app(Made(whole(), waits=True))
    async with shown.run_test(size=(120, 40)) as pilot:
        for _ in range(8):
            await pilot.pause()
        await pilot.press("down")
        screen: Any = shown.shown
        [look] = _looks([curves(), other, *whole()[1:]])
        screen.post_message(LogScreen.Looked(look))
        await pilot.pause()
        assert screen.query_one(OptionList).highlighted_option.id == "train_validation_gap"


def _looks(lines: list[dict[str, Any]]) -> list[Any]:
    from advisor.tui.logs.look import looks

    return list(looks(iter(lines)))


async def test_a_log_that_cannot_be_read_is_said() -> None:
    shown = app(Made([], failure="error: none.csv: cannot be read: [b]no[/b]"))
    async with shown.run_test() as pilot:
        await settled(pilot)
        assert isinstance(shown.screen, AskDialog)
        texts = [str(each.content) for each in shown.screen.query(Static).results(Static)]
        assert "error: none.csv: cannot be read: [b]no[/b]" in texts


async def test_leaving_ends_the_source() -> None:
    made = Made(whole(), waits=True)
    shown = app(made)
    async with shown.run_test() as pilot:
        await pilot.pause()
        await pilot.press("escape")
        await settled(pilot)
        assert made.ended.is_set()


async def test_a_real_log_that_grows_with_control_characters_in_it(tmp_path: Path) -> None:
    """The same engine as `advisor diagnose --follow`, in its own process."""
    path = tmp_path / "history.csv"
    lines = [f"{n},{2 / n},{2.1 / n},0.5\n" for n in range(1, 9)]
    path.write_text("epoch,loss,val_loss,acc\x1b[2J\n" + "".join(lines))
    shown = OneScreen(LogScreen(path))
    async with shown.run_test(size=(120, 40)) as pilot:
        await _until(pilot, lambda: len(chart(shown).series) == 2)
        assert len(chart(shown).series[0].x) == 8
        with path.open("a") as file:
            file.write("9,0.2,9.9,0.5\n")
        await _until(pilot, lambda: len(chart(shown).series[0].x) == 9)
        assert "\x1b" not in pilot.app.export_screenshot()


async def _until(pilot: Pilot[Any], holds: Any) -> None:
    for _ in range(1200):
        await pilot.pause(0.05)
        if holds():
            return
    raise AssertionError("it never came to that")


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_looks(snap_compare: Any, size: tuple[int, int]) -> None:
    assert snap_compare(app(Made(whole())), terminal_size=size, run_before=pressing())
