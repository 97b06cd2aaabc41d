"""Values out of JSON lines that another process wrote: what is not as expected reads as unknown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def text(line: Mapping[str, Any], name: str) -> str:
    value = line.get(name)
    return "" if value is None else str(value)


def number(line: Mapping[str, Any], name: str) -> float | None:
    value = line.get(name)
    if isinstance(value, str) and value in ("nan", "inf", "-inf"):
        return float(value)
    known = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if known else None  # type: ignore[arg-type]


def whole(line: Mapping[str, Any], name: str) -> int | None:
    value = number(line, name)
    return None if value is None or value != value else int(value)


def texts(line: Mapping[str, Any], name: str) -> tuple[str, ...]:
    return tuple(str(each) for each in _listed(line, name))


def mapping(line: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = line.get(name)
    return value if isinstance(value, Mapping) else {}


def mappings(line: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    return [each for each in _listed(line, name) if isinstance(each, Mapping)]


def _listed(line: Mapping[str, Any], name: str) -> list[Any]:
    value = line.get(name)
    return value if isinstance(value, list) else []
