"""The gradient of one torch kernel as backward passes make it, before it is added to what is
there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from advisor.record.clearing import Parts
from advisor.record.sources import stride

FEWEST = 16
"""Elements of a kernel whose gradient says something."""
ONCE = (0, 1, 2, 4, 5, 8)
"""Of nine inner products, each that is another."""


class Fresh:
    """Watches one kernel from a step to the next. Changes nothing of the gradient."""

    __torch_unserializable__ = True  # so that a model which is saved meanwhile gives no warning

    def __init__(self, name: str, parameter: Any) -> None:
        self.name, self._parameter = name, parameter
        self._before = _rows(parameter.grad).clone()
        self._made: Any = None
        self._failed = False
        self._hook = parameter.register_hook(self)

    def __call__(self, gradient: Any) -> None:
        """Called by torch within a backward pass, which nothing in here may end."""
        try:
            new = _rows(gradient).clone()
            self._made = new if self._made is None else self._made + new
        except Exception:
            self._failed = True

    def remove(self) -> None:
        self._hook.remove()

    def products(self, torch: Any) -> Any:
        """(9,) inner products of the gradient handed over, the one before and the fresh one, still
        on the device; None where nothing was caught."""
        self.remove()
        handed = self._parameter.grad
        if self._failed or self._made is None or not plain(handed):
            return None
        rows = torch.stack([_rows(handed), self._before, self._made]).reshape(3, -1).float()
        return (rows.unsqueeze(1) * rows).sum(-1).flatten()


def kept(products: Sequence[float]) -> bool | None:
    """Of the numbers of `Fresh.products`; None where there are none."""
    return Parts(*(products[i] for i in ONCE)).kept if products else None


def choose(kernels: Sequence[tuple[str, Any]], poor: set[str]) -> tuple[str, Any] | None:
    """The smallest kernel whose gradient can be watched, and says something."""
    fitting = [
        (name, kernel)
        for name, kernel in kernels
        if name not in poor and plain(kernel.grad) and kernel.numel() >= FEWEST
    ]
    return min(fitting, key=lambda each: each[1].numel(), default=None)


def plain(gradient: Any) -> bool:
    """Not sparse, not spread over devices: such as a loop on one device has."""
    return gradient is not None and not gradient.is_sparse and not hasattr(gradient, "placements")


def _rows(gradient: Any) -> Any:
    step = stride(gradient.shape)
    return gradient.detach() if step == 1 else gradient.detach()[::step]
