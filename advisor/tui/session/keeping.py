"""What a session leaves: explanations, the report, copies of the best recipe."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from textual import on, work
from textual.content import Content
from textual.message import Message

from advisor.text import clean
from advisor.tui.faults import Told, of_writing
from advisor.tui.hanging import row
from advisor.tui.session.deciding import Deciding, recipe_file
from advisor.tui.session.proposal import difference, facts
from advisor.tui.session.symptoms import SymptomsPanel

TIMEOUT = 300.0


class Keeping(Deciding):
    """Nothing here changes the session."""

    @dataclass
    class Reported(Message):
        """The report is written, or why it is not."""

        path: Path
        error: str = ""

    def action_why(self) -> None:
        """The change, what was measured, and the whole rule behind it."""
        proposal = self.proposal
        if proposal is None:
            return
        from advisor.tui.dialogs.text import text_width

        measured = row("measured", facts(proposal), text_width(self.size.width))
        text = Content("\n").join([*difference(proposal), measured, Content("")])
        self.explain(proposal.rule, text)

    @on(SymptomsPanel.Asked)
    def _explain_symptom(self, message: SymptomsPanel.Asked) -> None:
        from advisor.tui.dialogs.text import text_width

        name = message.name
        found = [one for one in self.snapshot.session.findings if one.symptom == name]
        lines = []
        for one in found:
            told = [("", one.reads), ("looked at", one.window), ("fires when", one.threshold)]
            width = text_width(self.size.width)
            lines += [row(head, clean(text), width) for head, text in told if text]
        self.explain(name, Content("\n").join([*lines, Content("")]))

    def explain(self, name: str, text: Content) -> None:
        """`text`, and below it what `advisor explain` says."""
        from advisor.tui.dialogs.text import TextDialog, text_width
        from advisor.tui.explaining import explained_in

        width = text_width(self.size.width)
        load = partial(explained_in, self.driver.folder, name, width)
        self.app.push_screen(TextDialog(clean(name), text, load))

    def action_report(self) -> None:
        self.say("writing the report ...")
        self._report()

    @work(thread=True, exclusive=True, group="report", exit_on_error=False)
    def _report(self) -> None:
        folder = self.driver.folder
        command = [sys.executable, "-m", "advisor.cli", "report", str(folder)]
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, timeout=TIMEOUT, stdin=subprocess.DEVNULL
            )
            error = done.stderr.strip() if done.returncode else ""
        except (OSError, subprocess.TimeoutExpired) as failure:
            error = str(failure)
        self.post_message(self.Reported(folder / "report.html", error))

    @on(Reported)
    def _reported(self, message: Reported) -> None:
        if message.error:
            advice = "The session itself is not touched; try again when it has done more."
            self._told.discard(message.error)
            self.tell(Told("The report could not be written", message.error, advice))
        else:
            self.say(f"the report is {message.path}")

    def action_copy(self) -> None:
        """To the clipboard, as far as the terminal lets us."""
        from advisor.tui.dialogs.pick import PickDialog

        folder = shlex.quote(str(self.driver.folder))
        found: list[tuple[str, str]] = []
        if (recipe := self._best()) is not None:
            found.append(("the best recipe", recipe.read_text(encoding="utf-8")))
            found.append(("command: train it", f"advisor run {shlex.quote(str(recipe))}"))
        found.append(("command: come back here", f"advisor tui {folder}"))
        found.append(("command: go on without a screen", f"advisor resume {folder}"))
        found.append(("the session's folder", str(self.driver.folder)))

        def picked(place: int | None) -> None:
            if place is not None:
                self.app.copy_to_clipboard(found[place][1])
                self.say(f"copied: {found[place][0]}")

        self.app.push_screen(PickDialog("copy", [Content(name) for name, _ in found]), picked)

    def action_export(self) -> None:
        """The best recipe, as a file of its own."""
        from advisor.tui.dialogs.path import PathDialog

        recipe = self._best()
        if recipe is None:
            self.say("there is no recipe to export yet")
            return

        def named(path: Path | None) -> None:
            if path is not None:
                self._export(recipe, path)

        name = "".join(c if c.isalnum() or c in "-_" else "-" for c in self.snapshot.session.name)
        self.app.push_screen(PathDialog("export the best recipe to", f"{name}-best.yaml"), named)

    def _export(self, recipe: Path, path: Path) -> None:
        try:
            shutil.copyfile(recipe, path)
        except OSError as error:
            self.tell(of_writing(error))
        else:
            self.say(f"the best recipe is {path}")

    def _best(self) -> Path | None:
        """best.yaml of a session that has ended; else the recipe of the best trial so far."""
        session, folder = self.snapshot.session, self.driver.folder
        if session.summary and (folder / "best.yaml").is_file():
            return folder / "best.yaml"
        best = session.incumbent.trial if session.incumbent else None
        return recipe_file(folder, session, best)
