from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor import data
from advisor.data.table import read_csv
from advisor.recipe import Data


def table(tmp_path: Path, text: str | bytes, **settings: Any) -> Data:
    path = tmp_path / "table.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return Data(source=f"csv:{path}", **settings)


def cells(source: Data) -> tuple[list[list[float]], list[Any]]:
    found = read_csv(Path(source.source.removeprefix("csv:")), source).train
    return found.inputs.tolist(), found.targets.tolist()


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", " "])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_delimiters_are_guessed(tmp_path: Path, delimiter: str, newline: str) -> None:
    rows = [["1", "2.5", "a"], ["-3", "4e1", "b"], ["5", "6", "a"]]
    text = newline.join(delimiter.join(row) for row in rows)
    source = table(tmp_path, text)
    assert cells(source) == ([[1, 2.5], [-3, 40], [5, 6]], ["a", "b", "a"])


@pytest.mark.parametrize(
    ("settings", "inputs", "targets"),
    [
        ({}, [[1, 2], [4, 5]], [3, 6]),
        ({"target": "a"}, [[2, 3], [5, 6]], [1, 4]),
        ({"target": "b"}, [[1, 3], [4, 6]], [2, 5]),
        ({"target": 0}, [[2, 3], [5, 6]], [1, 4]),
        ({"target": -2}, [[1, 3], [4, 6]], [2, 5]),
        ({"target": -1, "header": True}, [[1, 2], [4, 5]], [3, 6]),
    ],
)
def test_the_target_by_name_or_position(
    tmp_path: Path, settings: dict[str, Any], inputs: Any, targets: Any
) -> None:
    assert cells(table(tmp_path, '"a",b,c\n1,2,3\n\n4,5,6\n', **settings)) == (inputs, targets)


def test_the_header_is_guessed_or_said(tmp_path: Path) -> None:
    assert len(cells(table(tmp_path, "1,2,x\n3,4,y\n"))[1]) == 2  # numbers in the first row
    assert len(cells(table(tmp_path, "\ufeffa,b,c\n3,4,y\n"))[1]) == 1
    assert len(cells(table(tmp_path, "0,1,kind\n3,4,y\n", target="kind"))[1]) == 1
    assert len(cells(table(tmp_path, "0,1,2\n3,4,5\n", header=True))[1]) == 1


def test_text_and_number_labels_become_sorted_classes(tmp_path: Path) -> None:
    def classes(labels: list[str], task: Any) -> Any:
        text = "\n".join(f"{i},{label}" for i, label in enumerate(labels * 10))
        return data.load(table(tmp_path, text), task).classes

    assert classes(["pear", "apple", "fig"], "classification") == ("apple", "fig", "pear")
    assert classes(["10", "9", "-1"], "classification") == ("-1", "9", "10")
    assert classes(["10", "9", "none"], "classification") == ("10", "9", "none")
    assert classes(["yes", "no"], "binary") == ("no", "yes")
    assert classes(["1", "-1"], "binary") == ("-1", "1")


def test_a_regression_from_a_table(tmp_path: Path) -> None:
    text = "x,y\n" + "\n".join(f"{i},{2 * i + 1}" for i in range(50))
    dataset = data.load(table(tmp_path, text), "regression")
    line = np.polyfit(dataset.train.inputs[:, 0], dataset.train.targets, 1)
    np.testing.assert_allclose(line, [1, 0], atol=1e-6)


ROWS = "\n".join(f"{i},{i % 7},{i % 2}" for i in range(20))


@pytest.mark.parametrize(
    ("text", "settings", "said"),
    [
        ("", {}, ["holds no table"]),
        ("1\n2\n", {}, ["holds no table", "two columns"]),
        ("a,b\n", {}, ["is empty"]),
        (f"a,b,c\n{ROWS}\n3,red,1", {}, ["column 'b', line 22: found 'red'; allowed: a number"]),
        (f"a,b,c\n{ROWS}\n3,,1", {}, ["column 'b', line 22: found an empty cell"]),
        (f"a,b,c\n{ROWS}\n3,1,", {}, ["line 22 has no value in column 'c'"]),
        (f"{ROWS}\n1;5,2,1", {}, ["column 0, line 21: found '1;5'"]),
        (f"1,b,c\n{ROWS}", {}, ["column 1, line 1: found 'b'", "set data.header to true"]),
        (f"a,b,c\n{ROWS}\n1,2", {}, ["line 22 has 2 cells; expected 3"]),
        (f"a,b,c\n{ROWS}\nnan,2,1", {}, ["the feature columns has 1 values that are NaN"]),
        (f"age,b,c\n{ROWS}", {"target": "agee"}, ["no|0 columns", "did you mean 'age'?"]),
        (f"a,a,c\n{ROWS}", {"target": "a"}, ["2 columns called 'a'"]),
        (ROWS, {"target": "c"}, ["no header row", "0 to 2"]),
        (ROWS, {"target": 3}, ["no column 3; allowed: -3 to 2"]),
        (ROWS, {"target": -4}, ["no column -4"]),
        (b"a,b\n\xff,1\n", {}, ["not UTF-8 text: byte 4"]),
        (f'"a,b,c\n{ROWS}', {}, ["CSV|holds no table"]),
    ],
)
def test_an_unusable_table_is_refused_with_the_place(
    tmp_path: Path, text: str | bytes, settings: dict[str, Any], said: list[str]
) -> None:
    with pytest.raises(data.DataError) as caught:
        data.load(table(tmp_path, text, **settings), "binary")
    for part in said:
        assert any(option in str(caught.value) for option in part.split("|"))


FINITE = st.floats(-1e30, 1e30, allow_nan=False)


@given(st.lists(st.tuples(FINITE, FINITE, st.sampled_from("ab")), min_size=1), st.booleans())
@settings(deadline=None)
def test_numbers_are_read_exactly(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[float, float, str]], header: bool
) -> None:
    lines = (["one,two,three"] if header else []) + [f"{a!r},{b!r},{c}" for a, b, c in rows]
    source = table(tmp_path_factory.mktemp("table"), "\n".join(lines), header=header)
    inputs, targets = cells(source)
    assert inputs == [[a, b] for a, b, _ in rows]
    assert targets == [c for _, _, c in rows]


@given(st.text(st.sampled_from("0123456789abc.,;|\t \n\r\"'-+einfx_\0")))
@settings(max_examples=200, deadline=None)
def test_any_text_is_loaded_or_refused(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    source = table(tmp_path_factory.mktemp("table"), text)
    for task in ("classification", "binary", "regression"):
        try:
            assert np.isfinite(data.load(source, task).train.inputs).all()
        except data.DataError as error:
            assert "data." in str(error)  # noqa: PT017
