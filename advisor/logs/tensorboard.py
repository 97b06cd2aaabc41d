"""Scalars of TensorBoard event files.

Field numbers are those of TensorFlow's event.proto, summary.proto and tensor.proto.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from advisor.logs.log import Note, counted
from advisor.logs.protobuf import (
    BYTES,
    FIXED32,
    FIXED64,
    VARINT,
    MalformedError,
    fields,
    floats,
    signed,
)
from advisor.logs.table import MOST_COLUMNS, Column, Table
from advisor.logs.tfrecord import read_records, starts_with_record

EVENT_TIME, EVENT_STEP, EVENT_SUMMARY, SUMMARY_VALUE = 1, 2, 5, 1
VALUE_TAG, VALUE_SIMPLE, VALUE_TENSOR = 1, 2, 8
TENSOR_DTYPE, TENSOR_CONTENT, TENSOR_FLOATS, TENSOR_DOUBLES = 1, 4, 5, 6
CODES = {1: "f", 2: "d", 19: "e"}
"""DT_FLOAT, DT_DOUBLE and DT_HALF; text and integers are no metrics."""
CLOCK = "wall_time"


@dataclass
class Scalars:
    """Scalars by tag, in the order in which they were written."""

    steps: list[int] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    tags: dict[str, tuple[list[int], list[float]]] = field(default_factory=dict)
    odd: int = 0

    def add(self, step: int, time: float, found: Sequence[tuple[str, float]]) -> None:
        for tag, value in found:
            if tag in self.tags or len(self.tags) < MOST_COLUMNS:
                rows, values = self.tags.setdefault(tag, ([], []))
                rows.append(len(self.steps))
                values.append(value)
        if found:
            self.steps.append(step)
            self.times.append(time)


def is_event_file(data: bytes) -> bool:
    return starts_with_record(data) or b"brain.Event:" in data[:64]


def read_event_files(files: Sequence[tuple[str, bytes]]) -> Table:
    """The scalars of one run; files are (prefix of its tags, content) in order of time."""
    scalars, notes = Scalars(), []
    for prefix, data in files:
        records, odd = read_records(data)
        notes += odd
        for record in records:
            _read_event(data, record.start, record.end, prefix, scalars)
    if scalars.odd:
        left = counted(scalars.odd, "record")
        notes.append(Note("unreadable", f"{left} without a readable event left out"))
    columns = {
        tag: Column(np.array(rows, np.int64), np.array(values, np.float64))
        for tag, (rows, values) in scalars.tags.items()
    }
    if columns and CLOCK not in columns:
        rows = np.arange(len(scalars.times))
        columns[CLOCK] = Column(rows, np.array(scalars.times, np.float64))
    steps = np.array(scalars.steps, np.float64)
    return Table("tensorboard", len(steps), columns, notes, steps)


def _read_event(data: bytes, start: int, end: int, prefix: str, scalars: Scalars) -> None:
    time, step = 0.0, 0
    found: list[tuple[str, float]] = []
    try:
        for number, wire, first, last in fields(data, start, end):
            if number == EVENT_SUMMARY and wire == BYTES:
                found += _summary(data, first, last, prefix)
            elif number == EVENT_STEP and wire == VARINT:
                step = signed(first)
            elif number == EVENT_TIME and wire == FIXED64:
                time = floats(data, first, last, "d")[0]
    except (MalformedError, struct.error):
        scalars.odd += 1
        return
    scalars.add(step, time, found)


def _summary(data: bytes, start: int, end: int, prefix: str) -> list[tuple[str, float]]:
    found = []
    for number, wire, first, last in fields(data, start, end):
        if number == SUMMARY_VALUE and wire == BYTES:
            tag, value = _value(data, first, last)
            if value is not None:
                found.append((prefix + tag, value))
    return found


def _value(data: bytes, start: int, end: int) -> tuple[str, float | None]:
    tag, value = "", None
    for number, wire, first, last in fields(data, start, end):
        if number == VALUE_TAG and wire == BYTES:
            tag = data[first:last].decode("utf-8", errors="replace")
        elif number == VALUE_SIMPLE and wire == FIXED32:
            value = floats(data, first, last, "f")[0]
        elif number == VALUE_TENSOR and wire == BYTES:
            value = _tensor(data, first, last)
    return tag, value


def _tensor(data: bytes, start: int, end: int) -> float | None:
    """The one number of a tensor; None for text, integers, and tensors of several numbers."""
    code, content = "", (0, 0)
    values: list[float] = []
    for number, wire, first, last in fields(data, start, end):
        if number == TENSOR_DTYPE and wire == VARINT:
            code = CODES.get(first, "")
        elif number == TENSOR_CONTENT and wire == BYTES:
            content = first, last
        elif number == TENSOR_FLOATS and wire in (BYTES, FIXED32):
            values += floats(data, first, last, "f")
        elif number == TENSOR_DOUBLES and wire in (BYTES, FIXED64):
            values += floats(data, first, last, "d")
    if code and content[1] > content[0]:
        values = list(floats(data, *content, code))
    return values[0] if code and len(values) == 1 else None
