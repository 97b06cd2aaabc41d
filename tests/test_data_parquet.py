from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from advisor import data
from advisor.data.parquet import read_parquet
from advisor.recipe import Data

pa = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")

N = 30
DAYS = [datetime.date(2026, 1, 1) + datetime.timedelta(days=i) for i in range(N)]
COLUMNS: dict[str, Any] = {
    "a": [float(i) for i in range(N)],
    "b": list(range(N)),
    "flag": [i % 3 == 0 for i in range(N)],
    "day": DAYS[::-1],
    "who": [f"p{i // 3}" for i in range(N)],
    "kind": [("yes", "no")[i % 2] for i in range(N)],
}


def saved(tmp_path: Path, columns: dict[str, Any], **settings: Any) -> Data:
    path = tmp_path / "table.parquet"
    parquet.write_table(pa.table(columns), path)
    return Data(source=f"parquet:{path}", **settings)


def test_columns_have_roles(tmp_path: Path) -> None:
    settings = saved(tmp_path, COLUMNS, group="who", time="day")
    found = read_parquet(tmp_path / "table.parquet", settings)
    np.testing.assert_array_equal(found.train.inputs[4], [4, 4, 0])
    assert found.train.targets.tolist() == COLUMNS["kind"]
    assert found.groups is not None
    assert found.times is not None
    assert found.groups.tolist() == COLUMNS["who"]
    assert (np.diff(found.times) == -86_400_000_000).all()
    dataset = data.load(settings, "binary")
    assert dataset.input_shape == (3,)
    assert dataset.classes == ("no", "yes")


def test_dictionaries_decimals_and_chunks(tmp_path: Path) -> None:
    columns = {
        "price": pa.array([i / 4 for i in range(8)]).cast(pa.decimal128(6, 2)),
        "kind": pa.chunked_array(
            [pa.array(list("abab")).dictionary_encode(), pa.array(list("abab")).dictionary_encode()]
        ),
    }
    settings = saved(tmp_path, columns)
    found = read_parquet(tmp_path / "table.parquet", settings).train
    np.testing.assert_array_equal(found.inputs[:, 0], np.arange(8) / 4)
    assert found.targets.tolist() == list("abababab")


@pytest.mark.parametrize(
    ("columns", "settings", "said"),
    [
        (COLUMNS, {}, "column 'day' holds date32"),
        (COLUMNS, {"target": "knd"}, "0 columns called 'knd'"),
        (COLUMNS, {"target": 9}, "no column 9"),
        (COLUMNS, {"group": "kind"}, "data.group: "),
        ({"a": [1.0, None, 3.0], "y": [0, 1, 0]}, {}, "column 'a' has 1 empty cells, the first in"),
        ({"a": [1.0, 2.0], "y": [[0], [1]]}, {}, "column 'y' holds list"),
        ({"y": [0, 1]}, {}, "no column left that could be a feature"),
        ({"a": [1.0, 2, 3], "t": ["x", "y", "z"], "y": [0, 1, 0]}, {"time": "t"}, "'x' in row 0"),
    ],
)
def test_an_unusable_table_is_refused(
    tmp_path: Path, columns: dict[str, Any], settings: dict[str, Any], said: str
) -> None:
    with pytest.raises(data.DataError, match=r"^data\.") as caught:
        data.load(saved(tmp_path, columns, **settings), "binary")
    assert said in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"PAR1", b"PAR1 damaged, and long enough PAR1"])
def test_a_file_that_is_no_parquet(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.parquet").write_bytes(content)
    with pytest.raises(data.DataError, match="not a readable Parquet file"):
        data.load(Data(source=f"parquet:{tmp_path / 'x.parquet'}"), "binary")


def test_missing_files(tmp_path: Path) -> None:
    with pytest.raises(data.DataError, match="no such file"):
        data.load(Data(source=f"parquet:{tmp_path / 'no'}"), "binary")
    with pytest.raises(data.DataError, match="directory"):
        data.load(Data(source=f"parquet:{tmp_path}"), "binary")
