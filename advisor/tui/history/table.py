"""A table that draws only the lines that are seen: a hundred thousand rows cost as one screen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

from rich.cells import set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

T = TypeVar("T")
HEAD = 1
"""lines of the header, which does not scroll"""
GAP = 1
RISING, FALLING = "▲", "▼"


@dataclass(frozen=True)
class Column(Generic[T]):
    """A column; those with the lower `need` are left out first where the room is small."""

    key: str
    title: str
    width: int
    text: Callable[[T], str]
    need: int = 0
    right: bool = False
    grows: bool = False
    """takes a share of the room that is left"""
    style: Callable[[T], str] | None = None
    """name of a component class, such as `table--good`, or nothing"""


class VirtualTable(ScrollView, Generic[T], can_focus=True):
    """Rows are values that the owner keeps; the table knows how to draw one."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "table--head",
        "table--cursor",
        "table--good",
        "table--bad",
        "table--dim",
    }
    DEFAULT_CSS = """
    VirtualTable {
        height: 1fr;
        overflow-x: hidden;
        overflow-y: scroll;
        scrollbar-size-vertical: 1;
        & .table--head { text-style: bold; background: $panel; color: $text; }
        & .table--cursor { background: $primary 40%; }
        & .table--good { color: $text-success; text-style: bold; }
        & .table--bad { color: $text-error; }
        & .table--dim { color: $text 60%; }
        &:focus .table--cursor { background: $primary; color: $text; text-style: bold; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "select", "Open", show=False),
        Binding("up", "move(-1)", show=False),
        Binding("down", "move(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("pagedown", "page(1)", show=False),
        Binding("home", "first", show=False),
        Binding("end", "last", show=False),
    ]
    cursor: reactive[int] = reactive(0, repaint=False)

    @dataclass
    class Highlighted(Message):
        """Another row is under the cursor."""

        table: VirtualTable[Any]
        index: int

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, type(self)) and message.table is self.table

    @dataclass
    class Selected(Message):
        """Enter, or a second click."""

        table: VirtualTable[Any]
        index: int

    @dataclass
    class HeadClicked(Message):
        """A column's title was clicked."""

        table: VirtualTable[Any]
        key: str

    def __init__(
        self,
        columns: Sequence[Column[T]],
        identity: Callable[[T], object] = id,
        *,
        id: str | None = None,  # noqa: A002 Textual's word
    ) -> None:
        """`identity` tells which row is which when others are shown: the cursor stays on it."""
        super().__init__(id=id)
        self._every, self._identity = tuple(columns), identity
        self._columns: tuple[tuple[Column[T], int], ...] = ()
        """those that fit, and their widths"""
        self._rows: Sequence[T] = ()
        self._sorted = ("", False)
        self._looks: dict[tuple[str, bool], Style] = {}

    @property
    def rows(self) -> Sequence[T]:
        return self._rows

    @property
    def current(self) -> T | None:
        """The row under the cursor."""
        return self._rows[self.cursor] if 0 <= self.cursor < len(self._rows) else None

    def show(self, rows: Sequence[T], key: str = "", reverse: bool = False) -> None:
        """Draw these rows, which must not change; `key` is the column they are sorted by."""
        before = self.current
        follow = None if before is None else self._identity(before)
        self._rows, self._sorted = rows, (key, reverse)
        self.virtual_size = Size(self.size.width, len(rows) + HEAD)
        self.cursor = self._place_of(follow)
        self.refresh()
        self.post_message(self.Highlighted(self, self.cursor))

    def _place_of(self, wanted: object) -> int:
        """Where the row is that was under the cursor; the nearest place where it is gone."""
        here, name = self.cursor, self._identity
        if 0 <= here < len(self._rows) and name(self._rows[here]) == wanted:
            return here
        found = next((n for n, row in enumerate(self._rows) if name(row) == wanted), here)
        return max(0, min(found, len(self._rows) - 1))

    # drawing

    def notify_style_update(self) -> None:
        self._looks.clear()
        super().notify_style_update()

    def _look(self, name: str) -> Style:
        """A component's style over the table's own; asked for once, since that takes long."""
        key = (name, self.has_focus)
        found = self._looks.get(key)
        if found is None:
            found = self.rich_style
            for part in name.split():
                found += self.get_component_rich_style(part, partial=True)
            self._looks[key] = found
        return found

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        if y < HEAD:
            return self._head(width)
        index = self.scroll_offset.y + y - HEAD
        if index >= len(self._rows):
            return Strip.blank(width, self._look(""))
        return self._line(self._rows[index], index == self.cursor, width)

    def _head(self, width: int) -> Strip:
        key, reverse = self._sorted
        style = self._look("table--head")
        parts = []
        for column, room in self._columns:
            sign = (FALLING if reverse else RISING) if column.key == key else ""
            parts.append(Segment(_cell(column.title + sign, room, column.right) + " ", style))
        return Strip(parts).adjust_cell_length(width, style)

    def _line(self, row: T, under: bool, width: int) -> Strip:
        base = "table--cursor" if under else ""
        parts = []
        for column, room in self._columns:
            text = _cell(column.text(row), room, column.right) + " "
            name = column.style(row) if column.style and not under else base
            parts.append(Segment(text, self._look(name)))
        return Strip(parts).adjust_cell_length(width, self._look(base))

    def on_resize(self, event: events.Resize) -> None:
        self._columns = fitting(self._every, event.size.width)
        self.virtual_size = Size(event.size.width, len(self._rows) + HEAD)
        self._scroll_to_cursor()

    # moving

    def watch_cursor(self, before: int, after: int) -> None:
        """Redraw two lines, and scroll where the cursor left the window."""
        for index in (before, after):
            self.refresh_line(index + HEAD)
        self._scroll_to_cursor()
        if self.is_mounted:
            self.post_message(self.Highlighted(self, after))

    def _scroll_to_cursor(self) -> None:
        seen = max(1, self.size.height - HEAD)
        top = self.scroll_offset.y
        if self.cursor < top:
            self.scroll_to(y=self.cursor, animate=False)
        elif self.cursor >= top + seen:
            self.scroll_to(y=self.cursor - seen + 1, animate=False)

    def action_move(self, by: int) -> None:
        """Move the cursor by rows."""
        self.cursor = max(0, min(self.cursor + by, len(self._rows) - 1))

    def action_page(self, pages: int) -> None:
        """Move the cursor by windows."""
        self.action_move(pages * max(1, self.size.height - HEAD - 1))

    def action_first(self) -> None:
        """To the first row."""
        self.cursor = 0

    def action_last(self) -> None:
        """To the last row."""
        self.cursor = max(0, len(self._rows) - 1)

    def action_select(self) -> None:
        """Open the row under the cursor."""
        if self.current is not None:
            self.post_message(self.Selected(self, self.cursor))

    def on_click(self, event: events.Click) -> None:
        if event.y < HEAD:
            self._click_head(event.x)
            return
        index = self.scroll_offset.y + event.y - HEAD
        if index >= len(self._rows):
            return
        if index == self.cursor and event.chain > 1:
            self.action_select()
        self.cursor = index

    def _click_head(self, x: int) -> None:
        place = 0
        for column, room in self._columns:
            place += room + GAP
            if x < place:
                self.post_message(self.HeadClicked(self, column.key))
                return


def fitting(columns: Sequence[Column[T]], width: int) -> tuple[tuple[Column[T], int], ...]:
    """The columns that have room, those needed most first, and how wide each becomes."""
    kept: set[str] = set()
    room = width
    for column in sorted(columns, key=lambda each: -each.need):
        if column.width + GAP <= room:
            kept.add(column.key)
            room -= column.width + GAP
    shown = [column for column in columns if column.key in kept]
    growing = [column for column in shown if column.grows]
    more = room // len(growing) if growing else 0
    return tuple((c, c.width + more if c.grows else c.width) for c in shown)


def _cell(text: str, width: int, right: bool) -> str:
    """The text in exactly so many cells; what does not fit ends in an ellipsis."""
    if len(text) < width and text.isascii():
        return text.rjust(width) if right else text.ljust(width)
    fitted = set_cell_size(text, width)
    if fitted.rstrip() != text.rstrip() and width > 1:
        fitted = set_cell_size(set_cell_size(text, width - 1).rstrip() + "…", width)
    return fitted
