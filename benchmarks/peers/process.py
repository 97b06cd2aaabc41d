"""A peer's process, as the coordinator sees it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

BENCHMARKS = Path(__file__).resolve().parent.parent
LAST_WORDS = 2000


def environment_here() -> dict[str, str]:
    """This process's environment, with the benchmarks' folder among those of modules."""
    path = os.pathsep.join(filter(None, [str(BENCHMARKS), os.environ.get("PYTHONPATH")]))
    return {**os.environ, "PYTHONPATH": path}


class PeerError(Exception):
    """The process has died; the message holds the end of what it wrote."""


class Peer:
    """One warm process that runs segments; see `peers.protocol`. Use as a context manager."""

    def __init__(
        self, module: str, argument: str = "", environment: Mapping[str, str] = {}
    ) -> None:
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 closed with the process
        self._name = f"{module} {argument}".strip()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "peers.serve", module, argument],
            env={**environment_here(), **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.kill()
        self._process.communicate()
        self._errors.close()

    def ask(self, request: Mapping[str, Any]) -> dict[str, Any]:
        self.send(request)
        return self.receive()

    def send(self, request: Mapping[str, Any]) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            pass  # `receive` says how it died

    def receive(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise PeerError(f"{self._name} has ended:\n{self._last_words()}")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _last_words(self) -> str:
        self._process.wait()
        size = self._errors.seek(0, os.SEEK_END)
        self._errors.seek(max(0, size - LAST_WORDS))
        return self._errors.read().decode("utf-8", "replace").strip()
