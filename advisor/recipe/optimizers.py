"""The optimisers. Conventions are PyTorch's; where it has none, they are said here."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from advisor.recipe.section import Positive, Rate, Section

LearningRate = Annotated[float, Field(gt=0, le=1000)]


class _Momentum(Section):
    momentum: Rate = 0.0
    nesterov: bool = False

    @model_validator(mode="after")
    def _nesterov_needs_momentum(self) -> Self:
        if self.nesterov and self.momentum == 0:
            raise ValueError("nesterov needs a momentum greater than 0")
        return self


class Handover(_Momentum):
    """SGD takes the last steps; its momentum starts from nothing, and weight decay stays."""

    at: Annotated[float, Field(gt=0, lt=1)] = Field(
        0.7, description="share of all steps after which SGD takes over"
    )
    lr: LearningRate = Field(0.01, description="peak rate of SGD; the schedule goes on as it was")
    momentum: Rate = 0.9


class _Optimizer(Section):
    lr: LearningRate = Field(1e-3, description="peak learning rate")
    clip_norm: Positive | None = Field(None, description="clip the gradient to this global norm")


class Sgd(_Optimizer, _Momentum):
    """Stochastic gradient descent; the learning rate is outside the momentum buffer."""

    kind: Literal["sgd"] = "sgd"
    lr: LearningRate = Field(0.01, description="peak learning rate")


class _Adaptive(_Optimizer):
    handover: Handover | None = Field(
        None, description="finish with SGD, which often generalises better"
    )


class Rmsprop(_Adaptive):
    """RMSprop with `eps` outside the square root, and momentum on the scaled gradient."""

    kind: Literal["rmsprop"] = "rmsprop"
    alpha: Annotated[float, Field(gt=0, lt=1)] = 0.99
    eps: Positive = 1e-8
    momentum: Rate = 0.0


class Adagrad(_Adaptive):
    """Adagrad; sums start at 0, `eps` outside the square root."""

    kind: Literal["adagrad"] = "adagrad"
    lr: LearningRate = Field(0.01, description="peak learning rate")
    eps: Positive = 1e-10


class _Adam(_Adaptive):
    beta1: Rate = 0.9
    beta2: Rate = 0.999
    eps: Positive = 1e-8


class Adam(_Adam):
    """Adam with `eps` outside the square root; an `l2` penalty goes through its moments."""

    kind: Literal["adam"] = "adam"


class AdamW(_Adam):
    """Adam with decoupled weight decay (`regularization.weight_decay`)."""

    kind: Literal["adamw"] = "adamw"


class Nadam(_Adam):
    """Adam with Nesterov momentum in Dozat's form, as PyTorch has it; decoupled weight decay."""

    kind: Literal["nadam"] = "nadam"
    momentum_decay: Annotated[float, Field(ge=0, le=1)] = 0.004


class Lion(_Adaptive):
    """The sign of an interpolated momentum (Chen 2302.06675); decoupled weight decay."""

    kind: Literal["lion"] = "lion"
    lr: LearningRate = Field(1e-4, description="peak learning rate; a tenth to a third of Adam's")
    beta1: Rate = 0.9
    beta2: Rate = 0.99


Optimizer = Annotated[
    Sgd | Rmsprop | Adagrad | Adam | AdamW | Nadam | Lion, Field(discriminator="kind")
]
DECOUPLED = ("adamw", "nadam", "lion")
"""The optimisers that take `regularization.weight_decay`."""
