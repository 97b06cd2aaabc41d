"""Values of torch."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from advisor.record import fresh
from advisor.record.arguments import RecordError, number
from advisor.record.sources import Measured, Watched, moved, rest, stride

PREFIXES = ("_orig_mod.", "module.")
"""Of compiled and of parallel modules."""


class TorchSource:
    name = "torch"

    def __init__(self) -> None:
        self._copies: dict[str, Any] = {}
        self._fresh: fresh.Fresh | None = None
        self._poor: set[str] = set()
        """kernels from whose gradients nothing could be told"""

    @property
    def torch(self) -> Any:
        return sys.modules["torch"]

    def owns(self, value: Any) -> bool:
        torch = sys.modules.get("torch")
        return torch is not None and isinstance(value, torch.Tensor | torch.nn.Module)

    def check(self, loss: Any, watched: Watched) -> None:
        if watched.grads is not None or watched.params is not None:
            raise RecordError("grads= and params= are for JAX; with torch pass model=")
        if watched.model is not None and not isinstance(watched.model, self.torch.nn.Module):
            raise RecordError(f"model must be a torch module, not a {type(watched.model).__name__}")
        if isinstance(loss, self.torch.Tensor) and loss.numel() != 1:
            raise RecordError(f"loss must be one number, not of shape {tuple(loss.shape)}")

    def device(self, loss: Any, watched: Watched) -> str:
        if isinstance(loss, self.torch.Tensor):
            return str(loss.device.type)
        return next((str(p.device.type) for p in _all(watched)), "cpu")

    def parameters(self, watched: Watched) -> int:
        return sum(p.numel() for p in _all(watched) if p.requires_grad)

    def keep(self, value: Any, name: str = "loss") -> Any:
        """On a CPU a number at once, as nothing is waited for; else a copy, as a loss may be
        changed in place, or its memory be used again by a captured graph."""
        try:
            return value.item() if value.is_cpu else value.detach().clone()
        except AttributeError:
            return number(name, value)
        except RuntimeError as error:
            if value.numel() == 1:
                raise
            said = f"{name} must be one number, not of shape {tuple(value.shape)}"
            raise RecordError(said) from error

    def wait(self, kept: Any) -> None:
        if not isinstance(kept, float | int):
            kept.item()

    def fetch(self, kept: Sequence[Any]) -> list[float]:
        waiting = [
            value.reshape(()).float() for value in kept if not isinstance(value, float | int)
        ]
        arrived = iter(self.torch.stack(waiting).tolist() if waiting else ())
        return [v if isinstance(v, float | int) else next(arrived) for v in kept]

    def copy(self, watched: Watched) -> None:
        self.forget()
        kernels = list(_kernels(watched))
        self._copies = {name: p.detach()[:: stride(p.shape)].clone() for name, p in kernels}
        chosen = fresh.choose(kernels, self._poor)
        if chosen:
            self._fresh = fresh.Fresh(*chosen)
        else:
            self._poor.clear()

    def measure(self, watched: Watched) -> Measured | None:
        if watched.model is None:
            return None
        with self.torch.no_grad():
            grads = {id(p): _norm(p.grad) for p in _all(watched) if p.grad is not None}
            kernels = list(_kernels(watched))
            of_grads = [grads.get(id(p)) for _, p in kernels]
            weights = [_norm(p) for _, p in kernels]
            ratios = [self._ratio(name, p) for name, p in kernels]
            squares = [norm.square() for norm in grads.values()]
            total = sum(squares[1:], squares[0]).sqrt() if squares else None
            values = self._stacked([total, *of_grads, *weights, *ratios])
            products = self._fresh.products(self.torch) if self._fresh else None
            if products is not None:
                values = self.torch.cat([values, products.to(values.device)])
        self._copies = {}
        return Measured([_short(name) for name, _ in kernels], values, bool(grads))

    def numbers(self, measured: Measured) -> list[float]:
        return list(measured.values.tolist())

    def kept(self, measured: Measured, numbers: Sequence[float]) -> bool | None:
        """Nothing where the kernel has not moved: its gradient was not used, and may well be
        meant to grow."""
        watched, self._fresh = self._fresh, None
        if watched is None:
            return None
        known = moved(measured.names, numbers).get(_short(watched.name), False)
        found = fresh.kept(rest(measured.names, numbers)) if known else None
        if found is None:
            self._poor.add(watched.name)
        return found

    def forget(self) -> None:
        if self._fresh is not None:
            self._fresh.remove()
        self._copies, self._fresh = {}, None

    def _ratio(self, name: str, parameter: Any) -> Any:
        before = self._copies.get(name)
        if before is None:
            return None
        now = parameter.detach()[:: stride(parameter.shape)]
        return _norm(now - before) / (_norm(before) + 1e-9)

    def _stacked(self, values: Sequence[Any]) -> Any:
        known = next((v for v in values if v is not None), None)
        missing = (known if known is not None else self.torch.zeros(())).new_full((), math.nan)
        device = missing.device
        return self.torch.stack([(missing if v is None else v).to(device) for v in values])


def _all(watched: Watched) -> Iterator[Any]:
    return iter(watched.model.parameters() if watched.model is not None else ())


def _kernels(watched: Watched) -> Iterator[tuple[str, Any]]:
    if watched.model is not None:
        for name, parameter in watched.model.named_parameters():
            if parameter.ndim >= 2 and parameter.requires_grad:
                yield name, parameter


def _norm(values: Any) -> Any:
    values = values.detach()
    if values.is_sparse:
        values = values.coalesce().values()
    return values.float().norm()


def _short(name: str) -> str:
    for prefix in PREFIXES:
        name = name.removeprefix(prefix)
    return name
