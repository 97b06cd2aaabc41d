"""The one answer of a host to whoever started it."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from advisor.files import write_text


class Answer:
    """Given once, in a file that appears whole."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.given = False

    def give(self, content: Mapping[str, Any]) -> None:
        """{"folder": ...}, or {"error": ..., "kind": ..., "detail": ...}. Raises OSError."""
        with contextlib.suppress(FileNotFoundError):  # whoever asked is gone, and its folder
            write_text(self._path, json.dumps(content))
        self.given = True
