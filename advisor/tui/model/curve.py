"""Curves that stay small however long a training is."""

from __future__ import annotations

from dataclasses import dataclass, field

MOST = 400
"""points of a curve; more than a terminal has dots across"""


@dataclass(frozen=True)
class CurveView:
    """x ascending, and y."""

    x: tuple[float, ...] = ()
    y: tuple[float, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.x)

    @property
    def latest(self) -> float | None:
        return self.y[-1] if self.y else None


@dataclass
class Curve:
    """Keeps at most `MOST` points: when it is full, each two neighbours become their mean, and
    from then on twice as many values make one point."""

    stride: int = 1
    _x: list[float] = field(default_factory=list)
    _y: list[float] = field(default_factory=list)
    _waiting: list[float] = field(default_factory=list)
    _at: float = 0.0
    _view: CurveView | None = None

    def add(self, x: float, y: float) -> None:
        self._view = None
        self._at = x
        self._waiting.append(y)
        if len(self._waiting) < self.stride:
            return
        self._x.append(x)
        self._y.append(_mean(self._waiting))
        self._waiting.clear()
        if len(self._x) >= MOST:
            self._halve()

    def view(self) -> CurveView:
        """All points, and what waits for company as a last one."""
        if self._view is None:
            rest = ((self._at,), (_mean(self._waiting),)) if self._waiting else ((), ())
            self._view = CurveView((*self._x, *rest[0]), (*self._y, *rest[1]))
        return self._view

    def _halve(self) -> None:
        self._x = self._x[1::2]
        self._y = [_mean(pair) for pair in zip(self._y[::2], self._y[1::2], strict=False)]
        self.stride *= 2


def _mean(values: list[float] | tuple[float, ...]) -> float:
    return sum(values) / len(values)
