"""The recipe editor."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Header, OptionList, TextArea
from textual.widgets.option_list import Option

from advisor.text import clean, counted
from advisor.tui.dialogs.ask import CANCEL, Answer, AskDialog
from advisor.tui.dialogs.path import PathDialog
from advisor.tui.editor import files
from advisor.tui.editor.area import RecipeArea
from advisor.tui.editor.checking import Checked, Fault, checked
from advisor.tui.footer import Footer
from advisor.tui.picker.messages import OpenRecipe

PAUSE = 0.25
"""seconds without a key before a text is checked"""
SAVE, DISCARD = Answer("save", "Save", "primary"), Answer("discard", "Discard", "warning")
OVERWRITE = Answer("overwrite", "Overwrite", "warning")
NEW = "recipe.yaml"
WIDTHS = [(0, "-narrow"), (110, "-wide")]


class EditorScreen(Screen[None]):
    """A recipe's text, and beside it what its reader says."""

    TITLE = "recipe editor"
    HORIZONTAL_BREAKPOINTS = WIDTHS
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "save", "Save"),
        Binding("f2", "save_as", "Save as"),
        Binding("ctrl+r", "start", "Start session"),
        Binding("f8", "next_fault", "Next fault"),
        Binding("escape", "leave", "Back", priority=True),
    ]
    CSS = """
    EditorScreen {
        & Horizontal { height: 1fr; }
        & RecipeArea { width: 1fr; border: none; }
        & #said { border: none; padding: 0 1; height: 1fr; width: 44; }
        & #said { border-left: solid $primary; }
        &.-narrow Horizontal { layout: vertical; }
        &.-narrow #said { width: 1fr; height: 8; border-left: none; border-top: solid $primary; }
        &.-wide #said { width: 40%; }
    }
    """

    def __init__(self, path: Path | None = None, text: str = "") -> None:
        """Edits the file at `path`, or this text where there is none yet."""
        super().__init__()
        self._path = path
        self._saved: str | None = None
        """the text as it is on disk; None where it is not there"""
        self._text = text
        self._checked = Checked()

    def compose(self) -> ComposeResult:
        yield Header()
        with Horizontal():
            yield RecipeArea("")
            yield OptionList(id="said", markup=False)
        yield Footer()

    def on_mount(self) -> None:
        if self._path is not None:
            try:
                self._text = self._saved = files.load(self._path)
            except (OSError, ValueError) as error:
                reason = getattr(error, "strerror", None) or str(error)
                self._complain(f"{self._path}: cannot be read: {reason}")
        self._area.load_text(self._text)
        self._area.focus()
        self._retitle()

    @property
    def _area(self) -> RecipeArea:
        return self.query_one(RecipeArea)

    @property
    def unsaved(self) -> bool:
        """Whether there is something to lose."""
        return self._area.text != (self._saved or "")

    # what the reader says

    @on(TextArea.Changed)
    def _changed(self) -> None:
        self._retitle()
        self._check()

    @work(exclusive=True, group="check", exit_on_error=False)
    async def _check(self) -> None:
        await asyncio.sleep(PAUSE)
        self._show(await asyncio.to_thread(checked, self._area.text))

    def _show(self, found: Checked) -> None:
        self._checked = found
        self._area.mark(found.lines)
        said = self.query_one("#said", OptionList)
        said.set_options([Option(told, disabled=not found.faults) for told in _said(found)])
        self._retitle()

    def _retitle(self) -> None:
        name = clean(self._path.name) if self._path else "new"
        faults = self._checked.faults
        state = counted(len(faults), "fault") if faults else "valid" if self._checked.told else ""
        unsaved = "not saved" if self.unsaved else ""
        self.sub_title = ", ".join(part for part in (name, unsaved, state) if part)

    @on(OptionList.OptionSelected, "#said")
    def _go_to(self, event: OptionList.OptionSelected) -> None:
        line = self._checked.faults[event.option_index].line
        self._area.move_cursor(((line or 1) - 1, 0), center=True)
        self._area.focus()

    def action_next_fault(self) -> None:
        """Go to the next line that is at fault."""
        lines, here = sorted(self._checked.lines), self._area.cursor_location[0] + 1
        if lines:
            line = next((line for line in lines if line > here), lines[0])
            self._area.move_cursor((line - 1, 0), center=True)

    # saving, starting, leaving

    @work(exclusive=True, group="act")
    async def action_save(self) -> None:
        """Save under the present name."""
        await self._save()

    @work(exclusive=True, group="act")
    async def action_save_as(self) -> None:
        """Save under another name."""
        await self._save_as()

    @work(exclusive=True, group="act")
    async def action_start(self) -> None:
        """Begin a session from this recipe, which must be valid and saved."""
        found = await asyncio.to_thread(checked, self._area.text)
        self._show(found)
        if not found.ok:
            self._complain("mend the recipe first; F8 goes from fault to fault")
            self.action_next_fault()
        elif (not self.unsaved or await self._save()) and self._path is not None:
            self.post_message(OpenRecipe(self._path))

    @work(exclusive=True, group="act")
    async def action_leave(self) -> None:
        """Back to the screen below."""
        if await self._may_leave():
            self.dismiss(None)

    @work(exclusive=True, group="act")
    async def action_quit(self) -> None:
        """End the program, for the app's own key; asks first where there is something to lose."""
        if await self._may_leave():
            self.app.exit()

    async def _may_leave(self) -> bool:
        if not self.unsaved:
            return True
        text = Content("The recipe has changes that are not saved.")
        dialog = AskDialog("Not saved", text, (SAVE, DISCARD, CANCEL))
        answer = await self.app.push_screen_wait(dialog)
        return answer == DISCARD.name or (answer == SAVE.name and await self._save())

    async def _save(self) -> bool:
        """Whether it is saved now."""
        path = self._path
        if path is None or files.is_kept(path):
            return await self._save_as()
        if files.changed_since(path, self._saved) and not await self._overwrites(path):
            return False
        return await self._write(path)

    async def _save_as(self) -> bool:
        here = self._path is None or files.is_kept(self._path)
        default = str(Path.cwd() / (self._path.name if self._path else NEW))
        dialog = PathDialog("Save the recipe as", default if here else str(self._path))
        path = await self.app.push_screen_wait(dialog)
        if path is None:
            return False
        if files.is_kept(path):
            self._complain(
                "examples and the files of a session stay as they are; choose another folder"
            )
            return False
        return await self._write(path)

    async def _overwrites(self, path: Path) -> bool:
        text = Content(clean(f"{path.name} was changed by somebody else meanwhile."))
        dialog = AskDialog("Changed on disk", text, (CANCEL, OVERWRITE))
        return await self.app.push_screen_wait(dialog) == OVERWRITE.name

    async def _write(self, path: Path) -> bool:
        text = self._area.text
        try:
            files.save(path, text)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            self._complain(f"{path}: cannot be saved: {reason}. The text is still here")
            return False
        self._path, self._saved = path, text
        self._retitle()
        await self._tell_saved(path, text)
        return True

    async def _tell_saved(self, path: Path, text: str) -> None:
        """What is not valid is saved as well, since no work is to be lost, but not silently."""
        found = await asyncio.to_thread(checked, text)
        if found.ok:
            self.notify(clean(f"saved as {path}"), markup=False)
            return
        first = found.faults[0]
        place = f"line {first.line}: " if first.line else ""
        what = " ".join(part for part in (first.field, first.found) if part)
        more = (
            f" (and {counted(len(found.faults) - 1, 'more', 'more')})" if found.faults[1:] else ""
        )
        told = f"saved as {path}, but it is not a valid recipe: {place}{what}{more}"
        self.notify(clean(told), severity="warning", markup=False, timeout=10)

    def _complain(self, text: str) -> None:
        self.notify(clean(text), severity="error", markup=False)


def _said(found: Checked) -> list[Content]:
    if found.ok:
        lines = [
            Content.styled("✓ a valid recipe", "bold $text-success"),
            *map(Content, found.told),
        ]
        return [Content("\n").join(lines)]
    return [_fault(fault) for fault in found.faults]


def _fault(fault: Fault) -> Content:
    place = f"line {fault.line}" if fault.line else "recipe"
    parts: list[str | tuple[str, str]] = [(f"✗ {place} ", "bold $text-error")]
    parts += [(fault.field, "bold"), f"\n  {fault.found}"]
    if fault.allowed:
        parts.append((f"\n  allowed: {fault.allowed}", "dim"))
    if fault.suggestion:
        parts.append((f"\n  did you mean {fault.suggestion!r}?", "bold"))
    return Content.assemble(*parts)
