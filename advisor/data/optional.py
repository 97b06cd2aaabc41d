"""Packages that only some sources need, imported when such a source is read."""

from __future__ import annotations

import importlib
from types import ModuleType

from advisor.data.values import DataError


def package(module: str, called: str, source: str) -> ModuleType:
    """Import a module of the optional package `called`. Raises DataError where it is missing."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise DataError(
            f"data.source: {source} needs the package {called}, which cannot be imported "
            f"({error}): pip install 'tuning-advisor[data]'"
        ) from error
