"""`python:FILE.py:FUNCTION`: data that a function of the user's own makes."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from advisor.code import CodeError, load_object, place
from advisor.data.arrays import KEYS, source_of
from advisor.data.checks import pieces
from advisor.data.values import Array, DataError, Source, suggestion


def read_own(reference: str, seed: int) -> Source:
    """What the function returns: a dict of arrays by name, and perhaps `vocabulary`, a number.

    Runs the user's code: only ever call this after consent. The function takes no arguments, or
    `seed`, which is data.split_seed. With `vocabulary`, inputs are (n, time) tokens below it.
    Raises DataError.
    """
    file, _, function = reference.rpartition(":")
    found = _called(file, function, seed)
    arrays = {key: _array(reference, key, found[key]) for key in KEYS if key in found}
    source = source_of(
        f"python:{reference}", reference, arrays, [str(key) for key in found], _digest(arrays)
    )
    if "vocabulary" not in found:
        return source
    return replace(source, vocabulary=_vocabulary(reference, found["vocabulary"]))


def _called(file: str, function: str, seed: int) -> Mapping[Any, Any]:
    where = f"data.source: {file}:{function}"
    try:
        made = load_object(f"{file}:{function}")
    except CodeError as error:
        raise DataError(f"data.source: {error}") from error
    if not callable(made):
        raise DataError(f"{where} is {type(made).__name__}; allowed: a function")
    try:
        found = made(seed=seed) if _takes_seed(made) else made()
    except Exception as error:  # whatever the user's code raises
        raise DataError(f"{where} fails{place(error, file)}: {_told(error)}") from error
    if not isinstance(found, Mapping):
        raise DataError(f"{where} returns {type(found).__name__}; allowed: a dict of arrays")
    for key in found:
        if key not in (*KEYS, "vocabulary"):
            raise DataError(
                f"{where} returns {key!r}; allowed: {', '.join(KEYS)}, vocabulary"
                f"{suggestion(str(key), (*KEYS, 'vocabulary'))}"
            )
    return found


def _takes_seed(function: Any) -> bool:
    try:
        return "seed" in inspect.signature(function).parameters
    except (TypeError, ValueError):  # builtins without a signature
        return False


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def _array(reference: str, key: str, value: Any) -> Array:
    where = f"data.source: {reference}: {key}"
    try:
        array = np.asarray(value)
    except Exception as error:  # whatever an array type of another library raises
        raise DataError(f"{where} is no array: {_told(error)}") from error
    if array.dtype.kind not in "biufUM":
        raise DataError(f"{where} holds {array.dtype}; allowed: arrays of numbers")
    return array


def _vocabulary(reference: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 2:
        raise DataError(
            f"data.source: {reference}: vocabulary is {value!r}; allowed: a whole number of "
            f"tokens, at least 2"
        )
    return int(value)


def _digest(arrays: Mapping[str, Array]) -> str:
    digest = hashlib.sha256()
    for key, array in sorted(arrays.items()):
        digest.update(f"{key} {array.dtype.str} {array.shape}".encode())
        for piece in pieces(len(array), array[0].size) if array.ndim and len(array) else ():
            digest.update(np.ascontiguousarray(array[piece]).tobytes())
    return digest.hexdigest()
