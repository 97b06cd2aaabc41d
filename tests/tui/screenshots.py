"""Draws the pictures of docs/tui.md out of frozen values: `python -m tests.tui.screenshots DIR`."""

from __future__ import annotations

import asyncio
import re
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from textual.app import App

from advisor.tui.compare.screen import CompareScreen
from advisor.tui.editor.screen import EditorScreen
from advisor.tui.history.screen import HistoryScreen
from advisor.tui.logs.screen import LogScreen
from advisor.tui.picker.screen import PickerScreen
from tests.tui import fed
from tests.tui.compare.made import whole as compared
from tests.tui.editor.test_editor import WRONG
from tests.tui.history.made import session, write_events
from tests.tui.logs.made import whole as diagnosed
from tests.tui.made_source import Made
from tests.tui.one_screen import OneScreen, pressing
from tests.tui.picker.test_picker import offered
from tests.tui.session.shown import Shown

SIZE = (120, 36)
ID = re.compile(r"terminal-\d+")


@dataclass(frozen=True)
class Shot:
    """An app, made in a folder for its files, and the keys that are pressed in it."""

    app: Callable[[Path], App[Any]]
    keys: Sequence[str] = ()


def _editor(folder: Path) -> App[Any]:
    (folder / "wine.yaml").write_text(WRONG)
    return OneScreen(EditorScreen(folder / "wine.yaml"))


def _history(folder: Path) -> App[Any]:
    write_events(folder)
    return OneScreen(HistoryScreen(session(folder)))


SHOTS: Mapping[str, Shot] = {
    "picker": Shot(lambda folder: OneScreen(PickerScreen(offered)), ("down", "down", "down")),
    "session": Shot(lambda folder: Shown(fed.asking())),
    "training": Shot(lambda folder: Shown(fed.training())),
    "history": Shot(_history, ("down", "down")),
    "side-by-side": Shot(_history, ("end", "up", "enter")),
    "compare": Shot(
        lambda folder: OneScreen(CompareScreen(Path("digits.yaml"), lambda: Made(compared())))
    ),
    "editor": Shot(_editor, ("f8",)),
    "log": Shot(lambda folder: OneScreen(LogScreen(Path("run.csv"), lambda: Made(diagnosed())))),
}


async def drawn(name: str) -> str:
    """The picture as SVG; the same whenever it is drawn."""
    shot = SHOTS[name]
    with tempfile.TemporaryDirectory() as folder:
        app = shot.app(Path(folder))
        async with app.run_test(size=SIZE) as pilot:
            await pressing(*shot.keys)(pilot)
            svg = app.export_screenshot(title="advisor", simplify=True)
    return ID.sub(f"advisor-{name}", svg)


def main() -> None:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name in SHOTS:
        (folder / f"{name}.svg").write_text(asyncio.run(drawn(name)), encoding="utf-8")


if __name__ == "__main__":
    main()
