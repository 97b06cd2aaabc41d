"""Which devices there are, and which one a job gets."""

from __future__ import annotations

import os

import jax

from advisor.backend import DeviceError

ACCELERATORS = ("gpu", "tpu")


def available() -> tuple[str, ...]:
    """Names that a job may ask for, best first."""
    return tuple(_devices())


def models() -> dict[str, str]:
    """Device -> what it is, but for CPUs, of which XLA knows nothing."""
    found = _devices().items()
    return {name: device.device_kind for name, device in found if device.platform != "cpu"}


def choose(name: str) -> tuple[str, jax.Device]:
    """A device and its name in `available`.

    `auto` is the best, `gpu`, `cuda` or `tpu` the first of its kind.

    Raises DeviceError.
    """
    devices = _devices()
    wanted = name.replace("cuda", "gpu")
    if wanted == "auto":
        return next(iter(devices.items()))
    if wanted in ACCELERATORS:
        wanted += ":0"
    if wanted not in devices:
        raise DeviceError(f"device {name!r} is not here; jax has: auto, {', '.join(devices)}")
    return wanted, devices[wanted]


def _devices() -> dict[str, jax.Device]:
    # read when the GPU client is made; it would take three quarters of the memory otherwise
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
    local = jax.local_devices()
    named: dict[str, jax.Device] = {}
    for platform in ACCELERATORS:
        found = [device for device in local if device.platform == platform]
        named |= {f"{platform}:{index}": device for index, device in enumerate(found)}
    return {**named, **_cpu()}


def _cpu() -> dict[str, jax.Device]:
    try:
        return {"cpu": jax.local_devices(backend="cpu")[0]}
    except RuntimeError:  # JAX_PLATFORMS leaves it out
        return {}
