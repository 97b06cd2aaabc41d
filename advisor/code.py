"""Objects out of the user's own Python files, named as FILE.py:NAME.

Loading such a file runs it. Call `load_object` only after the user has agreed to run the code of
this folder; the callers check that, this module does not.
"""

from __future__ import annotations

import difflib
import importlib.util
import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

_LOADED: dict[Path, tuple[int, ModuleType]] = {}
"""Modules by file, with the modification time (nanoseconds) at which they were loaded."""


class CodeError(ValueError):
    """The user's own code cannot be loaded. The message says what, where, and what is allowed."""


class _Source(SourceFileLoader):
    """Compiles anew: stored bytecode tells versions of a file apart by whole seconds only."""

    def get_code(self, fullname: str) -> CodeType:
        path = self.get_filename(fullname)
        code: CodeType = self.source_to_code(self.get_data(path), path)
        return code


def load_object(reference: str) -> Any:
    """The object that `FILE.py:NAME` names. Runs the file: only ever call this after consent.

    A file is run once per process, and again after it has changed. Its folder is on the module
    search path while it is imported, so that it can import its neighbours. Raises CodeError.
    """
    file, _, name = reference.rpartition(":")
    if not file.endswith(".py") or not name:
        raise CodeError(f"{reference!r} is not a reference to code; allowed: FILE.py:NAME")
    module = _module(Path(os.path.expanduser(file)))
    try:
        return getattr(module, name)
    except AttributeError:
        raise CodeError(_no_such_name(file, name, module)) from None


def place(error: BaseException, file: str) -> str:
    """`, line 12` for the last line of `file` that the error came through, else nothing."""
    path = os.path.realpath(os.path.expanduser(file))
    lines = [
        frame.lineno
        for frame in traceback.extract_tb(error.__traceback__)
        if os.path.realpath(frame.filename) == path
    ]
    return f", line {lines[-1]}" if lines else ""


def _module(file: Path) -> ModuleType:
    try:
        path = file.resolve(strict=True)
        changed = path.stat().st_mtime_ns
        if not path.is_file():
            raise CodeError(f"{file} is not a file; allowed: FILE.py:NAME")
    except (OSError, RuntimeError, ValueError) as error:
        if isinstance(error, CodeError):
            raise
        reason = getattr(error, "strerror", None) or str(error)
        raise CodeError(f"cannot read {file}: {reason.lower()}") from error
    known = _LOADED.get(path)
    if known is None or known[0] != changed:
        _LOADED[path] = changed, _imported(file, path, changed)
    return _LOADED[path][1]


def _imported(file: Path, path: Path, changed: int) -> ModuleType:
    number = f"{hash((str(path), changed)) & 0xFFFFFFFFFFFF:x}"
    name = f"_own_{path.stem}_{number}"  # no module of that name can be there
    spec = importlib.util.spec_from_file_location(name, path, loader=_Source(name, str(path)))
    if spec is None or spec.loader is None:
        raise CodeError(f"{file} cannot be imported as Python")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses and the like look their module up here
    try:
        with _first_on_search_path(path.parent):
            spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        raise CodeError(_unusable(file, error)) from error
    return module


@contextmanager
def _first_on_search_path(folder: Path) -> Iterator[None]:
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        if str(folder) in sys.path:
            sys.path.remove(str(folder))


def _unusable(file: Path, error: BaseException) -> str:
    if isinstance(error, SyntaxError):
        where = Path(error.filename or file).name if error.filename else file
        return f"{file} is not valid Python: {where}, line {error.lineno}: {error.msg}"
    kind = "cannot import what it needs" if isinstance(error, ImportError) else "fails when run"
    return f"{file}{place(error, str(file))}: {kind}: {type(error).__name__}: {error}"


def _no_such_name(file: str, name: str, module: ModuleType) -> str:
    known = [each for each in vars(module) if not each.startswith("_")]
    own = [
        each for each in known if getattr(vars(module)[each], "__module__", "") == module.__name__
    ]
    near = difflib.get_close_matches(name, known, 1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    return f"{file} has no {name!r}; it defines: {', '.join(own[:20]) or 'nothing'}{hint}"
