"""Curves as braille dots: each cell holds 2 x 4, so that a line looks like one in any terminal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from advisor.tui.axis import Axis

Line = Literal["solid", "dashed", "dotted"]
ACROSS, DOWN = 2, 4
_BITS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
_DRAWN: dict[Line, tuple[int, int]] = {"solid": (1, 1), "dashed": (7, 4), "dotted": (3, 1)}
"""period of the line in dots along it, and how many of these are drawn"""


@dataclass
class Dots:
    """A canvas of `width` x `height` cells; the owner of a cell is who drew on it last."""

    width: int
    height: int
    cells: list[list[int]] = field(init=False)
    owners: list[list[int]] = field(init=False)

    def __post_init__(self) -> None:
        self.cells = [[0] * self.width for _ in range(self.height)]
        self.owners = [[-1] * self.width for _ in range(self.height)]

    def draw(
        self, points: Sequence[tuple[int, int] | None], owner: int, line: Line = "solid"
    ) -> None:
        """Join points (in dots, from the top left); None lifts the pen."""
        period, drawn = _DRAWN[line]
        walked, before = 0, None
        for point in points:
            if point is None:
                before = None
                continue
            for x, y in [point] if before is None else _between(before, point):
                if walked % period < drawn:
                    self._dot(x, y, owner)
                walked += 1
            before = point

    def _dot(self, x: int, y: int, owner: int) -> None:
        column, row = x // ACROSS, y // DOWN
        if 0 <= column < self.width and 0 <= row < self.height:
            self.cells[row][column] |= _BITS[x % ACROSS][y % DOWN]
            self.owners[row][column] = owner

    def text(self, row: int) -> str:
        return "".join(chr(0x2800 + cell) if cell else " " for cell in self.cells[row])


def places(
    xs: Sequence[float], ys: Sequence[float], across: Axis, up: Axis, width: int, height: int
) -> list[tuple[int, int] | None]:
    """Points in dots on a canvas of so many cells. Of those that share a column the first, the
    highest, the lowest and the last stay; what cannot be drawn is a gap."""
    right, bottom = width * ACROSS - 1, height * DOWN - 1
    found: list[tuple[int, int] | None] = []
    column: list[int] = []
    at = -1
    for x, y in zip(xs, ys, strict=False):
        share_x, share_y = across.share(x), up.share(y)
        if share_x is None or share_y is None:
            found += _column(at, column)
            found.append(None)
            column = []
            continue
        here = round(share_x * right)
        if here != at and column:
            found += _column(at, column)
            column = []
        at = here
        column.append(bottom - round(share_y * bottom))
    return found + _column(at, column)


def _column(x: int, ys: list[int]) -> list[tuple[int, int] | None]:
    kept = ys if len(ys) <= 4 else [ys[0], min(ys), max(ys), ys[-1]]
    return [(x, y) for y in kept]


def _between(start: tuple[int, int], end: tuple[int, int]) -> list[tuple[int, int]]:
    """The dots from one to another, the first left out."""
    (x0, y0), (x1, y1) = start, end
    steps = max(abs(x1 - x0), abs(y1 - y0))
    return [
        (x0 + round((x1 - x0) * n / steps), y0 + round((y1 - y0) * n / steps))
        for n in range(1, steps + 1)
    ]
