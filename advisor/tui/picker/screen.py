"""The recipe picker."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Header, Input, OptionList, Static
from textual.widgets.option_list import Option
from textual.worker import get_current_worker

from advisor.text import clean, counted
from advisor.tui.footer import Footer
from advisor.tui.picker.entries import (
    Entry,
    completions,
    grouped,
    is_path,
    kind_of,
    typed_path,
)
from advisor.tui.picker.messages import CompareRecipe, EditRecipe, OpenLog, OpenRecipe, OpenSession
from advisor.tui.picker.previews import preview, recipe_of

Source = Callable[[], Sequence[Entry]]
RECIPE_KINDS = ("example", "recipe")
WIDTHS = [(0, "-narrow"), (110, "-wide")]


class PickerScreen(Screen[None]):
    """Type to filter, or type a path; Enter opens what is highlighted."""

    TITLE = "advisor"
    SUB_TITLE = "what to work on"
    HORIZONTAL_BREAKPOINTS = WIDTHS
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "Open", priority=True),
        Binding("tab", "complete", "Complete", priority=True),
        Binding("f2", "edit", "Edit"),
        Binding("f3", "compare", "Compare"),
        Binding("up", "move(-1)", "Up", show=False, priority=True),
        Binding("down", "move(1)", "Down", show=False, priority=True),
        Binding("pageup", "scroll_preview(-1)", "Preview up", show=False),
        Binding("pagedown", "scroll_preview(1)", "Preview down", show=False),
        Binding("escape", "clear", "Clear"),
        Binding("ctrl+q", "app.quit", "Quit"),
    ]
    CSS = """
    PickerScreen {
        & #what { border: tall $primary; }
        & #lists { height: 1fr; }
        & OptionList { width: 40; border: none; padding: 0 1; scrollbar-size-vertical: 1; }
        & OptionList { text-wrap: nowrap; text-overflow: ellipsis; }
        & #preview { width: 1fr; border-left: solid $primary; padding: 0 1; }
        & #preview Static { width: 1fr; }
        & #count { height: 1; padding: 0 1; color: $text-muted; }
        &.-wide OptionList { width: 56; }
    }
    """

    @dataclass
    class Found(Message):
        """The examples and the recent sessions have been looked up."""

        entries: tuple[Entry, ...]

    @dataclass
    class Completed(Message):
        """What a typed path may become has been looked up."""

        text: str
        entries: tuple[Entry, ...]

    @dataclass
    class Previewed(Message):
        """What is in an entry has been read."""

        entry: Entry
        content: Content

    def __init__(self, source: Source | None = None) -> None:
        """`source` looks up what is offered, in a thread."""
        super().__init__()
        self._source = source or _known
        self._entries: tuple[Entry, ...] = ()
        self._shown: list[Entry] = []

    def compose(self) -> ComposeResult:
        yield Header()
        yield Input(placeholder="type to filter, or a path: ./recipe.yaml, ~/runs", id="what")
        with Horizontal(id="lists"):
            yield OptionList(markup=False)
            with VerticalScroll(id="preview", can_focus=False):
                yield Static(markup=False)
        yield Static(id="count", markup=False)

    def on_mount(self) -> None:
        self.query_one(OptionList).can_focus = False
        self.query_one("#what", Input).focus()
        self.call_after_refresh(self._finish)

    async def _finish(self) -> None:
        """The footer is the costliest part of the screen; the rest is drawn before it."""
        await self.mount(Footer())
        self.refresh_bindings()

    # what is offered

    def on_screen_resume(self) -> None:
        """At first, and again after another screen: what is listed may have changed there."""
        self._look_up()
        self._look_at()

    @work(thread=True, group="sources", exit_on_error=False)
    def _look_up(self) -> None:
        self.post_message(self.Found(tuple(self._source())))

    @on(Found)
    def _offer(self, message: Found) -> None:
        self._entries = message.entries
        self._filter()

    @on(Input.Changed, "#what")
    def _filter(self) -> None:
        text = self.query_one("#what", Input).value
        if is_path(text):
            self._complete(text)
            return
        words = text.lower().split()
        self._list([entry for entry in self._entries if entry.has(words)])

    @work(thread=True, exclusive=True, group="completions", exit_on_error=False)
    def _complete(self, text: str) -> None:
        worker = get_current_worker()
        found = completions(text)
        if not worker.is_cancelled:
            self.post_message(self.Completed(text, found))

    @on(Completed)
    def _offer_paths(self, message: Completed) -> None:
        if message.text == self.query_one("#what", Input).value:
            self._list(message.entries)

    def _list(self, entries: Sequence[Entry]) -> None:
        options, here = self.query_one(OptionList), self.highlighted
        options.clear_options()
        self._shown = []
        for heading, group in grouped(entries):
            options.add_option(Option(Content.styled(heading, "bold"), disabled=True))
            for entry in group:
                options.add_option(Option(_prompt(entry), id=str(len(self._shown))))
                self._shown.append(entry)
        told = counted(len(self._shown), "entry", "entries") if self._shown else "nothing fits"
        self.query_one("#count", Static).update(Content(told))
        if self._shown:
            places = [entry.path for entry in self._shown]
            place = places.index(here.path) if here and here.path in places else 0
            options.highlighted = options.get_option_index(str(place))
        else:
            self._show(Content(""))

    # the preview

    @on(OptionList.OptionHighlighted)
    def _look_at(self) -> None:
        if (entry := self.highlighted) is not None:
            self._preview(entry)

    @work(thread=True, exclusive=True, group="preview", exit_on_error=False)
    def _preview(self, entry: Entry) -> None:
        worker = get_current_worker()
        content = preview(entry)
        if not worker.is_cancelled:
            self.post_message(self.Previewed(entry, content))

    @on(Previewed)
    def _show_preview(self, message: Previewed) -> None:
        if message.entry == self.highlighted:
            self._show(message.content)

    def _show(self, content: Content) -> None:
        self.query_one("#preview Static", Static).update(content)
        self.query_one("#preview").scroll_home(animate=False)

    # what is done with it

    @property
    def highlighted(self) -> Entry | None:
        """What Enter would open."""
        option = self.query_one(OptionList).highlighted_option
        return self._shown[int(option.id)] if option is not None and option.id else None

    @on(OptionList.OptionSelected)
    def action_open(self) -> None:
        """Open the highlighted entry, or the path as it was typed where nothing fits."""
        entry = self.highlighted or self._typed()
        if entry is None:
            return
        match entry.kind:
            case "example" | "recipe":
                self.post_message(OpenRecipe(entry.path))
            case "session":
                self.post_message(OpenSession(entry.path))
            case "log":
                self.post_message(OpenLog(entry.path))
            case "folder":
                self._enter(entry)

    def _typed(self) -> Entry | None:
        text = self.query_one("#what", Input).value.strip()
        if not text or not (is_path(text) or typed_path(text).exists()):
            return None
        path = typed_path(text)
        if not path.exists():
            self.notify(f"nothing is at {clean(path)}", severity="warning", markup=False)
            return None
        return Entry(kind_of(path), path, clean(path.name))

    def _enter(self, entry: Entry) -> None:
        what = self.query_one("#what", Input)
        what.value = f"{entry.path}/"
        what.cursor_position = len(what.value)

    def action_complete(self) -> None:
        """Take over the highlighted path."""
        if (entry := self.highlighted) is None:
            return
        if entry.kind == "folder":
            self._enter(entry)
        else:
            what = self.query_one("#what", Input)
            what.value = str(entry.path) if is_path(what.value) else entry.title
            what.cursor_position = len(what.value)

    def action_edit(self) -> None:
        """Open the highlighted recipe in the editor, or a session's best."""
        if (path := self._recipe()) is not None:
            self.post_message(EditRecipe(path))

    def action_compare(self) -> None:
        """Train the highlighted recipe on two backends, or a session's best."""
        if (path := self._recipe()) is not None:
            self.post_message(CompareRecipe(path))

    def _recipe(self) -> Path | None:
        entry = self.highlighted
        if entry is not None and entry.kind in RECIPE_KINDS:
            return entry.path
        if entry is not None and entry.kind == "session":
            recipe = recipe_of(entry.path)
            if recipe.is_file():
                return recipe
        told = "that is for recipes and sessions that hold one; highlight one"
        self.notify(told, severity="warning", markup=False)
        return None

    def action_move(self, by: int) -> None:
        """Highlight another entry."""
        options = self.query_one(OptionList)
        options.action_cursor_up() if by < 0 else options.action_cursor_down()

    def action_scroll_preview(self, pages: int) -> None:
        """Scroll the preview."""
        shown = self.query_one("#preview")
        shown.scroll_relative(y=pages * max(1, shown.size.height - 1), animate=False)

    def action_clear(self) -> None:
        """Empty the filter; leave where it is empty."""
        what = self.query_one("#what", Input)
        if what.value:
            what.value = ""
        else:
            self.dismiss_or_leave()

    def dismiss_or_leave(self) -> None:
        """Back to the screen below; nothing happens on the first."""
        if len(self.app.screen_stack) > 2:
            self.dismiss(None)


def _prompt(entry: Entry) -> Content:
    note = f"  {clean(entry.note)}" if entry.note else ""
    below = f"\n    {clean(entry.detail)}" if entry.detail else ""
    return Content.assemble(f"  {clean(entry.title)}", (note, "dim"), (below, "dim"))


def _known() -> Sequence[Entry]:
    from advisor.tui.picker.known import known

    return known()
