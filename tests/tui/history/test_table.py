from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.app import App, ComposeResult

from advisor.tui.history.table import Column, VirtualTable, fitting

DRAWN: list[int] = []


def text(row: int) -> str:
    DRAWN.append(row)
    return f"row {row}"


COLUMNS: list[Column[int]] = [
    Column("a", "first", 10, text, 2, grows=True),
    Column("b", "second", 8, lambda row: str(-row), 1, right=True),
]


class Tabled(App[None]):
    def __init__(self) -> None:
        super().__init__()
        self.told: list[Any] = []

    def compose(self) -> ComposeResult:
        yield VirtualTable(COLUMNS, lambda row: row)

    @property
    def table(self) -> VirtualTable[int]:
        return self.query_one(VirtualTable)

    def on_virtual_table_selected(self, event: VirtualTable.Selected) -> None:
        self.told.append(event.index)

    def on_virtual_table_head_clicked(self, event: VirtualTable.HeadClicked) -> None:
        self.told.append(event.key)


def line(table: VirtualTable[int], y: int) -> str:
    return table.render_line(y).text.rstrip()


async def test_only_what_is_seen_is_drawn() -> None:
    app = Tabled()
    async with app.run_test(size=(40, 12)) as pilot:
        app.table.focus()
        DRAWN.clear()
        app.table.show(range(100_000))
        await pilot.pause()
        assert max(DRAWN) < 20
        await pilot.press("end")
        await pilot.pause()
        assert app.table.current == 99_999
        assert len(DRAWN) < 200
        assert line(app.table, 11).startswith("row 99999")
        assert line(app.table, 0).split() == ["first", "second"]


async def test_the_cursor_moves_and_stays_within() -> None:
    app = Tabled()
    async with app.run_test(size=(40, 12)) as pilot:
        app.table.focus()
        app.table.show(range(30))
        await pilot.press("up", "down", "down", "pagedown")
        assert app.table.current == 12
        await pilot.press("pagedown", "pagedown", "pagedown", "down")
        assert app.table.current == 29
        await pilot.press("home")
        assert app.table.current == 0
        assert app.table.scroll_offset.y == 0


async def test_the_cursor_stays_on_its_row_when_others_are_shown() -> None:
    app = Tabled()
    async with app.run_test(size=(40, 12)) as pilot:
        app.table.focus()
        app.table.show(range(30))
        await pilot.press("down", "down", "down")
        app.table.show(range(29, -1, -1), "a", reverse=True)
        await pilot.pause()
        assert app.table.current == 3
        assert "first▼" in line(app.table, 0)
        app.table.show([1, 2])
        assert app.table.current == 2
        app.table.show([])
        assert app.table.current is None
        await pilot.press("down", "enter", "end")
        assert app.told == []


async def test_a_click_moves_and_a_second_opens_and_a_title_sorts() -> None:
    app = Tabled()
    async with app.run_test(size=(40, 12)) as pilot:
        app.table.show(range(30))
        await pilot.pause()
        await pilot.click(VirtualTable, offset=(3, 5))
        assert app.table.current == 4
        await pilot.click(VirtualTable, offset=(3, 5), times=2)
        await pilot.click(VirtualTable, offset=(35, 0))
        await pilot.pause()
        assert app.told == [4, "b"]


@given(st.integers(1, 300))
def test_columns_fit_and_those_needed_most_stay(width: int) -> None:
    columns = [Column(str(n), "", 4 + n % 5, text, n, grows=n % 3 == 0) for n in range(8)]
    found = fitting(columns, width)
    assert sum(room + 1 for _, room in found) <= width
    kept = [int(column.key) for column, _ in found]
    assert kept == sorted(kept)
    if kept:
        left_out = [n for n in range(8) if n not in kept]
        room = width - sum(columns[n].width + 1 for n in kept)
        assert all(columns[n].width + 1 > room for n in left_out)


@pytest.mark.parametrize("odd", ["日本語日本語日本語", "x" * 50, "", "é" * 9])
async def test_cells_are_as_wide_as_they_should_be(odd: str) -> None:
    class Odd(App[None]):
        def compose(self) -> ComposeResult:
            yield VirtualTable([Column("a", "t", 9, lambda row: odd, 1)])

    app = Odd()
    async with app.run_test(size=(30, 5)) as pilot:
        table = app.query_one(VirtualTable)
        table.show([1])
        await pilot.pause()
        assert table.render_line(1).cell_length == table.size.width
