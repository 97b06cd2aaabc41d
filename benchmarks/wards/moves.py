"""What a proposed change does to one field of a recipe, so that cases can say which are right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from advisor.recipe import Recipe

Way = Literal["up", "down", "on", "off", "to", "away"]


@dataclass(frozen=True)
class Move:
    """One field moved one way; other fields may move with it."""

    path: str
    way: Way
    values: tuple[Any, ...] = ()
    """of `to`: where it may go; of `away`: what it must leave"""

    def made(self, before: Recipe, after: Recipe) -> bool:
        """Whether the change from `before` to `after` holds this move."""
        old, new = _value(before, self.path), _value(after, self.path)
        if old == new:
            return False
        match self.way:
            case "to":
                return new in self.values
            case "away":
                return old in self.values and new not in self.values
            case "on":
                return not old and bool(new)
            case "off":
                return bool(old) and not new
            case _:
                return _grew(old, new) == (1 if self.way == "up" else -1)

    def __str__(self) -> str:
        shown = "/".join(map(str, self.values))
        return f"{self.path} {self.way} {shown}".strip()


def up(*paths: str) -> tuple[Move, ...]:
    """Any of these numbers, or sums of sizes, grows."""
    return tuple(Move(path, "up") for path in paths)


def down(*paths: str) -> tuple[Move, ...]:
    """Any of these numbers, or sums of sizes, shrinks (to zero as well)."""
    return tuple(Move(path, "down") for path in paths)


def on(*paths: str) -> tuple[Move, ...]:
    """Any of these is switched on, from None, zero or absence."""
    return tuple(Move(path, "on") for path in paths)


def off(*paths: str) -> tuple[Move, ...]:
    return tuple(Move(path, "off") for path in paths)


def to(path: str, *values: Any) -> tuple[Move, ...]:
    return (Move(path, "to", values),)


def away(path: str, *values: Any) -> tuple[Move, ...]:
    return (Move(path, "away", values),)


def any_made(moves: tuple[Move, ...], before: Recipe, after: Recipe) -> bool:
    return any(move.made(before, after) for move in moves)


def _value(recipe: Recipe, path: str) -> Any:
    """A field's value, of a section whether it is there, None for what this recipe lacks."""
    flat = recipe.flat()
    if path in flat:
        return flat[path]
    return any(name.startswith(f"{path}.") for name in flat) or None


def _grew(old: Any, new: Any) -> int:
    """1, -1 or 0; values that are no sizes never grow. Layers count by their units in all."""
    before, after = _size(old), _size(new)
    if before is None or after is None:
        return 0
    return (after > before) - (after < before)


def _size(value: Any) -> float | None:
    if isinstance(value, tuple):
        return float(sum(part for part in value if isinstance(part, int | float)))
    if isinstance(value, int | float):
        return float(value)
    return None
