"""As much of the protobuf wire format as a message of scalars needs."""

from __future__ import annotations

import struct
from collections.abc import Iterator

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5

Field = tuple[int, int, int, int]
"""number, wire type, and: the value (VARINT) or where its bytes start and end"""


class MalformedError(ValueError):
    """Bytes that are no message."""


def fields(data: bytes, place: int, end: int) -> Iterator[Field]:
    """The fields of the message in data[place:end]. Raises MalformedError."""
    while place < end:
        tag, place = varint(data, place, end)
        number, wire = tag >> 3, tag & 7
        if wire == VARINT:
            value, place = varint(data, place, end)
            yield number, wire, value, place
            continue
        if wire == BYTES:
            size, place = varint(data, place, end)
        elif wire in (FIXED32, FIXED64):
            size = 4 if wire == FIXED32 else 8
        else:
            raise MalformedError("wire type")
        if place + size > end:
            raise MalformedError("length")
        yield number, wire, place, place + size
        place += size


def varint(data: bytes, place: int, end: int) -> tuple[int, int]:
    """The value and where it ends."""
    value = shift = 0
    while place < end and shift < 70:
        byte = data[place]
        place += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, place
        shift += 7
    raise MalformedError("varint")


def signed(value: int) -> int:
    """A varint as int64."""
    value &= (1 << 64) - 1
    return value - (1 << 64) if value >> 63 else value


def floats(data: bytes, start: int, end: int, code: str) -> tuple[float, ...]:
    """Little-endian numbers: code as of `struct`."""
    size = struct.calcsize(code)
    if (end - start) % size:
        raise MalformedError("size")
    return struct.unpack_from(f"<{(end - start) // size}{code}", data, start)
