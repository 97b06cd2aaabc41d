"""How `throughput.py` and the processes it compares speak with each other.

A request a line goes in as JSON, an answer a line comes out. A segment is one whole training of
some epochs, from building the model to the last evaluation.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, TypeAlias

from advisor import data
from peers.cases import CASES, Case

CORE = "BENCHMARK_CORE"
"""environment variable with the number of the one core that a process may use"""


@dataclass(frozen=True)
class Work:
    """One case with its data, as a peer gets it."""

    case: Case
    dataset: data.Dataset
    folder: Path

    @property
    def steps(self) -> int:
        """Optimiser steps of an epoch; a last incomplete batch is dropped."""
        return len(self.dataset.train.targets) // self.case.batch

    @property
    def examples(self) -> int:
        """Examples that an epoch trains on."""
        return self.steps * self.case.batch


Fit: TypeAlias = Callable[[int], int]
"""Builds a model, trains it for so many epochs, and returns its number of parameters."""


class NotOfferedError(Exception):
    """This variant does not exist here; the message says why."""


Variants: TypeAlias = Mapping[str, Callable[[Work], Fit]]
"""What a peer's module calls VARIANTS: the ways of training that it offers."""


def serve(module: str, argument: str) -> None:
    """Answer requests until standard input closes.

    `{"case", "variant", "epochs", "folder"}` is answered with seconds, examples and parameters,
    or with `{"skipped": why}`.
    """
    if CORE in os.environ and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {int(os.environ[CORE])})
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever a library prints goes to the log, never between the answers
    made: dict[tuple[str, str], tuple[Work, Fit]] = {}
    variants: Variants = import_module(f"peers.{module}").variants(argument)
    for line in sys.stdin:
        request = json.loads(line)
        key = request["case"], request["variant"]
        if key not in made:
            case, folder = CASES[request["case"]], Path(request["folder"])
            work = Work(case, case.dataset(folder), folder)
            made[key] = work, variants[request["variant"]](work)
        try:
            answer = _timed(*made[key], request["epochs"])
        except NotOfferedError as error:
            answer = {"skipped": str(error)}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def _timed(work: Work, fit: Fit, epochs: int) -> dict[str, Any]:
    began = time.perf_counter()
    parameters = fit(epochs)
    seconds = time.perf_counter() - began
    return {"seconds": seconds, "examples": epochs * work.examples, "parameters": parameters}
