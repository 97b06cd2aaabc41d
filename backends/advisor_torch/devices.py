"""Which devices there are, which one a job gets, and what makes its numbers repeatable."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

import torch

from advisor.backend import DeviceError, Precision

DTYPES = {"float64": torch.float64}
"""of weights and of everything but products; float32 for the rest"""
LOW = {"bfloat16": torch.bfloat16, "float16": torch.float16}
"""of products"""


def available() -> tuple[str, ...]:
    """Names that a job may ask for, best first."""
    cuda = [f"cuda:{index}" for index in range(torch.cuda.device_count())]
    mps = ["mps"] if torch.backends.mps.is_available() else []
    return (*cuda, *mps, "cpu")


def models() -> dict[str, str]:
    """Device -> the GPU that it is."""
    names = (name for name in available() if name.startswith("cuda"))
    return {name: torch.cuda.get_device_name(name) for name in names}


def choose(name: str, precision: Precision = "float32") -> torch.device:
    """The device of this name; `auto` is the best one, `cuda` the first of its kind.

    Raises DeviceError for a device that is not here or does not know the precision.
    """
    names = available()
    wanted = {"auto": names[0], "cuda": "cuda:0"}.get(name, name)
    if wanted not in names:
        raise DeviceError(f"device {name!r} is not here; torch has: auto, {', '.join(names)}")
    if wanted == "mps" and precision == "float64":
        raise DeviceError("device 'mps' has no float64; use cpu")
    return torch.device(wanted)


def prepare(device: torch.device, deterministic: bool) -> None:
    """What must be set before CUDA's libraries start: cuBLAS repeats itself only with this."""
    if deterministic and device.type == "cuda":
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")


def exact(device: torch.device, deterministic: bool = False) -> AbstractContextManager[None]:
    """Within it, convolutions on CUDA are repeatable and keep all bits of a float32.

    PyTorch would otherwise round their factors to TF32 and choose algorithms by the clock. With
    `deterministic`, an operation that CUDA cannot repeat is replaced, or raises RuntimeError. The
    caller's settings are put back at the end. On CPU everything repeats as it is.
    """
    if device.type != "cuda":
        return nullcontext()
    return _exact_cuda(deterministic)


@contextmanager
def _exact_cuda(deterministic: bool) -> Iterator[None]:
    flags = torch.backends.cudnn.flags(
        enabled=True, benchmark=False, deterministic=True, allow_tf32=False
    )
    before = torch.are_deterministic_algorithms_enabled()
    warn_only = torch.is_deterministic_algorithms_warn_only_enabled()
    with flags:
        if not deterministic:
            yield
            return
        torch.use_deterministic_algorithms(True)
        try:
            yield
        finally:
            torch.use_deterministic_algorithms(before, warn_only=warn_only)
