"""The losses, each of raw outputs."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from advisor.recipe.section import Positive, Section, Task

ClassWeights = Annotated[
    Literal["balanced"] | tuple[Positive, ...] | None,
    Field(description="classification: one weight a class, or balanced (by inverse frequency)"),
]
PositiveWeight = Annotated[
    Literal["balanced"] | Positive | None,
    Field(description="binary, multilabel: factor on positives, or balanced (negatives/positives)"),
]


class CrossEntropy(Section):
    """Softmax cross-entropy. Weights are scaled so that the average training example has 1."""

    kind: Literal["cross_entropy"] = "cross_entropy"
    class_weights: ClassWeights = None


class BinaryCrossEntropy(Section):
    """Sigmoid cross-entropy on one output, or on each label's."""

    kind: Literal["binary_cross_entropy"] = "binary_cross_entropy"
    positive_weight: PositiveWeight = None


class Focal(Section):
    """Cross-entropy times (1 - p)^gamma, p the probability of the truth (Lin 1708.02002)."""

    kind: Literal["focal"] = "focal"
    gamma: Annotated[float, Field(ge=0, le=10)] = 2.0
    class_weights: ClassWeights = None
    positive_weight: PositiveWeight = None


class MeanSquaredError(Section):
    """Squared error of the (standardised) target."""

    kind: Literal["mse"] = "mse"


class MeanAbsoluteError(Section):
    """Absolute error of the (standardised) target."""

    kind: Literal["mae"] = "mae"


class Huber(Section):
    """Quadratic up to `delta`, linear beyond, on the (standardised) target."""

    kind: Literal["huber"] = "huber"
    delta: Positive = 1.0


Loss = Annotated[
    CrossEntropy | BinaryCrossEntropy | Focal | MeanSquaredError | MeanAbsoluteError | Huber,
    Field(discriminator="kind"),
]

LOSSES: dict[Task, tuple[str, ...]] = {
    "classification": ("cross_entropy", "focal"),
    "binary": ("binary_cross_entropy", "focal"),
    "multilabel": ("binary_cross_entropy", "focal"),
    "regression": ("mse", "mae", "huber"),
    "language_model": ("cross_entropy",),
}


def default_loss(task: Task | None) -> Any:
    kinds: dict[Any, Any] = {
        "binary": BinaryCrossEntropy,
        "multilabel": BinaryCrossEntropy,
        "regression": MeanSquaredError,
    }
    return kinds.get(task, CrossEntropy)()
