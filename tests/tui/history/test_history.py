"""The history's flows and its looks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Input, Static

from advisor.tui.chart import Chart
from advisor.tui.history import screen
from advisor.tui.history.pair import PairScreen
from advisor.tui.history.screen import HistoryScreen
from advisor.tui.history.table import VirtualTable
from advisor.tui.model import Grown, SessionView
from tests.tui.history.made import TRIALS, session, steered, write_events
from tests.tui.one_screen import SIZES, OneScreen, pressing, settled


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(screen, "REST", 0.0)


def app(view: SessionView | None = None) -> OneScreen:
    return OneScreen(HistoryScreen(view or session()))


def shown(of: OneScreen) -> list[int]:
    return [row.number for row in of.shown.query_one(VirtualTable).rows]


def about(of: OneScreen) -> str:
    return str(of.shown.query_one("#about", Static).content)


async def test_filter_sort_and_back() -> None:
    of = app()
    async with of.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        assert shown(of) == [1, 3, 4, 5, 6, 7, 8, 9]
        await pilot.press("slash", *"accepted", "enter")
        await settled(pilot)
        assert shown(of) == [4, 8]
        assert of.shown.sub_title == "2 of 8 trials and probes"
        await pilot.press("s")
        await settled(pilot)
        assert shown(of) == [8, 4]
        await pilot.press("r")
        await settled(pilot)
        assert shown(of) == [4, 8]
        await pilot.press("escape")
        await settled(pilot)
        assert of.shown.query_one(Input).value == ""
        assert len(shown(of)) == 8
        await pilot.press("escape")
        await settled(pilot)
        assert of.screen is not of.shown


async def test_the_evidence_of_the_row_under_the_cursor_is_told() -> None:
    of = app()
    async with of.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await pilot.press("down", "down")
        await settled(pilot)
        assert "+ accepted" in about(of)
        assert "gain" in about(of)
        assert "[+0.4434, +0.7767]" in about(of)
        await pilot.press("down", "down", "down")
        await settled(pilot)
        assert "out of memory" in about(of)


async def test_a_growing_session_is_shown_and_the_cursor_stays(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(screen, "PAUSE", 0.001)
    of = app()
    async with of.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await pilot.press("end", "up")
        more = [*TRIALS, replace(TRIALS[-1], number=10)]
        now = replace(session(), trials=Grown.of(more), revision=2)
        of.shown.show(now)  # type: ignore[attr-defined]
        while 10 not in shown(of):
            await pilot.pause()
        assert of.shown.query_one(VirtualTable).current.number == 8


async def test_two_marked_trials_are_put_side_by_side(tmp_path: Path) -> None:
    write_events(tmp_path)
    of = app(session(tmp_path))
    async with of.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await pilot.press("down", "down", "space", "end", "up", "space", "enter")
        await settled(pilot)
        assert isinstance(of.screen, PairScreen)
        told = "\n".join(str(s.content) for s in of.screen.query(Static).results(Static))
        assert "optimizer.lr" in told
        assert "relu-when-signal-vanishes" in told
        chart = of.screen.query_one(Chart)
        assert [len(one.x) for one in chart._picture.series] == [8, 8]
        await pilot.press("c", "l", "x")
        await settled(pilot)
        assert chart._picture.log
        assert chart._picture.series[0].name == "A trial 8"
        await pilot.press("escape")
        await settled(pilot)
        assert of.screen is of.shown


async def test_enter_alone_shows_a_trial_beside_what_it_was_to_beat() -> None:
    of = app()
    async with of.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await pilot.press("end", "enter")
        await settled(pilot)
        assert isinstance(of.screen, PairScreen)
        assert [trial.number for trial in of.screen._pair] == [8, 9]


async def test_what_has_no_partner_says_so() -> None:
    of = app()
    async with of.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await pilot.press("enter")
        await settled(pilot)
        assert of.screen is of.shown
        assert any("mark two trials" in note.message for note in of._notifications)


async def test_an_empty_session_is_no_error() -> None:
    of = app(SessionView())
    async with of.run_test() as pilot:
        await settled(pilot)
        await pilot.press("space", "enter", "down", "s")
        await settled(pilot)
        assert about(of) == "no trial yet"


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_looks(snap_compare: Any, size: tuple[int, int]) -> None:
    keys = ("down", "down", "space", "down", "down", "down", "down", "space", "up", "up", "up")
    assert snap_compare(app(steered()), terminal_size=size, run_before=pressing(*keys))


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_the_pair_looks(snap_compare: Any, size: tuple[int, int], tmp_path: Path) -> None:
    write_events(tmp_path)
    of = app(session(tmp_path))
    keys = ("end", "up", "enter")
    assert snap_compare(of, terminal_size=size, run_before=pressing(*keys))
