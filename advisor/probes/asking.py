"""Asks the process of `measured_sizes`, keeps its answers, and outlives its want of memory."""

from __future__ import annotations

import json
import signal
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import pairwise
from typing import IO, Any

from advisor.probes.memory import MemoryWatch

STEPS_A_RUN = 2
"""Optimiser steps that are timed together."""
GAIN = 1.3
"""Doubling that gains less throughput is past the knee."""
PAST_KNEE = 2
"""Sizes past the knee that are measured: one alone may be an accident of timing."""
LAST_WORDS = 4000
MEMORY_WORDS = ("bad_alloc", "out of memory", "cannot allocate memory")
"""What libraries say on standard error when they end the process for want of memory."""


@dataclass
class Measured:
    """What is known of the sizes that were tried, in order."""

    seconds: dict[int, float] = field(default_factory=dict)
    """of one step, the median over the runs"""
    refused: int | None = None
    """the size for which memory was not enough"""
    trying: int = 0

    @property
    def speeds(self) -> dict[int, float]:
        """Examples a second."""
        return {size: size / seconds for size, seconds in self.seconds.items()}

    def past_knee(self) -> bool:
        """Whether enough sizes in a row have gained too little."""
        last = list(self.speeds.values())[-PAST_KNEE - 1 :]
        return len(last) > PAST_KNEE and all(b < GAIN * a for a, b in pairwise(last))

    def note(self, answer: Mapping[str, Any]) -> None:
        """Take in one line of the process."""
        self.trying = answer.get("trying", self.trying)
        self.refused = answer.get("out_of_memory")
        if "seconds" in answer:
            seconds = statistics.median(answer["seconds"]) / STEPS_A_RUN
            self.seconds[answer["size"]] = seconds


class MeasuringError(Exception):
    """The process failed for another reason than memory; the message has its last words."""


def measure(request: Mapping[str, Any], limit: int) -> Measured:
    """Have the sizes of the request measured by a process that may take so many bytes of memory.

    Raises MeasuringError.
    """
    found = Measured(trying=request["sizes"][0][0])
    with tempfile.TemporaryFile() as errors, _started(errors) as process:
        assert process.stdout is not None
        with MemoryWatch(process.pid, limit) as watch:
            _send(process, request)
            for line in process.stdout:
                found.note(json.loads(line))
                if found.past_knee():
                    return found
            process.wait()
        if found.refused or len(found.seconds) == len(request["sizes"]):
            return found
        words = _last_words(errors)
        if not (watch.killed or _for_memory(process.returncode, words)):
            raise MeasuringError(f"exit code {process.returncode}: {words}")
        found.refused = found.trying
        return found


def _for_memory(code: int, words: str) -> bool:
    """Whether this end of a process, by a signal, was for want of memory."""
    told = any(word in words.lower() for word in MEMORY_WORDS)
    return code == -signal.SIGKILL or (code < 0 and told)


@contextmanager
def _started(errors: IO[bytes]) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-m", "advisor.probes.measured_sizes"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=errors,
        text=True,
        encoding="utf-8",
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def _send(process: subprocess.Popen[str], request: Mapping[str, Any]) -> None:
    assert process.stdin is not None
    with suppress(BrokenPipeError):  # it has ended; how is seen from its answers
        process.stdin.write(json.dumps(request) + "\n")
        process.stdin.flush()


def _last_words(errors: IO[bytes]) -> str:
    errors.seek(0)
    return errors.read().decode("utf-8", "replace")[-LAST_WORDS:].strip()
