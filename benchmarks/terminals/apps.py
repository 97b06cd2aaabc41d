"""The apps that are compared: `python apps.py empty`, `... session DIR`, `... history DIR`.

Each draws `beat N` in its last line at the N-th F12: the same work for the key in each, in whatever
else the app has to do.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import ClassVar

from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static

BEAT = Binding("f12", "beat", show=False, priority=True)


class Beating(App[int]):
    """Draws what the key asks for on whichever screen is shown."""

    BINDINGS: ClassVar[list[BindingType]] = [BEAT]
    beats = 0

    def action_beat(self) -> None:
        self.beats += 1
        found = self.screen.query("#beat")
        if not found:
            line = Static(id="beat")
            line.styles.dock, line.styles.height, line.styles.layer = "bottom", 1, "beat"
            self.screen.mount(line)
        else:
            line = found.first(Static)
        line.update(f"beat {self.beats}.", layout=False)


class Empty(Beating):
    """One line of text."""

    def compose(self) -> ComposeResult:
        yield Static("ready")


def session(folder: Path) -> Beating:
    """The whole interface at a session."""
    from advisor.tui.app import AdvisorApp
    from advisor.tui.opening import Opening

    class Ours(Beating, AdvisorApp):
        pass

    return Ours(Opening(folder=folder))


def main() -> None:
    kind, *rest = sys.argv[1:]
    app = Empty() if kind == "empty" else session(Path(rest[0]))
    app.run()


if __name__ == "__main__":
    main()
