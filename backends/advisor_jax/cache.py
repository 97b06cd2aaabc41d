"""Compiled programs are kept on disk, so that a new process need not compile them again."""

from __future__ import annotations

import functools
import os
import tempfile
import time
from pathlib import Path
from typing import Any

import jax
from platformdirs import user_cache_path

KEPT_SECONDS = 30 * 24 * 3600


def cache_folder() -> Path:
    """`$ADVISOR_CACHE/jax`, else `advisor/jax` in the user's cache folder."""
    own = os.environ.get("ADVISOR_CACHE")
    if own:
        return Path(own).expanduser() / "jax"
    return user_cache_path("advisor", appauthor=False) / "jax"


@functools.cache
def keep_programs() -> bool:
    """Turn JAX's compilation cache on, for the process; says whether it is on.

    A user's own JAX_COMPILATION_CACHE_DIR stands. A folder that cannot be written is no error.
    """
    config: Any = jax.config  # its options are not typed
    if config.jax_compilation_cache_dir:
        return True
    try:
        folder = cache_folder()
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
        _forget_old(folder)
    except (OSError, RuntimeError):  # RuntimeError: no home folder
        return False
    config.update("jax_compilation_cache_dir", str(folder))
    config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    config.update("jax_persistent_cache_min_entry_size_bytes", -1)
    return True


def _forget_old(folder: Path) -> None:
    oldest = time.time() - KEPT_SECONDS
    for entry in folder.glob("*-cache"):
        if entry.stat().st_mtime < oldest:
            entry.unlink(missing_ok=True)
