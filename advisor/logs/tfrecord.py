"""TFRecord framing: length, its checksum, data, their checksum; all little endian.

Source: TensorFlow's TFRecord format (checksums are CRC-32C, rotated and offset, so that a record
of records does not look like one).
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from advisor.logs.log import Note, counted

_POLYNOMIAL = 0x82F63B78
_MASK_DELTA = 0xA282EAD8
_HEAD = struct.Struct("<QI")
MOST_CHECKED = 64 * 1024
"""Bytes; longer records hold images or graphs, not numbers, and are passed over."""


def _made_table() -> list[int]:
    table = []
    for byte in range(256):
        value = byte
        for _ in range(8):
            value = value >> 1 ^ (_POLYNOMIAL if value & 1 else 0)
        table.append(value)
    return table


_TABLE = _made_table()
_TABLE_ARRAY = np.array(_TABLE, np.uint32)


@dataclass(frozen=True)
class Record:
    """Where a record's data lie in the file."""

    start: int
    end: int


def masked_crc(data: bytes) -> int:
    """The checksum of TFRecord: CRC-32C, rotated right by 15 bits, plus a constant."""
    value = 0xFFFFFFFF
    for byte in data:
        value = _TABLE[(value ^ byte) & 0xFF] ^ value >> 8
    return _masked(value ^ 0xFFFFFFFF)


def starts_with_record(data: bytes) -> bool:
    """Whether the first bytes are the head of a record."""
    if len(data) < _HEAD.size:
        return False
    length, checksum = _HEAD.unpack_from(data)
    return bool(_length_crc(length) == checksum)


def read_records(data: bytes) -> tuple[list[Record], list[Note]]:
    """The records whose checksums hold, in order. Behind a damaged length nothing can be found."""
    records, notes = _framed(data)
    small = [r for r in records if r.end - r.start <= MOST_CHECKED]
    good = _sound(data, small)
    bad = [i for i, sound in enumerate(good) if not sound]
    if bad:
        notes.append(
            Note(
                "unreadable",
                f"{counted(len(bad), 'record')} with a wrong checksum left out, the first at byte "
                f"{small[bad[0]].start}",
            )
        )
    return [record for record, sound in zip(small, good, strict=True) if sound], notes


def _framed(data: bytes) -> tuple[list[Record], list[Note]]:
    records: list[Record] = []
    place, size = 0, len(data)
    while place < size:
        if place + _HEAD.size > size:
            return records, [_cut(place)]
        length, checksum = _HEAD.unpack_from(data, place)
        if _length_crc(length) != checksum:
            said = f"damaged at byte {place}; nothing behind it can be read"
            return records, [Note("unreadable", said)]
        start = place + _HEAD.size
        place = start + length + 4
        if place > size:
            return records, [_cut(start - _HEAD.size)]
        records.append(Record(start, start + length))
    return records, []


def _cut(place: int) -> Note:
    return Note("truncated", f"the last record, at byte {place}, is cut off; it was left out")


def _sound(data: bytes, records: list[Record]) -> NDArray[np.bool_]:
    """Whether each record's checksum holds, computed for all records at once, byte by byte."""
    if not records:
        return np.zeros(0, bool)
    content = np.frombuffer(data, np.uint8)
    starts = np.array([r.start for r in records], np.int64)
    lengths = np.array([r.end for r in records], np.int64) - starts
    order = np.argsort(-lengths, kind="stable")
    starts, sizes = starts[order], lengths[order]
    value = np.full(len(records), 0xFFFFFFFF, np.uint32)
    reaching = np.searchsorted(-sizes, -np.arange(1, int(sizes[0]) + 1), side="right")
    for place, n in enumerate(reaching.tolist()):
        index = (value[:n] ^ content[starts[:n] + place]) & 0xFF
        value[:n] = _TABLE_ARRAY[index] ^ value[:n] >> 8
    value ^= np.uint32(0xFFFFFFFF)
    masked = (value >> 15 | value << 17) + np.uint32(_MASK_DELTA)
    ends = (starts + sizes)[:, None] + np.arange(4)
    stored = content[ends].astype(np.uint32) << np.arange(0, 32, 8, dtype=np.uint32)
    sound = np.empty(len(records), bool)
    sound[order] = masked == np.bitwise_or.reduce(stored, axis=1)
    return sound


def _masked(value: int) -> int:
    return ((value >> 15 | value << 17) + _MASK_DELTA) & 0xFFFFFFFF


def _crc_of_length(length: int) -> int:
    return masked_crc(struct.pack("<Q", length))


_length_crc: Callable[[int], int] = lru_cache(maxsize=4096)(_crc_of_length)
"""Lengths repeat."""
