"""The session screen as a picture, at three sizes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from advisor.tui.reader import Snapshot
from tests.tui import fed
from tests.tui.one_screen import SIZES, pressing
from tests.tui.session.shown import Shown

Compare = Callable[..., bool]
STATES: dict[str, tuple[Callable[[], Snapshot], tuple[str, ...]]] = {
    "asking": (fed.asking, ()),
    "training": (fed.training, ()),
    "ended": (fed.ended, ()),
    "help": (fed.asking, ("question_mark",)),
}


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "120x40", "200x60"])
@pytest.mark.parametrize("name", STATES)
def test_the_session(snap_compare: Compare, name: str, size: tuple[int, int]) -> None:
    make, keys = STATES[name]
    assert snap_compare(Shown(make()), terminal_size=size, run_before=pressing(*keys))


@pytest.mark.parametrize("panel", ["3", "4", "5"], ids=["symptoms", "stages", "log"])
def test_panels_that_take_turns(snap_compare: Compare, panel: str) -> None:
    app = Shown(
        fed.snapshot(fed.began(), [fed.asked()], fed.tried(), fed.decided(), [fed.asked(20)])
    )
    assert snap_compare(app, terminal_size=SIZES[0], run_before=pressing(panel))


@pytest.mark.parametrize("theme", ["advisor-light", "advisor-contrast"])
def test_themes(snap_compare: Compare, theme: str) -> None:
    assert snap_compare(Shown(fed.asking(), theme), terminal_size=SIZES[1], run_before=pressing())


def test_without_colour(snap_compare: Compare, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app: Any = Shown(fed.training())
    assert snap_compare(app, terminal_size=SIZES[0], run_before=pressing())
