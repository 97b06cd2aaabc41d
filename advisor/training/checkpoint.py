"""The whole state of a training on disk: safetensors for arrays, JSON for the rest."""

from __future__ import annotations

import dataclasses
import json
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load_file

from advisor.architecture import Floats, Weights
from advisor.events import Evaluated, as_dict, from_dict
from advisor.files import write_arrays, write_text

SECONDS_BETWEEN = 10.0
COST_SHARE = 0.02
"""Writing takes at most about this share of the time."""

ARRAYS, REST = "checkpoint.safetensors", "checkpoint.json"
TRAINING, BEST, OUTPUTS = "training/", "best/", "outputs"


@dataclass(frozen=True)
class Progress:
    """How far a training has come, but for the model itself."""

    step: int = 0
    evaluations: int = 0
    best: Evaluated | None = None
    waited: int = 0
    waited_for: float = -math.inf
    """the metric that early stopping last counted as an improvement"""
    plateau: Mapping[str, float] | None = None
    """of `PlateauScale`: scale, best, waited"""
    training_seconds: float = 0.0
    seconds: float = 0.0
    events: int = 0
    """events that were reported before the checkpoint"""


@dataclass(frozen=True)
class Checkpoint:
    progress: Progress
    state: Weights
    best_weights: Weights | None
    best_outputs: Floats | None


class Checkpoints:
    """The checkpoint of one training in `folder`. `digest` names recipe, data and backend."""

    def __init__(self, folder: Path, digest: str, seconds_between: float = SECONDS_BETWEEN) -> None:
        self.folder, self.digest, self._between = folder, digest, seconds_between
        self._last, self._cost = time.perf_counter(), 0.0

    @property
    def due(self) -> bool:
        """Whether enough time has gone by since the last one."""
        past = time.perf_counter() - self._last
        return past >= self._between and past * COST_SHARE >= self._cost

    def write(self, checkpoint: Checkpoint) -> None:
        """Whole or not at all: the JSON file, which names the arrays' content, comes last."""
        began = time.perf_counter()
        arrays = {f"{TRAINING}{name}": array for name, array in checkpoint.state.items()}
        if checkpoint.best_weights is not None and checkpoint.best_outputs is not None:
            arrays |= {f"{BEST}{name}": array for name, array in checkpoint.best_weights.items()}
            arrays[OUTPUTS] = checkpoint.best_outputs
        step = checkpoint.progress.step
        file = self.folder / f"{step}.{ARRAYS}"
        write_arrays(file, arrays)
        content = {"digest": self.digest, "arrays": file.name, **_plain(checkpoint.progress)}
        write_text(self.folder / REST, json.dumps(content))
        self._forget(keep=file.name)
        self._last = time.perf_counter()
        self._cost = self._last - began

    def read(self) -> Checkpoint | None:
        """The checkpoint, if there is one of this very training."""
        try:
            content = json.loads((self.folder / REST).read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return None
        if content.pop("digest") != self.digest:
            return None
        arrays = load_file(self.folder / content.pop("arrays"))
        best = _beginning(arrays, BEST)
        return Checkpoint(
            _progress(content), _beginning(arrays, TRAINING), best or None, arrays.get(OUTPUTS)
        )

    def remove(self) -> None:
        """The training has ended: its results take the checkpoint's place."""
        (self.folder / REST).unlink(missing_ok=True)
        self._forget()

    def _forget(self, keep: str = "") -> None:
        for file in self.folder.glob(f"*.{ARRAYS}"):
            if file.name != keep:
                file.unlink(missing_ok=True)


def _beginning(arrays: Mapping[str, np.ndarray], prefix: str) -> Weights:
    return {
        name.removeprefix(prefix): array
        for name, array in arrays.items()
        if name.startswith(prefix)
    }


def _plain(progress: Progress) -> dict[str, Any]:
    return {**dataclasses.asdict(progress), "best": progress.best and as_dict(progress.best)}


def _progress(content: dict[str, Any]) -> Progress:
    best = content["best"] and from_dict(content["best"])
    return Progress(**{**content, "best": best})
