"""Parquet files: numeric features, and target, group and time columns of any simple type."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np

from advisor.data.columns import Columns, find_columns, points_in_time
from advisor.data.optional import package
from advisor.data.values import Array, DataError, Part, Source
from advisor.recipe import Data


def read_parquet(path: Path, data: Data) -> Source:
    """One file of numeric features and one target column. Raises DataError, OSError."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    table = _table(path)
    columns = find_columns(path, table.column_names, True, data)
    inputs = np.empty((table.num_rows, len(columns.features)))
    for number, position in enumerate(columns.features):
        inputs[:, number] = _feature(path, columns, table, position)
    part = Part(
        inputs,
        _others(path, columns, table, columns.target),
        "the feature columns",
        columns.called(columns.target),
    )
    groups = None if columns.group is None else _others(path, columns, table, columns.group)
    return Source(
        f"parquet:{path}",
        part,
        None,
        None,
        digest,
        groups=groups,
        times=None if columns.time is None else _times(path, columns, table, columns.time),
    )


def _table(path: Path) -> Any:
    package("pyarrow", "pyarrow", "parquet:PATH")
    arrow, parquet = (
        package(name, "pyarrow", "parquet:PATH") for name in ("pyarrow", "pyarrow.parquet")
    )
    try:
        return parquet.ParquetFile(path).read()
    except (arrow.ArrowException, OSError, ValueError) as error:
        reason = str(error).partition("\n")[0]
        raise DataError(f"data.source: {path} is not a readable Parquet file: {reason}") from error


def _column(path: Path, columns: Columns, table: Any, position: int) -> Any:
    """A column without null values, as its plain values."""
    column = table.column(position)
    if column.null_count:
        row = column.is_null().to_pylist().index(True)
        raise DataError(
            f"data.source: {path}: {columns.called(position)} has {column.null_count} empty "
            f"cells, the first in row {row} (the first row is 0)"
        )
    arrow = package("pyarrow", "pyarrow", "parquet:PATH")
    if arrow.types.is_dictionary(column.type):
        return column.cast(column.type.value_type)
    if arrow.types.is_decimal(column.type):
        return column.cast(arrow.float64())
    return column


def _feature(path: Path, columns: Columns, table: Any, position: int) -> Array:
    column = _column(path, columns, table, position)
    types = package("pyarrow", "pyarrow", "parquet:PATH").types
    kind = column.type
    if not (types.is_integer(kind) or types.is_floating(kind) or types.is_boolean(kind)):
        raise DataError(
            f"data.source: {path}: {columns.called(position)} holds {kind}; allowed: numbers, "
            f"since every column but the target is a numeric feature"
        )
    return np.asarray(column.to_numpy()).astype(np.float64)


def _others(path: Path, columns: Columns, table: Any, position: int) -> Array:
    """Numbers as float64, everything else as text."""
    column = _column(path, columns, table, position)
    types, kind = package("pyarrow", "pyarrow", "parquet:PATH").types, column.type
    if types.is_integer(kind) or types.is_floating(kind) or types.is_boolean(kind):
        return np.asarray(column.to_numpy()).astype(np.float64)
    if types.is_nested(kind):
        raise DataError(
            f"data.source: {path}: {columns.called(position)} holds {kind}; "
            f"allowed: numbers or text"
        )
    return np.array([str(value) for value in column.to_pylist()], dtype=np.str_)


def _times(path: Path, columns: Columns, table: Any, position: int) -> Array:
    column = _column(path, columns, table, position)
    arrow = package("pyarrow", "pyarrow", "parquet:PATH")
    if arrow.types.is_date(column.type) or arrow.types.is_timestamp(column.type):
        return np.asarray(column.cast(arrow.timestamp("us")).cast(arrow.int64()).to_numpy())
    found = _others(path, columns, table, position)
    if found.dtype.kind == "f":
        return found
    return points_in_time(f"data.source: {path}: {columns.called(position)}", found.tolist())
