"""The file of events: one line each, there at once for a reader, the first corrected in place."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from advisor.events import Event, LayerReport, StepsDone, TrialStarted, to_json

ROOM = 200
"""Spaces behind the first line, which is written before all in it is known."""


class EventFile:
    """Append-only but for the first line. Every line is flushed as a whole."""

    def __init__(self, path: Path, *, overwrite: bool) -> None:
        self._file = path.open("wb" if overwrite else "xb", buffering=0)
        self._room = 0

    def begin(self, event: TrialStarted) -> None:
        line = to_json(event).encode()
        self._room = len(line) + ROOM
        self._file.write(line.ljust(self._room) + b"\n")

    def correct(self, event: TrialStarted) -> None:
        """The first line anew, in the room that it has."""
        line = to_json(event).encode()
        if len(line) <= self._room:
            self._file.seek(0)
            self._file.write(line.ljust(self._room))
            self._file.seek(0, 2)

    def write(self, event: Event) -> None:
        self._file.write(to_json(event).encode() + b"\n")

    def write_steps(self, event: StepsDone) -> None:
        """As `write`; formats the three long lists ten times faster."""
        line = to_json(replace(event, loss=[], grad_norm=[], lr=[]))
        for name in ("loss", "grad_norm", "lr"):
            filled = f'"{name}": {numbers(getattr(event, name))}'
            line = line.replace(f'"{name}": []', filled, 1)
        self._file.write(line.encode() + b"\n")

    def close(self) -> None:
        self._file.close()


def numbers(values: Sequence[float]) -> str:
    """A JSON list; NaN and infinity as `to_json` writes them."""
    if all(map(math.isnan, values)):
        return "[" + ", ".join(['"nan"'] * len(values)) + "]"
    if not all(map(math.isfinite, values)):
        return "[" + ", ".join(_one(value) for value in values) + "]"
    if values and values.count(values[0]) == len(values):
        return "[" + ", ".join([f"{values[0]:.8g}"] * len(values)) + "]"
    return "[" + (", ".join(["%.8g"] * len(values)) % tuple(values)) + "]"


def _one(value: float) -> str:
    return f"{value:.8g}" if math.isfinite(value) else f'"{value}"'


def layer_reports(found: Mapping[str, tuple[float, ...]]) -> dict[str, LayerReport]:
    return {name: LayerReport(*norms) for name, norms in found.items()}
