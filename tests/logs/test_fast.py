"""What is read many lines at a time is what would be read line by line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.logs import delimited, json_lines
from advisor.logs.log import Note
from advisor.logs.table import Table

NUMBERS = ("1", "2.5", "-3e-2", "nan", "-Infinity", "1e999", ".5", "1.", "+1", " 2 ", "-0.0")
ODD = ("", " ", "1_0", "٣", "0x1", '"1"', "x", "1,5", "true", "\x0b4", "1\r", "#", "é")
VALUES = ("1", "2.5", "-3e-2", "null", "NaN", "'a'", "nan", "None", "True", "{'b': 1}", "01", "+1")


@st.composite
def tables(draw: st.DrawFn) -> list[str]:
    """Lines of a table with a header; in most all cells are numbers, or empty."""
    delimiter, width = draw(st.sampled_from(",\t;|")), draw(st.integers(2, 4))
    cells = NUMBERS + draw(st.sampled_from([(), ("",), ODD]))
    row = st.lists(st.sampled_from(cells), min_size=width, max_size=width)
    rows = draw(st.lists(row, min_size=2, max_size=12))
    names = [f"column{i}" for i in range(width)]
    return [delimiter.join(line) for line in [names, ["1"] * width, *rows]]


def same(one: Table, other: Table) -> bool:
    columns = [
        [(name, c.rows.tolist(), c.values.tobytes(), c.nulls) for name, c in table.columns.items()]
        for table in (one, other)
    ]
    return columns[0] == columns[1] and (one.rows, one.notes) == (other.rows, other.notes)


@given(tables())
def test_a_table_is_read_as_line_by_line(lines: list[str]) -> None:
    header = delimited.find_header(lines)
    assert header is not None
    at_once = delimited.read_table(lines, header)
    with (
        patch.object(delimited, "_numeric", lambda chunk, header: None),
        patch.object(delimited, "_even", lambda chunk, header: []),
    ):
        assert same(at_once, delimited.read_table(lines, header))


@pytest.mark.parametrize("line", ["1,2,3", "1,,3", ",,", ",2,", "nan,,inf"])
def test_lines_of_numbers_and_gaps_take_the_fast_way(line: str) -> None:
    header = delimited.Header(0, ",", ["a", "b", "c"])
    found = delimited._numeric([line, "4,5,6"], header)
    assert found is not None
    cells = line.split(",")
    assert found.filled[0].tolist() == [bool(cell) for cell in cells]
    expected = [float(cell or "nan") for cell in cells]
    np.testing.assert_array_equal(found.values[0], expected)


@st.composite
def printed(draw: st.DrawFn) -> list[str]:
    """Lines of dictionaries as JSON or as Python has them, some with odd values."""
    quote = draw(st.sampled_from("'\""))
    values = st.sampled_from(draw(st.sampled_from([VALUES[:4], VALUES[:9], VALUES])))
    rows = draw(st.lists(st.lists(values, min_size=1, max_size=3), min_size=1, max_size=6))
    return [
        "{" + ", ".join(f"{quote}k{i}{quote}: {value}" for i, value in enumerate(row)) + "}"
        for row in rows
    ]


def objects(lines: list[str]) -> tuple[str, list[Note]]:
    notes: list[Note] = []
    found = [one for chunk in json_lines.objects_of(lines, notes) for one in chunk]
    return json.dumps(found), notes


@given(printed())
def test_objects_are_read_as_line_by_line(lines: list[str]) -> None:
    at_once = objects(lines)
    with patch.object(json_lines, "_together", lambda chunk: None):
        assert at_once == objects(lines)


def test_dictionaries_as_python_prints_them_are_read_together() -> None:
    lines = [str({"step": i, "loss": float("nan"), "done": None}) for i in range(3)]

    def never(*_: object) -> Iterator[str]:
        raise AssertionError("read line by line")

    with patch.object(json_lines, "_one_by_one", never):
        found, notes = objects(lines)
    assert notes == []
    assert [one["step"] for one in json.loads(found)] == [0, 1, 2]
