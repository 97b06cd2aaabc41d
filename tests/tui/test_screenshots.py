"""The pictures of docs/tui.md are there, and are drawn the same each time."""

from __future__ import annotations

import re
from pathlib import Path

from tests.tui.screenshots import SHOTS, drawn

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_each_picture_is_there_and_shown() -> None:
    there = {path.stem for path in (DOCS / "screenshots").glob("*.svg")}
    page = (DOCS / "tui.md").read_text(encoding="utf-8")
    assert there == {*SHOTS}
    assert {*re.findall(r"\(screenshots/([\w-]+)\.svg\)", page)} == {*SHOTS}


async def test_a_picture_is_the_same_each_time() -> None:
    assert await drawn("picker") == await drawn("picker")
