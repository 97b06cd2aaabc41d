"""Sources by scheme: `sklearn:NAME`, `npz:PATH` and `csv:PATH`."""

from __future__ import annotations

import hashlib
import os
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from advisor.data.table import read_csv
from advisor.data.values import Array, DataError, Part, Source, suggestion
from advisor.recipe import Data

SKLEARN = ("breast_cancer", "diabetes", "digits", "iris", "wine")
UNREADABLE = (
    ValueError,
    EOFError,
    KeyError,
    MemoryError,
    OverflowError,
    RuntimeError,
    SyntaxError,
    zipfile.BadZipFile,
    zlib.error,
)
"""What zipfile and numpy raise for damaged, encrypted or foreign files."""
NPZ_KEYS = ("x_train", "y_train", "x_val", "y_val", "x_test", "y_test")


def read_source(data: Data) -> Source:
    """Read everything that the source holds, unchanged. Raises DataError."""
    scheme, _, rest = data.source.partition(":")
    if scheme == "sklearn":
        return _sklearn(rest)
    if "\0" in rest:
        raise DataError(f"data.source: {rest!r} is not a path")
    path = Path(os.path.expanduser(rest))
    try:
        if scheme == "csv":
            return read_csv(path, data)
        return _npz(path)
    except OSError as error:
        reason = error.strerror or str(error)
        raise DataError(f"data.source: cannot read {path}: {reason.lower()}") from error


def _sklearn(name: str) -> Source:
    if name not in SKLEARN:
        raise DataError(
            f"data.source: scikit-learn has no data set {name!r} here; "
            f"allowed: {', '.join(SKLEARN)}{suggestion(name, SKLEARN)}"
        )
    from sklearn import datasets

    bunch = getattr(datasets, f"load_{name}")()
    inputs = np.ascontiguousarray(bunch.images if name == "digits" else bunch.data)
    targets = np.asarray(bunch.target)
    names = tuple(str(each) for each in bunch.get("target_names", ())) or None
    digest = hashlib.sha256(inputs.tobytes() + targets.tobytes()).hexdigest()
    part = Part(inputs, targets, "inputs", "targets")
    return Source(f"sklearn:{name}", part, None, None, digest, names, numbered=names is not None)


def _npz(path: Path) -> Source:
    with path.open("rb") as file:  # np.load would leave a damaged file open
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        if not zipfile.is_zipfile(file):
            raise DataError(f"data.source: {path} is not an npz file (numpy.savez makes one)")
        file.seek(0)
        try:
            with np.load(file, allow_pickle=False) as archive:
                present = list(archive.files)
                arrays = {key: _array(path, archive, key) for key in NPZ_KEYS if key in present}
        except DataError:
            raise
        except UNREADABLE as error:
            raise DataError(f"data.source: {path} is a damaged npz file: {error}") from error
    train = _part(path, arrays, "train", present)
    if train is None:
        raise DataError(_missing(path, "x_train", present))
    validation, test = (_part(path, arrays, which, present) for which in ("val", "test"))
    return Source(f"npz:{path}", train, validation, test, digest, numbered=True)


def _array(path: Path, archive: Mapping[str, Any], key: str) -> Array:
    try:
        array = archive[key]
    except UNREADABLE as error:
        if "Object arrays" in str(error):
            raise DataError(
                f"data.source: {path}: {key} holds Python objects; allowed: plain numbers"
            ) from error
        raise DataError(f"data.source: {path}: {key} cannot be read: {error}") from error
    if not isinstance(array, np.ndarray):
        raise DataError(f"data.source: {path}: {key} is not a NumPy array")
    return array


def _part(path: Path, arrays: Mapping[str, Array], which: str, present: list[str]) -> Part | None:
    x, y = f"x_{which}", f"y_{which}"
    if x not in arrays and y not in arrays:
        return None
    for key in (x, y):
        if key not in arrays:
            raise DataError(_missing(path, key, present))
    return Part(arrays[x], arrays[y], x, y)


def _missing(path: Path, key: str, present: list[str]) -> str:
    shown = ", ".join(present[:20]) or "none"
    return (
        f"data.source: {path} has no array {key!r}; it holds: {shown}{suggestion(key, present)} "
        f"(needed: x_train, y_train; optional: x_val, y_val, x_test, y_test)"
    )
