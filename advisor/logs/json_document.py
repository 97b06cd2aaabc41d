"""One JSON document: trainer_state.json of Hugging Face, a list of objects, or lists by name."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from advisor.logs.log import LogError, Note, counted
from advisor.logs.table import Table, TableBuilder

_HISTORY = re.compile(r'"log_history"\s*:\s*\[')
_BETWEEN = re.compile(r"[\s,]*")


def read_document(text: str) -> Table | None:
    """None when the text is no such document; a document that is cut off is read up to there."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return _cut_off(text)
    if isinstance(found, dict) and isinstance(found.get("log_history"), list):
        return _objects(found["log_history"], "trainer state")
    if isinstance(found, list) and any(isinstance(one, dict) for one in found):
        return _objects(found, "json")
    if isinstance(found, dict):
        return _lists(found)
    return None


def _objects(entries: list[Any], kind: str) -> Table:
    objects = [one for one in entries if isinstance(one, dict)]
    builder = TableBuilder()
    builder.add_objects(objects)
    odd, notes = len(entries) - len(objects), []
    if odd:
        notes.append(Note("unreadable", f"{counted(odd, 'entry', 'entries')} that are no objects"))
    if not objects and kind == "trainer state":
        raise LogError("log_history is empty: the trainer logged nothing")
    table_format = "trainer state" if kind == "trainer state" else "json"
    return Table(table_format, builder.rows, builder.columns(), notes)  # type: ignore[arg-type]


def _lists(found: Mapping[str, Any]) -> Table | None:
    """`{"loss": [...], "val_loss": [...]}`, as Keras' history is often stored."""
    lists = {name: values for name, values in found.items() if isinstance(values, list)}
    builder = TableBuilder(rows=max(map(len, lists.values()), default=0))
    for name, values in lists.items():
        builder.add_column(name, np.arange(len(values)), values)
    columns = builder.columns()
    return Table("json", builder.rows, columns, []) if columns else None


def _cut_off(text: str) -> Table | None:
    """The whole entries of a trainer state, or of a list, whose end is missing or damaged."""
    history = _HISTORY.search(text)
    if history is None and not text.lstrip().startswith("["):
        return None
    place = history.end() if history else text.index("[") + 1
    entries = []
    decoder = json.JSONDecoder()
    while True:
        place = _BETWEEN.match(text, place).end()  # type: ignore[union-attr]
        try:
            one, place = decoder.raw_decode(text, place)
        except (ValueError, RecursionError):
            break
        entries.append(one)
    if not any(isinstance(one, dict) for one in entries):
        return None
    table = _objects(entries, "trainer state" if history else "json")
    if history and text[place : place + 1] == "]":
        said = "damaged outside log_history, which is whole"
        table.notes.append(Note("unreadable", said))
    else:
        said = f"cut off or damaged after {counted(len(entries), 'entry', 'entries')}"
        table.notes.append(Note("truncated", f"{said}; the rest was left out"))
    return table
