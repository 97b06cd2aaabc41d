"""Whatever is in a file, reading gives a log or a LogError, in bounded time, safe to print."""

from __future__ import annotations

import random
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.logs import Log, LogError, read_bytes
from advisor.text import clean
from tests.logs import makers

LONGEST = 2.0
"""Seconds for a few kilobytes, on a busy machine."""


def attempt(data: bytes) -> tuple[Log | None, str]:
    try:
        return read_bytes(data, "log"), ""
    except LogError as error:
        return None, str(error)


def check(data: bytes) -> Log | None:
    began = time.process_time()
    log, message = attempt(data)
    assert time.process_time() - began < LONGEST
    assert message == clean(message)
    if log is None:
        return None
    for one in log.series.values():
        assert len(one.steps) == len(one.values) > 0
        assert one.steps.dtype == np.int64
        assert one.values.dtype == np.float64
        assert (np.diff(one.steps) >= 0).all()
        assert one.epochs is None or len(one.epochs) == len(one.values)
    assert all(note.text == clean(note.text) for note in log.notes)
    return log


@given(st.binary(max_size=2000))
@settings(max_examples=200, deadline=None)
def test_random_bytes(data: bytes) -> None:
    check(data)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
KEYS = st.sampled_from(["step", "epoch", "loss", "val_loss", "time", "event", "log_history"])


@given(st.lists(st.dictionaries(KEYS | st.text(max_size=4), VALUES, max_size=5), max_size=8))
@settings(max_examples=50, deadline=None)
def test_random_objects(rows: list[dict[str, object]]) -> None:
    check(makers.json_lines(rows or [{}]))


@given(st.lists(st.lists(st.text(max_size=6) | st.just("1.5"), max_size=4), max_size=8))
@settings(max_examples=100, deadline=None)
def test_random_tables(rows: list[list[str]]) -> None:
    lines = ["step,loss", "1,2", *(",".join(row) for row in rows)]
    check("\n".join(lines).encode("utf-8", errors="replace"))


FINITE = st.floats(allow_nan=False, allow_infinity=False, width=32)


@given(
    st.lists(
        st.tuples(st.integers(0, 10**9), FINITE), min_size=1, max_size=30, unique_by=lambda p: p[0]
    )
)
@settings(max_examples=60, deadline=None)
def test_what_was_written_is_read(pairs: list[tuple[int, float]]) -> None:
    pairs.sort()
    rows = [{"step": step, "train_loss": value} for step, value in pairs]
    records = [makers.event(step, [makers.simple("train_loss", v)]) for step, v in pairs]
    for data in (makers.json_lines(rows), makers.csv_text(rows), makers.tf_records(records)):
        one = read_bytes(data, "log").series["train_loss"]
        assert list(zip(one.steps.tolist(), one.values.tolist(), strict=True)) == pairs


@pytest.mark.parametrize("name", makers.MAKERS)
def test_mutations_of_good_files(name: str) -> None:
    good = makers.MAKERS[name][1]()
    random_numbers = random.Random(name)
    partly = 0
    for _ in range(120):
        partly += check(mutated(good, random_numbers)) is not None
    assert partly > 5


def mutated(data: bytes, numbers: random.Random) -> bytes:
    """The file with a few bytes changed, cut out, doubled or put in."""
    changed = bytearray(data)
    for _ in range(numbers.choice([1, 1, 3, 10])):
        place = numbers.randrange(len(changed) + 1)
        size = numbers.choice([1, 1, 4, 50])
        match numbers.randrange(5):
            case 0:
                changed[place : place + size] = numbers.randbytes(size)
            case 1:
                del changed[place : place + size]
            case 2:
                changed[place:place] = changed[place : place + size]
            case 3:
                changed[place:place] = numbers.choice(
                    [b"\0", b"\xff\xfe", b'"', b"{", b"NaN", b"1e400", b"-", b"\n", b"," * 5]
                )
            case _:
                changed = changed[:place]
    return bytes(changed)
