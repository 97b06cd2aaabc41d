"""A line chart for live curves: a few milliseconds to draw, readable without colour.

Each role has a line of its own (solid, dashed, dotted) and a letter that stands at the end of its
curve and in the legend.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip
from textual.widget import Widget

from advisor.text import clean, number
from advisor.tui.axis import Axis, label
from advisor.tui.dots import DOWN, Dots, Line, places

Role = Literal["train", "validation", "incumbent", "other"]
LINES: dict[Role, Line] = {
    "train": "dashed",
    "validation": "solid",
    "incumbent": "dotted",
    "other": "dashed",
}
SAMPLES: dict[Line, str] = {"solid": "──", "dashed": "╌╌", "dotted": "··"}
GUTTER = 8
"""cells left of the plot, for the ticks of y"""
LEAST_WIDTH, LEAST_HEIGHT = GUTTER + 8, 4


@dataclass(frozen=True)
class Series:
    """One curve; x ascends. Values that are not finite are gaps."""

    name: str
    x: Sequence[float]
    y: Sequence[float]
    role: Role = "other"


@dataclass(frozen=True)
class Picture:
    """What is shown."""

    series: tuple[Series, ...] = ()
    log: bool = False
    title: str = ""
    x_label: str = "epoch"
    letters: tuple[str, ...] = field(default=())


class Chart(Widget):
    """Several curves over one x axis."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "chart--train",
        "chart--validation",
        "chart--incumbent",
        "chart--other",
        "chart--axis",
        "chart--title",
    }
    DEFAULT_CSS = """
    Chart {
        height: 1fr;
        min-height: 4;
        & .chart--train { color: $warning; }
        & .chart--validation { color: $success; text-style: bold; }
        & .chart--incumbent { color: $accent; }
        & .chart--other { color: $secondary; }
        & .chart--axis { color: $text-muted; }
        & .chart--title { text-style: bold; }
    }
    """

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self._picture = Picture()
        self._strips: list[Strip] | None = None
        self._styles: dict[str | None, Style] = {}

    def show(
        self,
        series: Sequence[Series],
        *,
        log: bool = False,
        title: str = "",
        x_label: str = "epoch",
    ) -> None:
        """Draw these curves; nothing happens where they are shown already."""
        picture = Picture(tuple(series), log, title, x_label, letters_of(series))
        if picture != self._picture:
            self._picture = picture
            self._strips = None
            self.refresh()

    def notify_style_update(self) -> None:
        self._strips = None
        self._styles.clear()
        super().notify_style_update()

    def on_resize(self) -> None:
        self._strips = None
        self.refresh()

    def render_line(self, y: int) -> Strip:
        if self._strips is None:
            self._strips = self._drawn(self.size.width, self.size.height)
        if y >= len(self._strips):
            return Strip.blank(self.size.width, self._style(None))
        return self._strips[y]

    def _style(self, part: str | None) -> Style:
        if part not in self._styles:
            found = self.get_component_rich_style(f"chart--{part}") if part else self.rich_style
            self._styles[part] = found
        return self._styles[part]

    def _drawn(self, width: int, height: int) -> list[Strip]:
        head = self._head(width)
        if width < LEAST_WIDTH or height < LEAST_HEIGHT:
            return [head]
        axes = self._axes()
        if axes is None:
            return [head, self._strip([("  nothing to draw yet", "axis")], width)]
        return [head, *self._plot(*axes, width - GUTTER, height - 3)]

    def _axes(self) -> tuple[Axis, Axis] | None:
        shown = self._picture.series
        across = Axis.around(x for one in shown for x in one.x)
        up = Axis.around((y for one in shown for y in one.y), self._picture.log)
        return (across, up) if across and up else None

    def _head(self, width: int) -> Strip:
        """Title and legend on one line, with as much of it as there is room for: the latest value
        of each curve stands beside its name."""
        for names, values in ((True, True), (False, True), (True, False), (False, False)):
            parts = self._legend(names, values)
            if sum(cell_len(text) for text, _ in parts) <= width:
                break
        return self._strip(parts, width)

    def _legend(self, names: bool, values: bool) -> list[tuple[str, str | None]]:
        picture = self._picture
        title = f"{clean(picture.title)}{' (log)' if picture.log else ''}"
        parts: list[tuple[str, str | None]] = [(title, "title")]
        for letter, one in zip(picture.letters, picture.series, strict=True):
            latest = f" {number(one.y[-1])}" if one.y and values else ""
            sample = f" {SAMPLES[LINES[one.role]]} {clean(one.name)}" if names else ""
            parts.append((f"  {letter}{sample}", one.role))
            parts.append((latest, None))
        return parts

    def _plot(self, across: Axis, up: Axis, width: int, height: int) -> Iterable[Strip]:
        dots = Dots(width, height)
        ends: dict[tuple[int, int], int] = {}
        for index, one in reversed([*enumerate(self._picture.series)]):
            points = places(one.x, one.y, across, up, width, height)
            dots.draw(points, index, LINES[one.role])
            if (last := next((p for p in reversed(points) if p), None)) is not None:
                ends[_free(ends, last[1] // DOWN, min(last[0] // 2, width - 1))] = index
        ticks = self._ticks_up(up, height)
        for row in range(height):
            edge = f"{ticks.get(row, ''):>{GUTTER - 1}}{'┤' if row in ticks else '│'}"
            inner = self._row(dots, row, ends)
            yield Strip([Segment(edge, self._style("axis")), *inner], GUTTER + width)
        yield from self._foot(across, width)

    def _row(self, dots: Dots, row: int, ends: dict[tuple[int, int], int]) -> list[Segment]:
        """One line of cells in runs of one style."""
        text, owners = list(dots.text(row)), dots.owners[row].copy()
        for (where, column), index in ends.items():
            if where == row:
                text[column], owners[column] = self._picture.letters[index], index
        styles = {n: self._style(one.role) for n, one in enumerate(self._picture.series)}
        styles[-1] = self._style(None)
        runs: list[Segment] = []
        start = 0
        for column in range(1, len(text) + 1):
            if column == len(text) or owners[column] != owners[start]:
                runs.append(Segment("".join(text[start:column]), styles[owners[start]]))
                start = column
        return runs

    @staticmethod
    def _ticks_up(up: Axis, height: int) -> dict[int, str]:
        """Row -> tick."""
        found = {}
        for value in up.ticks(max(4, height // 2)):
            share = up.share(value)
            if share is not None and 0 <= share <= 1:
                found[min(height - 1, int((1 - share) * height))] = label(value)
        return found

    def _foot(self, across: Axis, width: int) -> Iterable[Strip]:
        """The x axis: a line with marks, and below it the ticks and what they count."""
        line, text = ["─"] * width, [" "] * width
        name = clean(self._picture.x_label)
        text[max(0, width - len(name)) :] = name[:width]
        for value in across.ticks(max(4, width // 10), whole=True):
            share, shown = across.share(value), label(value)
            if share is None or not 0 <= share <= 1:
                continue
            at = round(share * (width - 1))
            line[at] = "┬"
            start = max(0, min(at - len(shown) // 2, width - len(shown)))
            if all(c == " " for c in text[max(0, start - 1) : start + len(shown) + 1]):
                text[start : start + len(shown)] = shown
        yield self._strip([(" " * (GUTTER - 1) + "└" + "".join(line), "axis")], GUTTER + width)
        yield self._strip([(" " * GUTTER + "".join(text), "axis")], GUTTER + width)

    def _strip(self, parts: Iterable[tuple[str, str | None]], width: int) -> Strip:
        segments = [Segment(text, self._style(part)) for text, part in parts if text]
        length = sum(cell_len(segment.text) for segment in segments)
        return Strip(segments, length).adjust_cell_length(width, self._style(None))


def letters_of(series: Sequence[Series]) -> tuple[str, ...]:
    """A letter for each curve: the first of its name that no other has, else a digit."""
    taken: list[str] = []
    for one in series:
        wanted = [c.upper() for c in one.name if c.isascii() and c.isalnum()]
        taken.append(next((c for c in [*wanted, *"123456789"] if c not in taken), "?"))
    return tuple(taken)


def _free(taken: dict[tuple[int, int], int], row: int, column: int) -> tuple[int, int]:
    """The nearest cell on the left that holds no letter yet."""
    while (row, column) in taken and column > 0:
        column -= 1
    return row, column
