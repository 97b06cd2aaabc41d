"""Optimisers of one flat vector of parameters, in PyTorch's conventions.

PyTorch's optimiser objects are left out: building one imports its compiler (a second), and their
bookkeeping costs more than the update of a small network. Adam is PyTorch's own fused kernel.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.optim.adam import adam as torch_adam

from advisor.recipe import Adam, AdamW, Recipe, Rmsprop, Sgd

Update = Callable[[Tensor, float], None]
"""Takes the gradient (which it may overwrite) and the learning rate; changes the parameters."""


def make_optimizer(recipe: Recipe, vector: Tensor, kernels: Tensor) -> Update:
    """The recipe's optimiser of `vector`; `kernels` is the slice of it that decays."""
    match recipe.optimizer:
        case Sgd() as settings:
            return _sgd(settings, vector)
        case Rmsprop() as settings:
            return _rmsprop(settings, vector)
        case AdamW() as settings:
            return _adamw(settings, vector, kernels, recipe.regularization.weight_decay)
        case Adam() as settings:
            return _adam(settings, vector)


def _sgd(settings: Sgd, vector: Tensor) -> Update:
    momentum = settings.momentum
    velocity = torch.zeros_like(vector)

    def update(gradient: Tensor, lr: float) -> None:
        if momentum:
            velocity.mul_(momentum).add_(gradient)
            gradient = gradient.add_(velocity, alpha=momentum) if settings.nesterov else velocity
        vector.sub_(gradient, alpha=lr)

    return update


def _rmsprop(settings: Rmsprop, vector: Tensor) -> Update:
    square = torch.zeros_like(vector)

    def update(gradient: Tensor, lr: float) -> None:
        square.mul_(settings.alpha).addcmul_(gradient, gradient, value=1 - settings.alpha)
        vector.addcdiv_(gradient, square.sqrt().add_(settings.eps), value=-lr)

    return update


def _adam(settings: Adam | AdamW, vector: Tensor) -> Update:
    fused = vector.device.type in ("cpu", "cuda")
    first, second = torch.zeros_like(vector), torch.zeros_like(vector)
    step = torch.zeros((), device=vector.device if fused else "cpu")

    def update(gradient: Tensor, lr: float) -> None:
        torch_adam(
            [vector],
            [gradient],
            [first],
            [second],
            [],
            [step],
            foreach=False,
            fused=fused,
            amsgrad=False,
            beta1=settings.beta1,
            beta2=settings.beta2,
            lr=lr,
            weight_decay=0.0,
            eps=settings.eps,
            maximize=False,
        )

    return update


def _adamw(settings: AdamW, vector: Tensor, kernels: Tensor, decay: float) -> Update:
    adam = _adam(settings, vector)

    def update(gradient: Tensor, lr: float) -> None:
        if decay:
            kernels.mul_(1 - lr * decay)
        adam(gradient, lr)

    return update
