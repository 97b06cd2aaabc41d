"""What is imported when: each in a fresh process."""

from __future__ import annotations

import pytest

from tests.test_imports import FRAMEWORKS, imported_by

HEAVY = FRAMEWORKS | {"numpy", "scipy", "sklearn", "optuna", "pydantic", "yaml", "safetensors"}
AUTO = """
import sys
sys.modules["textual"] = None  # importing it is an error from here on
import advisor.cli.auto, advisor.cli.resume, advisor.cli.sessions, advisor.cli.report
import advisor.cli.narrate, advisor.cli.live, advisor.journal, advisor.host.host
del sys.modules["textual"]
"""
PAINT = """
import asyncio
from pathlib import Path
from advisor.tui.app import AdvisorApp
from advisor.tui.opening import Opening
from advisor.tui.reader import Reader
from advisor.tui.session.screen import SessionScreen

class Client:
    folder = Path()

class App(AdvisorApp):
    def open_first(self):
        self.push_screen(SessionScreen(Client(), Reader(Path("nowhere"))))

async def main():
    async with App(Opening()).run_test() as pilot:
        await pilot.pause()

asyncio.run(main())
"""


def test_auto_imports_no_textual() -> None:
    assert "textual" not in imported_by(AUTO)


def test_the_first_paint_needs_nothing_heavy() -> None:
    assert imported_by(PAINT) & HEAVY == set()


@pytest.mark.parametrize("module", ["advisor.tui.model", "advisor.tui.reader"])
def test_what_reads_needs_no_textual(module: str) -> None:
    found = imported_by(f"import {module}")
    assert not found & (HEAVY | {"textual"})


def test_the_command_line_starts_without_textual() -> None:
    assert "textual" not in imported_by("import advisor.cli")


def test_a_command_imports_no_other() -> None:
    parsed = "from advisor.cli.parser import parsed\nassert parsed(['tui']).command == 'tui'\n"
    other = "import sys\nassert not {'advisor.cli.auto', 'advisor.cli.rules'} & {*sys.modules}"
    imported_by(parsed + other)


def test_the_app_knows_no_session_before_there_is_one() -> None:
    later = "{'advisor.tui.session.screen', 'advisor.tui.model', 'advisor.tui.chart'}"
    imported_by(
        "import sys, advisor.tui.app, advisor.tui.picker.screen\n"
        f"assert not {later} & {{*sys.modules}}, {later} & {{*sys.modules}}"
    )
