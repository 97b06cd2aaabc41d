"""Long lines in few points, without losing their spikes."""

from __future__ import annotations

from advisor.report.charts.scales import is_drawable
from advisor.report.model import Points

MOST_POINTS = 240


def thinned(points: Points, most: int = MOST_POINTS) -> Points:
    """At most about `most` points: of each stretch the first, the lowest, the highest, and the
    first that cannot be drawn, in their order; the last point always stays."""
    if len(points) <= most:
        return points
    stretch = -(-len(points) // max(most // 4, 1))
    kept: list[tuple[float, float]] = []
    for begin in range(0, len(points), stretch):
        kept += _telling(points[begin : begin + stretch])
    return (*kept, points[-1])


def _telling(part: Points) -> Points:
    seen = [place for place, (_, value) in enumerate(part) if is_drawable(value)]
    gaps = [place for place, (_, value) in enumerate(part) if not is_drawable(value)]
    places = {0, *gaps[:1]}
    if seen:
        places |= {min(seen, key=lambda p: part[p][1]), max(seen, key=lambda p: part[p][1])}
    return tuple(part[place] for place in sorted(places))
