"""Line plots: learning curves, and the curves of probes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from markupsafe import Markup

from advisor.report.charts import plot, svg
from advisor.report.charts.scales import Scale, fitting, is_drawable, whole
from advisor.report.charts.thinning import thinned
from advisor.report.model import Points

KINDS = ("s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8")


@dataclass(frozen=True)
class Sheet:
    """What a line plot is to show, besides its lines."""

    label: str
    """for whoever cannot see it"""
    across: str
    upwards: str
    size: tuple[float, float] = (340.0, 220.0)
    log_x: bool = False
    log_y: bool | None = None
    """None: where it pays"""
    level: tuple[float, str] | None = None
    """a value to compare with, and its name"""
    places: Mapping[str, float] = field(default_factory=dict)
    """places across to point out, by their names"""
    stepped: bool = False
    dots: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    """a point of a line to point out, by the line's name"""


def line_plot(lines: Mapping[str, Points], sheet: Sheet) -> Markup:
    """Several lines over one axis, each labelled at its end; "" where there is nothing to draw."""
    kept = {name: thinned(points) for name, points in lines.items()}
    kept = {name: points for name, points in kept.items() if any(map(_drawable, points))}
    if not kept:
        return Markup("")
    level = sheet.level if sheet.level and is_drawable(sheet.level[0]) else None
    named = len(kept) > 1 or list(kept) != [sheet.upwards]
    names = [*(kept if named else ()), *([level[1]] if level else [])]
    frame = plot.Frame(*sheet.size, plot.room_for(names))
    x, y = _scales(kept, sheet, level, frame)
    root = svg.drawing(*sheet.size, sheet.label)
    plot.axes(root, x, y, (sheet.across, sheet.upwards))
    _places(root, x, y, sheet.places)
    wanted = []
    if level:
        svg.line(root, (x.start, y(level[0])), (x.end, y(level[0])), "level")
        wanted.append((y(level[0]), level[1], "muted"))
    for kind, (name, points) in zip(KINDS, kept.items(), strict=False):
        (plot.steps if sheet.stepped else plot.draw)(root, x, y, points, kind)
        if name in sheet.dots and _drawable(sheet.dots[name]):
            across, value = sheet.dots[name]
            svg.add(root, "circle", cx=x(across), cy=y(value), r=4.0, class_=f"kept {kind}")
        last = next(value for across, value in reversed(points) if _drawable((across, value)))
        wanted += [(y(last), name, kind)] if named else []
    plot.labels(root, x.end, wanted)
    return svg.markup(root)


def _drawable(point: tuple[float, float]) -> bool:
    return is_drawable(point[0]) and is_drawable(point[1])


def _scales(
    lines: Mapping[str, Points],
    sheet: Sheet,
    level: tuple[float, str] | None,
    frame: plot.Frame,
) -> tuple[Scale, Scale]:
    points = [point for each in lines.values() for point in each if _drawable(point)]
    across: Sequence[float] = [each for each, _ in points]
    values = [value for _, value in points] + ([level[0]] if level else [])
    return (
        whole(across, *frame.across, log=sheet.log_x),
        fitting(values, *frame.upwards, log=sheet.log_y),
    )


def _places(root: svg.Element, x: Scale, y: Scale, places: Mapping[str, float]) -> None:
    """Hairlines from top to bottom with their names at the top, one below the other."""
    shown = sorted((at, name) for name, at in places.items() if is_drawable(at))
    for row, (at, name) in enumerate(shown):
        if not x.low <= at <= x.high:
            continue
        place = x(at)
        svg.line(root, (place, y.start), (place, y.end), "place")
        late = place > (x.start + x.end) / 2
        height = y.end + 10 + plot.LINE_HEIGHT * row
        svg.words(
            root,
            place + (-5 if late else 5),
            height,
            plot.cut(name),
            "note",
            "end" if late else "start",
        )
