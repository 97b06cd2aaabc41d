"""The data sets that come with scikit-learn, read from its files.

Importing scikit-learn takes longer than importing torch, and a training needs nothing of it but
these files; `tests/test_data_scikit.py` holds them to what scikit-learn's own loaders return.
"""

from __future__ import annotations

import csv
import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.generic]
FOLDER = Path("datasets") / "data"
DIGIT = 8
"""Height and width of a digit, in pixels."""


class Loaded(NamedTuple):
    """A data set as scikit-learn's loader returns it."""

    inputs: Array
    """(examples, features), of digits (examples, 8, 8)"""
    targets: Array
    """(examples,)"""
    names: tuple[str, ...] | None
    """of the classes"""


def load(name: str) -> Loaded:
    """The data set of this name in `NAMES`."""
    try:
        return READERS[name](_folder())
    except (OSError, ValueError, IndexError):  # another version keeps them otherwise
        return _loaded_by_scikit_learn(name)


def _folder() -> Path:
    found = importlib.util.find_spec("sklearn")
    if found is None or found.origin is None:
        raise OSError("scikit-learn is not installed")
    return Path(found.origin).parent / FOLDER


def _table(file: str) -> Callable[[Path], Loaded]:
    """A reader of CSV whose first line holds sizes and class names, and the last column classes."""

    def read(folder: Path) -> Loaded:
        with (folder / file).open(encoding="utf-8", newline="") as lines:
            rows = csv.reader(lines)
            count, width, *names = next(rows)
            values = list(rows)
        inputs = np.array([row[:-1] for row in values], np.float64)
        targets = np.array([int(row[-1]) for row in values])
        if inputs.shape != (int(count), int(width)):
            raise ValueError(f"{file} holds {inputs.shape}, not {count} x {width}")
        return Loaded(inputs, targets, tuple(names))

    return read


def _digits(folder: Path) -> Loaded:
    values = np.loadtxt(folder / "digits.csv.gz", delimiter=",")
    images = np.ascontiguousarray(values[:, :-1]).reshape(-1, DIGIT, DIGIT)
    return Loaded(images, values[:, -1].astype(int), tuple(map(str, range(10))))


def _diabetes(folder: Path) -> Loaded:
    """Features of mean 0 and norm 1."""
    raw = np.loadtxt(folder / "diabetes_data_raw.csv.gz")
    targets = np.loadtxt(folder / "diabetes_target.csv.gz")
    scaled = (raw - raw.mean(axis=0)) / raw.std(axis=0)
    return Loaded(scaled / len(raw) ** 0.5, targets, None)


def _loaded_by_scikit_learn(name: str) -> Loaded:
    from sklearn import datasets

    bunch = getattr(datasets, f"load_{name}")()
    inputs = np.ascontiguousarray(bunch.images if name == "digits" else bunch.data)
    names = tuple(str(each) for each in bunch.get("target_names", ())) or None
    return Loaded(inputs, np.asarray(bunch.target), names)


READERS: dict[str, Callable[[Path], Loaded]] = {
    "breast_cancer": _table("breast_cancer.csv"),
    "diabetes": _diabetes,
    "digits": _digits,
    "iris": _table("iris.csv"),
    "wine": _table("wine_data.csv"),
}
NAMES = tuple(READERS)
