"""A frame with two axes, and lines, steps and dots in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from advisor.report.charts import svg
from advisor.report.charts.scales import Scale, is_drawable
from advisor.report.model import Points
from advisor.report.words import power, short

TOP, BOTTOM, LEFT = 26.0, 34.0, 46.0
LETTER = 6.3
"""Width of a letter of a label, about."""
BOLD_LETTER = 8.2
"""The same of the labels at the ends of lines, where fonts are wide."""
MOST_LETTERS = 20
"""Of a label within a plot."""
LINE_HEIGHT = 14.0


@dataclass(frozen=True)
class Frame:
    """Where a plot has room for its data."""

    width: float
    height: float
    right: float
    """room for labels at the ends of lines"""

    @property
    def across(self) -> tuple[float, float]:
        return LEFT, self.width - self.right

    @property
    def upwards(self) -> tuple[float, float]:
        return self.height - BOTTOM, TOP


def room_for(labels: Sequence[str]) -> float:
    """The margin that labels at the ends of lines need."""
    letters = max((len(label) for label in labels), default=0)
    return 14.0 + BOLD_LETTER * min(letters, MOST_LETTERS)


def cut(text: str, letters: int = MOST_LETTERS) -> str:
    """So many letters of a text that may be longer."""
    return text if len(text) <= letters else text[: max(letters - 1, 0)] + "\N{HORIZONTAL ELLIPSIS}"


def axes(root: svg.Element, x: Scale, y: Scale, names: tuple[str, str]) -> None:
    """Ticks, hairlines and the names of both axes; y's stands above it, to be read upright."""
    left, right = x.start, x.end
    for tick, text in named(y, y.ticks(4)):
        svg.line(root, (left, y(tick)), (right, y(tick)), "grid")
        svg.words(root, left - 7, y(tick) + 3.5, text, "tick", "end")
    svg.line(root, (left, y.start), (right, y.start), "axis")
    for tick, text in named(x, x.ticks(max(2, int((right - left) / 70)))):
        svg.line(root, (x(tick), y.start), (x(tick), y.start + 4), "axis")
        svg.words(root, x(tick), y.start + 16, text, "tick", "middle")
    across, upwards = (
        cut(name, int((right - left) / LETTER) - 12) + (" (log scale)" if scale.log else "")
        for name, scale in zip(names, (x, y), strict=True)
    )
    svg.words(root, 2, 12, upwards, "name")
    svg.words(root, right, y.start + 30, across, "name", "end")


def named(scale: Scale, ticks: Sequence[float]) -> list[tuple[float, str]]:
    """Ticks with their texts: on a log axis that leaves the usual numbers, powers of ten all."""
    far = scale.log and any(not 1e-3 <= tick <= 1e4 for tick in ticks)
    return [(tick, power(tick) if far else short(tick)) for tick in ticks]


def draw(root: svg.Element, x: Scale, y: Scale, points: Points, kind: str) -> None:
    """A line with a gap where a value cannot be drawn; a point without neighbours is a dot."""
    svg.add(root, "path", d=_path(x, y, points), class_=f"line {kind}")


def steps(root: svg.Element, x: Scale, y: Scale, points: Points, kind: str) -> None:
    """Each value holds until the next."""
    corners: list[tuple[float, float]] = []
    for place, value in points:
        if corners:
            corners.append((place, corners[-1][1]))
        corners.append((place, value))
    draw(root, x, y, tuple(corners), kind)


def _path(x: Scale, y: Scale, points: Points) -> str:
    parts, pen = [], False
    for place, (across, value) in enumerate(points):
        if not (is_drawable(across) and is_drawable(value)) or (y.log and value <= 0):
            pen = False
            continue
        parts.append(f"{'L' if pen else 'M'}{x(across):.1f} {y(value):.1f}")
        following = points[place + 1][1] if place + 1 < len(points) else float("nan")
        if not pen and not is_drawable(following):
            parts.append("h0")
        pen = True
    return "".join(parts)


def labels(root: svg.Element, at: float, wanted: Sequence[tuple[float, str, str]]) -> None:
    """Text beside the ends of lines: (place, text, kind) each; pushed apart where they meet."""
    ordered = sorted(wanted)
    places: list[float] = []
    for place, _, _ in ordered:
        places.append(max(place, places[-1] + LINE_HEIGHT) if places else place)
    shift = sum(place - one[0] for place, one in zip(places, ordered, strict=True))
    shift = shift / len(places) if places else 0.0
    for place, (_, text, kind) in zip(places, ordered, strict=True):
        svg.words(root, at + 8, place - shift + 4, cut(text), f"label {kind}")
