"""Sources by scheme."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

from advisor.data import scikit
from advisor.data.arrays import read_memmap, read_npz
from advisor.data.images import read_images
from advisor.data.own import read_own
from advisor.data.parquet import read_parquet
from advisor.data.table import read_csv
from advisor.data.texts import read_text
from advisor.data.values import DataError, Part, Source, suggestion
from advisor.recipe import Data, Task

READERS: dict[str, Callable[[Path, Data, Task], Source]] = {
    "npz": lambda path, data, task: read_npz(path),
    "csv": lambda path, data, task: read_csv(path, data),
    "parquet": lambda path, data, task: read_parquet(path, data),
    "images": lambda path, data, task: read_images(path, data),
    "memmap": lambda path, data, task: read_memmap(path),
    "text": read_text,
}


def read_source(data: Data, task: Task) -> Source:
    """Read everything that the source holds, unchanged. Raises DataError.

    A python: source runs the user's code; see `advisor.code`.
    """
    scheme, _, rest = data.source.partition(":")
    if scheme == "sklearn":
        return _sklearn(rest)
    if "\0" in rest:
        raise DataError(f"data.source: {rest!r} is not a path")
    if scheme == "python":
        return read_own(rest, data.split_seed)
    path = Path(os.path.expanduser(rest))
    try:
        return READERS[scheme](path, data, task)
    except OSError as error:
        reason = error.strerror or str(error)
        raise DataError(
            f"data.source: cannot read {error.filename or path}: {reason.lower()}"
        ) from error


def _sklearn(name: str) -> Source:
    if name not in scikit.NAMES:
        raise DataError(
            f"data.source: scikit-learn has no data set {name!r} here; "
            f"allowed: {', '.join(scikit.NAMES)}{suggestion(name, scikit.NAMES)}"
        )
    inputs, targets, names = scikit.load(name)
    digest = hashlib.sha256(inputs.tobytes() + targets.tobytes()).hexdigest()
    part = Part(inputs, targets, "inputs", "targets")
    return Source(f"sklearn:{name}", part, None, None, digest, names, numbered=names is not None)
