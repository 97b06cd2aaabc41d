"""How a framework's values are kept, fetched and measured. None is imported here: a value of a
framework means that its user has imported it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from advisor.record.arguments import RecordError, number

MOST_COPIED = 1 << 20
"""Elements of a kernel that are copied to measure an update; of larger ones every k-th row."""


@dataclass(frozen=True)
class Watched:
    """What `step` is given of the model; all that belongs to one framework."""

    model: Any = None
    grads: Any = None
    params: Any = None

    @property
    def nothing(self) -> bool:
        return self.model is None and self.grads is None and self.params is None


@dataclass(frozen=True)
class Measured:
    """Norms that may still be on the device: total, then one each of names for the gradients,
    the weights and the ratios of update to weight, and last what `kept` reads. NaN where not
    known."""

    names: Sequence[str]
    values: Any
    graded: bool
    """whether there were gradients"""


class Source(Protocol):
    """One framework."""

    name: str

    def owns(self, value: Any) -> bool:
        """Whether this is a value, or a model, of the framework."""
        ...

    def check(self, loss: Any, watched: Watched) -> None:
        """Raises RecordError for what cannot be recorded. Called at the first step."""
        ...

    def device(self, loss: Any, watched: Watched) -> str: ...

    def parameters(self, watched: Watched) -> int:
        """Number of weights; 0 where not known."""
        ...

    def keep(self, value: Any, name: str = "loss") -> Any:
        """The value in a form that later steps do not change, without waiting for the device."""
        ...

    def wait(self, kept: Any) -> None:
        """Until the device has come this far."""
        ...

    def fetch(self, kept: Sequence[Any]) -> list[float]:
        """What was kept, as numbers; waits for the device once."""
        ...

    def copy(self, watched: Watched) -> None:
        """Remember the kernels and gradients, one step before `measure`."""
        ...

    def measure(self, watched: Watched) -> Measured | None:
        """The norms now, and the updates since `copy`."""
        ...

    def numbers(self, measured: Measured) -> list[float]: ...

    def kept(self, measured: Measured, numbers: Sequence[float]) -> bool | None:
        """Whether the gradient is the one since `copy` with another added; None: not known."""
        ...

    def forget(self) -> None:
        """Leave nothing behind in the loop."""
        ...


class PlainSource:
    """Numbers of Python or NumPy."""

    name = "python"

    def owns(self, value: Any) -> bool:
        return True

    def check(self, loss: Any, watched: Watched) -> None:
        number("loss", loss)
        if not watched.nothing:
            raise RecordError(
                "model= takes a torch module; grads= and params= take trees of JAX arrays"
            )

    def device(self, loss: Any, watched: Watched) -> str:
        return "cpu"

    def parameters(self, watched: Watched) -> int:
        return 0

    def keep(self, value: Any, name: str = "loss") -> float:
        return number(name, value)

    def wait(self, kept: Any) -> None:
        return None

    def fetch(self, kept: Sequence[Any]) -> list[float]:
        return list(kept)

    def copy(self, watched: Watched) -> None:
        return None

    def measure(self, watched: Watched) -> Measured | None:
        return None

    def numbers(self, measured: Measured) -> list[float]:
        return []

    def kept(self, measured: Measured, numbers: Sequence[float]) -> bool | None:
        return None

    def forget(self) -> None:
        return None


def stride(shape: Sequence[int]) -> int:
    """Of the rows of a kernel that are copied."""
    size = 1
    for each in shape:
        size *= each
    return -(-size // MOST_COPIED)


def rest(names: Sequence[str], values: Sequence[float]) -> Sequence[float]:
    """What stands behind the norms of `Measured`."""
    return values[3 * len(names) + 1 :]


def moved(names: Sequence[str], values: Sequence[float]) -> dict[str, bool]:
    """Kernel -> whether it has moved since it was copied; those that were copied."""
    ratios = values[2 * len(names) + 1 : 3 * len(names) + 1]
    return {name: ratio > 0 for name, ratio in zip(names, ratios, strict=True) if ratio == ratio}


def by_name(names: Sequence[str], values: Sequence[float]) -> Mapping[str, tuple[float, ...]]:
    """Name -> gradient norm, weight norm, update ratio, from the order of `Measured`."""
    n = len(names)
    parts = (values[1 : n + 1], values[n + 1 : 2 * n + 1], values[2 * n + 1 : 3 * n + 1])
    return {name: each for name, *each in zip(names, *parts, strict=True)}  # type: ignore[misc]
