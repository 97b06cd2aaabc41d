"""The line of keys at the bottom."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import Screen

from advisor.tui.footer import Footer, Part, fitting
from tests.tui import fed
from tests.tui.one_screen import OneScreen
from tests.tui.session.shown import shown

PARTS = st.lists(
    st.builds(Part, st.just("x"), st.text("ab", min_size=1, max_size=3), st.text("c", max_size=9),
              pinned=st.booleans()),
    max_size=12,
)  # fmt: skip


class Keyed(Screen[None]):
    """Some keys, one of them at rest until `open` is set."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("s", "save", "Save", tooltip="Writes the file."),
        Binding("t", "turn", "Turn"),
        Binding("u", "hidden", "Hidden", show=False),
        Binding("escape", "leave", "Back"),
    ]
    open = False
    saved = 0

    def compose(self) -> ComposeResult:
        yield Footer()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return None if action == "turn" and not self.open else True

    def action_save(self) -> None:
        self.saved += 1


def line(app: Any) -> str:
    return str(app.screen.query_one(Footer).render())


@given(PARTS, st.integers(0, 120))
def test_what_is_pinned_is_always_there_and_the_rest_as_fits(parts: list[Part], width: int) -> None:
    found = fitting(parts, width)
    assert [part for part in found if part.pinned] == [part for part in parts if part.pinned]
    rest = [part for part in found if not part.pinned]
    assert rest == [part for part in parts if not part.pinned][: len(rest)]
    assert sum(part.width for part in found) <= width or not rest


async def test_keys_come_from_the_bindings_and_help_is_added() -> None:
    async with OneScreen(Keyed()).run_test(size=(60, 5)) as pilot:
        await pilot.pause()
        assert line(pilot.app) == " s Save  t Turn  esc Back  F1 Help  ^p Commands "


async def test_a_click_presses_the_key_where_it_holds() -> None:
    screen = Keyed()
    async with OneScreen(screen).run_test(size=(60, 5)) as pilot:
        await pilot.pause()
        await pilot.click(Footer, offset=(2, 0))
        await pilot.click(Footer, offset=(9, 0))
        await pilot.click(Footer, offset=(55, 0))
        await pilot.pause()
        assert screen.saved == 1
        await pilot.hover(Footer, offset=(2, 0))
        assert screen.query_one(Footer).tooltip == "Writes the file."


async def test_it_is_drawn_anew_only_where_keys_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Keyed()
    drawn: list[int] = []
    monkeypatch.setattr(Footer, "render", lambda self: drawn.append(1) or Content())
    async with OneScreen(screen).run_test(size=(60, 5)) as pilot:
        await pilot.pause()
        before = len(drawn)
        screen.refresh_bindings()
        await pilot.pause()
        assert len(drawn) == before
        screen.open = True
        screen.refresh_bindings()
        await pilot.pause()
        assert len(drawn) > before


@pytest.mark.parametrize("width", [40, 80, 100, 120, 200])
async def test_help_and_the_way_out_of_a_session_are_always_shown(width: int) -> None:
    async with shown(fed.asking(), (width, 24)) as (app, _):
        found = line(app)
        assert len(found) <= width
        assert " ? Help " in found
        assert " q Quit " in found
        assert found.startswith(" a Accept ")
