"""Sources that bring arrays by name: `npz:PATH` and `memmap:FOLDER`."""

from __future__ import annotations

import hashlib
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from advisor.data.values import Array, DataError, Part, Source, suggestion

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
KEYS = ("x_train", "y_train", "x_val", "y_val", "x_test", "y_test", "groups", "times")


def read_npz(path: Path) -> Source:
    """Arrays of a file that numpy.savez has made. Raises DataError, OSError."""
    with path.open("rb") as file:  # np.load would leave a damaged file open
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        if not zipfile.is_zipfile(file):
            raise DataError(f"data.source: {path} is not an npz file (numpy.savez makes one)")
        file.seek(0)
        try:
            with np.load(file, allow_pickle=False) as archive:
                present = list(archive.files)
                arrays = {key: _member(path, archive, key) for key in KEYS if key in present}
        except DataError:
            raise
        except UNREADABLE as error:
            raise DataError(f"data.source: {path} is a damaged npz file: {error}") from error
    return source_of(f"npz:{path}", str(path), arrays, present, digest)


def read_memmap(folder: Path) -> Source:
    """Arrays mapped from x_train.npy and so on, never wholly in memory.

    Raises DataError, OSError.
    """
    present = sorted(file.stem for file in folder.iterdir() if file.suffix == ".npy")
    digest = hashlib.sha256()
    arrays = {}
    for key in KEYS:
        if key in present:
            path = folder / f"{key}.npy"
            arrays[key] = _mapped(path, key)
            with path.open("rb") as file:
                digest.update(key.encode() + hashlib.file_digest(file, "sha256").digest())
    return source_of(f"memmap:{folder}", str(folder), arrays, present, digest.hexdigest())


def source_of(
    name: str, where: str, arrays: Mapping[str, Array], present: Sequence[str], digest: str
) -> Source:
    """A source of arrays by name; `present` are all the names that are there. Raises DataError."""
    train = _part(where, arrays, "train", present)
    if train is None:
        raise DataError(_missing(where, "x_train", present))
    for key in ("groups", "times"):
        if key in arrays and arrays[key].shape != (len(train.inputs),):
            raise DataError(
                f"data.source: {where}: {key} has shape {arrays[key].shape}; "
                f"allowed: ({len(train.inputs)},), one for each example of x_train"
            )
    return Source(
        name,
        train,
        _part(where, arrays, "val", present),
        _part(where, arrays, "test", present),
        digest,
        numbered=True,
        groups=arrays.get("groups"),
        times=arrays.get("times"),
    )


def _member(path: Path, archive: Mapping[str, Any], key: str) -> Array:
    return _readable(f"{path}: {key}", lambda: archive[key])


def _mapped(path: Path, key: str) -> Array:
    if key.startswith("x_"):
        return _readable(str(path), lambda: np.load(path, mmap_mode="r", allow_pickle=False))
    return _readable(str(path), lambda: np.load(path, allow_pickle=False))


def _readable(where: str, read: Callable[[], Any]) -> Array:
    try:
        array = read()
    except UNREADABLE as error:
        if any(told in str(error) for told in ("Object arrays", "Python objects in dtype")):
            raise DataError(
                f"data.source: {where} holds Python objects; allowed: plain numbers"
            ) from error
        foreign = "pickle" in str(error)  # NumPy's guess at what is no file of its own
        reason = "it is not one that numpy.save makes" if foreign else error
        raise DataError(f"data.source: {where} cannot be read: {reason}") from error
    if not isinstance(array, np.ndarray):
        raise DataError(f"data.source: {where} is not a NumPy array")
    return array


def _part(
    where: str, arrays: Mapping[str, Array], which: str, present: Sequence[str]
) -> Part | None:
    x, y = f"x_{which}", f"y_{which}"
    if x not in arrays and y not in arrays:
        return None
    for key in (x, y):
        if key not in arrays:
            raise DataError(_missing(where, key, present))
    return Part(arrays[x], arrays[y], x, y)


def _missing(where: str, key: str, present: Sequence[str]) -> str:
    shown = ", ".join(present[:20]) or "none"
    return (
        f"data.source: {where} has no array {key!r}; it holds: {shown}{suggestion(key, present)} "
        f"(needed: x_train, y_train; optional: {', '.join(KEYS[2:])})"
    )
