"""Which devices there are, which one a job gets, and what makes its numbers repeatable."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

import torch

from advisor.backend import DeviceError, Precision

DTYPES = {"float32": torch.float32, "float64": torch.float64}


def available() -> tuple[str, ...]:
    """Names that a job may ask for, best first."""
    cuda = [f"cuda:{index}" for index in range(torch.cuda.device_count())]
    mps = ["mps"] if torch.backends.mps.is_available() else []
    return (*cuda, *mps, "cpu")


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


def exact(device: torch.device) -> AbstractContextManager[None]:
    """Within it, convolutions on CUDA are repeatable and keep all bits of a float32.

    PyTorch would otherwise round their factors to TF32 and choose algorithms by the clock. The
    caller's settings are put back at the end.
    """
    if device.type != "cuda":
        return nullcontext()
    made: AbstractContextManager[None] = torch.backends.cudnn.flags(
        enabled=True, benchmark=False, deterministic=True, allow_tf32=False
    )
    return made
