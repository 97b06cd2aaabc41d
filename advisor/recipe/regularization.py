"""What holds overfitting down."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from advisor.recipe.section import Fraction, Rate, Section


class Augmentation(Section):
    """Random changes of training examples, drawn anew each epoch. Images only, but for noise."""

    flip: bool = Field(False, description="mirror left and right, half of the time")
    crop: Annotated[int, Field(ge=0, le=32)] = Field(
        0, description="pad by this many pixels, then crop back at a random place"
    )
    rotation: Annotated[float, Field(ge=0, le=180)] = Field(
        0.0, description="turn by up to this many degrees either way"
    )
    translation: Annotated[float, Field(ge=0, le=0.5)] = Field(
        0.0, description="shift by up to this share of the image, each way"
    )
    color: Annotated[float, Field(ge=0, le=1)] = Field(
        0.0, description="jitter brightness, contrast and saturation by up to this factor"
    )
    cutout: Annotated[int, Field(ge=0, le=256)] = Field(
        0, description="blank a square of this many pixels at a random place"
    )
    noise: Annotated[float, Field(ge=0, le=10)] = Field(
        0.0, description="add normal noise of this deviation to the (standardised) inputs"
    )
    mixup: Annotated[float, Field(ge=0, le=10)] = Field(
        0.0, description="blend pairs of examples; alpha of the Beta distribution"
    )
    cutmix: Annotated[float, Field(ge=0, le=10)] = Field(
        0.0, description="paste a box of one image into another; alpha of the Beta distribution"
    )

    @property
    def changes_inputs(self) -> bool:
        return any(value for value in self.model_dump().values())

    @property
    def mixes(self) -> bool:
        return bool(self.mixup or self.cutmix)


class Average(Section):
    """Weights averaged along the way take the place of the last ones wherever it counts."""

    kind: Literal["ema", "swa"] = Field(
        "ema", description="ema: exponential, each step; swa: the plain mean, once an epoch"
    )
    decay: Annotated[float, Field(gt=0, lt=1)] = Field(0.999, description="ema only, a step")
    start: Fraction = Field(0.75, description="share of all steps before averaging begins")


class Regularization(Section):
    """What holds overfitting down."""

    dropout: Rate = Field(0.0, description="drop rate after each hidden dense layer")
    feature_dropout: Rate = Field(
        0.0, description="after each convolutional block, recurrent layer and attention block"
    )
    embedding_dropout: Rate = Field(0.0, description="after the embedding of tokens")
    attention_dropout: Rate = Field(0.0, description="of attention weights")
    stochastic_depth: Rate = Field(
        0.0, description="drop rate of the last residual branch; earlier ones in proportion"
    )
    weight_decay: Annotated[float, Field(ge=0, le=10)] = Field(
        0.0,
        description="decoupled: w -= lr * weight_decay * w; adamw, nadam, lion; kernels only",
    )
    l2: Annotated[float, Field(ge=0, le=10)] = Field(
        0.0, description="coupled: gradient += l2 * w; any optimizer; kernels only"
    )
    l1: Annotated[float, Field(ge=0, le=10)] = Field(
        0.0, description="gradient += l1 * sign(w); any optimizer; kernels only"
    )
    label_smoothing: Rate = Field(0.0, description="cross_entropy only")
    average: Average | None = Field(None, description="averaging of weights over steps")
    augmentation: Augmentation = Augmentation()
