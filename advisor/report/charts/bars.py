"""One bar in parts: what a whole is made of."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from advisor.report.charts import svg
from advisor.report.words import percent

WIDTH, HEIGHT, THICK = 640.0, 26.0, 18.0
GAP = 1.5


def parts_bar(parts: Sequence[tuple[str, float, str]]) -> Markup:
    """Parts of a whole as (name, size, kind), side by side; "" where nothing has a size."""
    shown = [part for part in parts if part[1] > 0]
    total = sum(size for _, size, _ in shown)
    if not shown or total == float("inf"):
        return Markup("")
    said = ", ".join(f"{name} {percent(size / total)}" for name, size, _ in shown)
    root = svg.drawing(WIDTH, HEIGHT, said, "bar-of-parts")
    at = 0.0
    for name, size, kind in shown:
        width = WIDTH * size / total
        box = svg.add(
            root,
            "rect",
            x=at,
            y=4.0,
            width=max(width - GAP, 0.5),
            height=THICK,
            class_=f"part {kind}",
        )
        svg.add(box, "title", f"{name}: {percent(size / total)}")
        at += width
    return svg.markup(root)
