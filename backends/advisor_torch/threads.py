"""How many threads a training's operations use on CPU."""

from __future__ import annotations

import ctypes
import functools
from collections.abc import Callable
from pathlib import Path

import torch

from advisor.architecture import forward_flops
from advisor.backend import Job

WORTH_SHARING = 2e7
"""Multiply-adds of a step. Below, a second thread gains nothing on an idle machine, and where
another process keeps a core busy, threads that wait for each other took 5 to 90 times as long."""


@functools.cache
def usual_threads() -> int:
    """What PyTorch would use: OMP_NUM_THREADS, or as many as there are cores."""
    return torch.get_num_threads()


def use_threads(job: Job) -> None:
    """One thread for small models, the usual number for others; for the whole process."""
    threads = usual_threads()
    if job.layers:
        examples = job.recipe.train.batch_size // job.recipe.train.accumulation
        work = 3 * examples * forward_flops(job.layers, job.inputs.shape[1:])
        threads = 1 if work < WORTH_SHARING else threads
    if threads != torch.get_num_threads():
        _setter()(threads)


@functools.cache
def _setter() -> Callable[[int], object]:
    """What changes the number of threads: OpenMP itself, where PyTorch brings it along.

    After `torch.set_num_threads`, even to the number that was in use, the steps of a transformer
    took about a fifth longer; why is not known (giving MKL its own choice back did not help).
    """
    try:
        library = ctypes.CDLL(str(Path(torch.__file__).parent / "lib" / "libtorch_cpu.so"))
        setter: Callable[[int], object] = library.omp_set_num_threads
    except (OSError, AttributeError):  # not Linux, or a build without OpenMP
        return torch.set_num_threads
    return setter
