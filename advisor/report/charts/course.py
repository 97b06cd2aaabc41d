"""The course of a session: the incumbent's metric against epochs spent, and every training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from markupsafe import Markup

from advisor.report.charts import plot, svg
from advisor.report.charts.scales import Scale, fitting, is_drawable, whole
from advisor.report.charts.thinning import thinned
from advisor.report.model import Course, Mark, Visit
from advisor.text import number

ASIDE = 7.0
"""How far a mark stands before the end of its training, in the picture's units."""
STAGES_FROM = 26.0
"""Height above the plot where the names of stages stand."""


def course_plot(course: Course, visits: Sequence[Visit], metric: str, width: float) -> Markup:
    """ "" where no training gave a finite result."""
    values = [mark.value for mark in course.marks]
    if not any(map(is_drawable, values)):
        return Markup("")
    height = 250.0 if width < 500 else 290.0
    frame = plot.Frame(width, height, 14.0)
    x = whole([0.0, course.total, *(mark.spent for mark in course.marks)], *frame.across)
    y = fitting(values, frame.upwards[0], frame.upwards[1] + STAGES_FROM, log=False)
    label = f"{metric} on validation against epochs spent; {_counted(course)}"
    root = svg.drawing(width, height, label)
    _stages(root, x, y, visits, course.total)
    plot.axes(root, x, y, ("epochs spent", f"{metric} on validation"))
    places = {mark.spent: _place(x, mark) for mark in course.marks}
    line = tuple((places.get(spent, spent), value) for spent, value in course.incumbent[:-1])
    plot.steps(root, x, y, thinned((*line, *course.incumbent[-1:])), "s1")
    for mark in course.marks:
        _mark(root, x, y, replace(mark, spent=_place(x, mark)), metric)
    return svg.markup(root)


def _place(x: Scale, mark: Mark) -> float:
    """A little before its end, where the next stage may begin, but never before its own half."""
    step = (x.high - x.low) / (x.end - x.start) * ASIDE
    return mark.spent - min(step, mark.epochs / 2)


def _counted(course: Course) -> str:
    kinds = [mark.kind for mark in course.marks]
    return ", ".join(f"{kinds.count(kind)} {kind}" for kind in dict.fromkeys(kinds))


def _stages(root: svg.Element, x: Scale, y: Scale, visits: Sequence[Visit], total: float) -> None:
    """Where each stage that trained anything began, and its name where there is room."""
    starts = [(v.spent, v.stage) for v in visits if v.steps and v.kind != "skipped"]
    ends = [*(spent for spent, _ in starts), total][1:]
    for (start, name), end in zip(starts, ends, strict=False):
        at, room = x(start), x(end) - x(start)
        svg.line(root, (at, y.start), (at, plot.TOP), "stage")
        text = name.replace("_", " ")
        if room > plot.LETTER * len(text) + 6:
            svg.words(root, at + 4, plot.TOP + 10, text, "note")


def _mark(root: svg.Element, x: Scale, y: Scale, mark: Mark, metric: str) -> None:
    value = number(mark.value) if is_drawable(mark.value) else "no finite result"
    place = svg.link(root, f"#trial-{mark.trial}", f"trial {mark.trial}, {mark.kind}: {value}")
    across = x(mark.spent)
    if mark.value is None or not is_drawable(mark.value):
        svg.words(place, across, y.start - 4, "\N{MULTIPLICATION SIGN}", "failed", "middle")
        return
    height = y(mark.value)
    if mark.kind == "rejected":
        path = f"M{across - 4:.1f} {height - 4:.1f}l8 8m0 -8l-8 8"
        svg.add(place, "path", d=path, class_="mark rejected")
    elif mark.kind in ("accepted", "undecided"):
        svg.add(place, "circle", cx=across, cy=height, r=4.5, class_=f"dot {mark.kind}")
    else:
        path = f"M{across:.1f} {height - 5:.1f}l5 5l-5 5l-5 -5z"
        svg.add(place, "path", d=path, class_="mark other")
