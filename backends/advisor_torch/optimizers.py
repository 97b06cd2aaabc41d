"""Optimisers of one flat vector of parameters, in PyTorch's conventions.

PyTorch's optimiser objects are left out: building one imports its compiler (a second), and their
bookkeeping costs more than the update of a small network. Adam is PyTorch's own fused kernel.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor
from torch.optim.adam import adam as torch_adam

from advisor.recipe import (
    DECOUPLED,
    Adagrad,
    Adam,
    AdamW,
    Handover,
    Lion,
    Nadam,
    Recipe,
    Rmsprop,
    Sgd,
)

Update = Callable[[Tensor, float], None]
"""Takes the gradient (which it may overwrite) and the learning rate; changes the parameters."""


@dataclass(frozen=True)
class Optimizer:
    """What it does, and what it remembers, by name."""

    update: Update
    buffers: Mapping[str, Tensor] = field(default_factory=dict)


def make_optimizer(recipe: Recipe, vector: Tensor, kernels: Tensor) -> Optimizer:
    """The recipe's optimiser of `vector`; `kernels` is the slice of it that decays."""
    return _decaying(_of_kind(recipe, vector), recipe, kernels)


def make_finisher(recipe: Recipe, vector: Tensor, kernels: Tensor) -> Optimizer | None:
    """The SGD that takes over by `recipe.optimizer.handover`, if any; its momentum is 0."""
    settings = getattr(recipe.optimizer, "handover", None)
    if settings is None:
        return None
    return _decaying(_sgd(settings, vector), recipe, kernels)


def _of_kind(recipe: Recipe, vector: Tensor) -> Optimizer:
    match recipe.optimizer:
        case Sgd() as settings:
            return _sgd(settings, vector)
        case Rmsprop() as settings:
            return _rmsprop(settings, vector)
        case Adagrad() as settings:
            return _adagrad(settings, vector)
        case Adam() | AdamW() as settings:
            return _adam(settings, vector)
        case Nadam() as settings:
            return _nadam(settings, vector)
        case Lion() as settings:
            return _lion(settings, vector)


def _decaying(optimizer: Optimizer, recipe: Recipe, kernels: Tensor) -> Optimizer:
    decay = recipe.regularization.weight_decay
    if not decay or recipe.optimizer.kind not in DECOUPLED:
        return optimizer

    def update(gradient: Tensor, lr: float) -> None:
        kernels.mul_(1 - lr * decay)
        optimizer.update(gradient, lr)

    return Optimizer(update, optimizer.buffers)


def _sgd(settings: Sgd | Handover, vector: Tensor) -> Optimizer:
    momentum = settings.momentum
    if not momentum:
        return Optimizer(lambda gradient, lr: _subtract(vector, gradient, lr))
    velocity = torch.zeros_like(vector)

    def update(gradient: Tensor, lr: float) -> None:
        velocity.mul_(momentum).add_(gradient)
        gradient = gradient.add_(velocity, alpha=momentum) if settings.nesterov else velocity
        vector.sub_(gradient, alpha=lr)

    return Optimizer(update, {"velocity": velocity})


def _subtract(vector: Tensor, gradient: Tensor, lr: float) -> None:
    vector.sub_(gradient, alpha=lr)


def _rmsprop(settings: Rmsprop, vector: Tensor) -> Optimizer:
    square = torch.zeros_like(vector)
    buffers = {"square": square}
    if settings.momentum:
        buffers["velocity"] = torch.zeros_like(vector)

    def update(gradient: Tensor, lr: float) -> None:
        square.mul_(settings.alpha).addcmul_(gradient, gradient, value=1 - settings.alpha)
        root = square.sqrt().add_(settings.eps)
        if settings.momentum:
            velocity = buffers["velocity"].mul_(settings.momentum).addcdiv_(gradient, root)
            vector.sub_(velocity, alpha=lr)
        else:
            vector.addcdiv_(gradient, root, value=-lr)

    return Optimizer(update, buffers)


def _adagrad(settings: Adagrad, vector: Tensor) -> Optimizer:
    total = torch.zeros_like(vector)

    def update(gradient: Tensor, lr: float) -> None:
        total.addcmul_(gradient, gradient)
        vector.addcdiv_(gradient, total.sqrt().add_(settings.eps), value=-lr)

    return Optimizer(update, {"total": total})


def _adam(settings: Adam | AdamW, vector: Tensor) -> Optimizer:
    """PyTorch's kernel without the bookkeeping around it, which costs a small network more."""
    fused = vector.device.type in ("cpu", "cuda")
    first, second = torch.zeros_like(vector), torch.zeros_like(vector)
    step = torch.zeros((), device=vector.device if fused else "cpu")
    kernel: Callable[..., object] = torch._fused_adam_ if fused else _plain_adam
    lists = [vector], [first], [second], [step]

    def update(gradient: Tensor, lr: float) -> None:
        vectors, firsts, seconds, steps = lists
        if fused:
            step.add_(1)
        kernel(
            vectors,
            [gradient],
            firsts,
            seconds,
            [],
            steps,
            lr=lr,
            beta1=settings.beta1,
            beta2=settings.beta2,
            weight_decay=0.0,
            eps=settings.eps,
            amsgrad=False,
            maximize=False,
        )

    return Optimizer(update, {"first": first, "second": second, "step": step})


_plain_adam = functools.partial(torch_adam, foreach=False)


def _nadam(settings: Nadam, vector: Tensor) -> Optimizer:
    """As torch.optim.NAdam, but its scalars are float64 on the host."""
    first, second = torch.zeros_like(vector), torch.zeros_like(vector)
    step = torch.zeros((), dtype=torch.float64)
    product = torch.ones((), dtype=torch.float64)

    def momentum(number: float) -> float:
        return float(settings.beta1 * (1 - 0.5 * 0.96 ** (number * settings.momentum_decay)))

    def update(gradient: Tensor, lr: float) -> None:
        number = float(step.add_(1))
        now, later = momentum(number), momentum(number + 1)
        so_far = float(product.mul_(now))
        first.lerp_(gradient, 1 - settings.beta1)
        second.mul_(settings.beta2).addcmul_(gradient, gradient, value=1 - settings.beta2)
        root = second.div(1 - settings.beta2**number).sqrt_().add_(settings.eps)
        vector.addcdiv_(gradient, root, value=-lr * (1 - now) / (1 - so_far))
        vector.addcdiv_(first, root, value=-lr * later / (1 - so_far * later))

    return Optimizer(update, {"first": first, "second": second, "step": step, "product": product})


def _lion(settings: Lion, vector: Tensor) -> Optimizer:
    first = torch.zeros_like(vector)

    def update(gradient: Tensor, lr: float) -> None:
        vector.sub_(torch.lerp(gradient, first, settings.beta1).sign_(), alpha=lr)
        first.lerp_(gradient, 1 - settings.beta2)

    return Optimizer(update, {"first": first})
