"""JSON lines: one object a line. Lines that are none are counted, not fatal."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from advisor.logs.log import Note, counted

CHUNK = 5000
"""Lines that are parsed in one go: ten times faster than one by one."""

Object = dict[str, Any]
_BARE = re.compile(r"(?<=[:,\[\s])(-?)(nan|inf(?:inity)?)(?=\s*[,}\]])", re.IGNORECASE)
_PYTHON = {"None": "null", "True": "true", "False": "false"}
_NAMES = re.compile(r"\b(None|True|False)\b")


def objects_of(lines: Sequence[str], notes: list[Note]) -> Iterator[list[Object]]:
    """The objects in order, some thousands at a time; at the end notes on lines without one."""
    bad: list[int] = []
    for first in range(0, len(lines), CHUNK):
        chunk = lines[first : first + CHUNK]
        together = _together(chunk)
        yield together if together is not None else _one_by_one(chunk, first + 1, bad)
    notes.extend(_remarks(bad, lines))


def object_of(line: str) -> Object | None:
    """The object of one line, also with bare nan and inf or as Python prints a dictionary."""
    line = line.strip()
    if not line.startswith("{"):
        return None
    for text in _readings(line):
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            continue
        return found if isinstance(found, dict) else None
    return None


def _readings(line: str) -> Iterator[str]:
    yield line
    repaired = _with_numbers(line)
    if repaired != line:
        yield repaired
    if _is_printed(line):
        yield _as_json(line)


def _with_numbers(text: str) -> str:
    """Bare nan and inf as JSON's writers have them."""
    return _BARE.sub(lambda m: m[1] + ("NaN" if m[2][0] in "nN" else "Infinity"), text)


def _is_printed(text: str) -> bool:
    return "'" in text and '"' not in text


def _as_json(text: str) -> str:
    """Dictionaries as Python prints them, which hold no double quote."""
    return _NAMES.sub(lambda m: _PYTHON[m[1]], _with_numbers(text)).replace("'", '"')


def _together(chunk: Sequence[str]) -> list[Object] | None:
    """All lines at once; None unless each is surely one object."""
    full = list(filter(None, map(str.strip, chunk)))
    text = ",\n".join(full)
    if text.count("},\n{") != len(full) - 1 or text[:1] != "{" or text[-1:] != "}":
        return None
    try:
        found = json.loads(f"[{text}]")
    except (ValueError, RecursionError):
        return _printed_together(text, len(full))
    return found if len(found) == len(full) and set(map(type, found)) == {dict} else None


def _printed_together(text: str, lines: int) -> list[Object] | None:
    """As `_together`, for dictionaries as Python prints them."""
    try:
        found = json.loads(f"[{_as_json(text)}]") if _is_printed(text) else []
    except (ValueError, RecursionError):
        return None
    whole = len(found) == lines and set(map(type, found)) == {dict}
    return list(filter(None, found)) if whole else None


def _one_by_one(chunk: Sequence[str], number: int, bad: list[int]) -> list[Object]:
    found = []
    for place, line in enumerate(chunk, number):
        one = object_of(line) if line.strip() else {}
        if one is None:
            bad.append(place)
        elif one:
            found.append(one)
    return found


def _remarks(bad: list[int], lines: Sequence[str]) -> Iterator[Note]:
    if bad and bad[-1] == len(lines) and lines[-1].lstrip().startswith("{"):
        yield Note("truncated", f"the last line ({bad[-1]}) is cut off; it was left out")
        bad = bad[:-1]
    if bad:
        left = counted(len(bad), "line")
        yield Note("unreadable", f"{left} without a JSON object left out, the first is {bad[0]}")
