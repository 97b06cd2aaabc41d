"""Values and outside text as people read them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def clean(text: object) -> str:
    """Text from outside with every control character made visible, so that none reaches a
    terminal: `\\x1b[2J` is printed, not obeyed."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in str(text))


def number(value: object) -> str:
    """A value in a few characters: 4 significant digits, thousands grouped, lists as they are."""
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "none"}[value]
    if isinstance(value, int):
        return f"{value:,}" if abs(value) >= 10_000 else str(value)
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(number(inner) for inner in value) + "]"
    return clean(value)


def counted(n: float, one: str, many: str | None = None) -> str:
    """`1 line`, `2 lines`, `0.5 epochs`."""
    told = str(n) if isinstance(n, int) else number(n)
    return f"{told} {one if told == '1' else many or one + 's'}"


def change(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """`optimizer.lr 1e-05 -> 0.003, ...` for fields that a change touches."""
    return ", ".join(
        f"{path} {number(before.get(path))} -> {number(value)}" for path, value in after.items()
    )


BLOCKS = "▁▂▃▄▅▆▇█"


def sparkline(values: list[float], width: int = 24) -> str:
    """The last `width` values as a row of blocks; values that are not finite are gaps."""
    shown = values[-width:]
    finite = [v for v in shown if v == v and abs(v) != float("inf")]
    if not finite:
        return ""
    low, span = min(finite), max(finite) - min(finite)
    return "".join(
        BLOCKS[int((v - low) / span * (len(BLOCKS) - 1)) if span else 0] if v in finite else " "
        for v in shown
    )
