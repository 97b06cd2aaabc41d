"""The families of models. Each ends in a dense layer of raw outputs."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from advisor.recipe.section import Section, Units

ActivationKind = Literal["relu", "leaky_relu", "elu", "selu", "gelu", "silu", "tanh", "sigmoid"]
NormalizationKind = Literal["none", "batch", "layer", "group"]
Depth = Annotated[int, Field(ge=1, le=100)]
CodeReference = Annotated[
    str, Field(pattern=r"^.+\.py:[A-Za-z_][A-Za-z0-9_]*$", examples=["nets.py:Net"])
]


class Mlp(Section):
    """Dense layers, each followed by normalisation, activation and dropout."""

    kind: Literal["mlp"] = "mlp"
    hidden: tuple[Units, ...] = Field((64,), description="units of each hidden layer")
    activation: ActivationKind = "relu"
    normalization: NormalizationKind = "none"
    residual: bool = Field(
        False, description="add each hidden layer's input to its output where both are as wide"
    )


class Cnn(Section):
    """Blocks of convolution, normalisation, activation and 2x2 pooling; then dense layers."""

    kind: Literal["cnn"] = "cnn"
    channels: Annotated[tuple[Units, ...], Field(min_length=1)] = Field(
        (16, 32), description="output channels of each block"
    )
    convolutions: Depth = Field(1, description="convolutions in each block")
    kernel_size: Literal[1, 3, 5, 7] = 3
    stride: Literal[1, 2] = Field(1, description="of the first convolution of each block")
    pooling: Literal["max", "average", "none"] = Field("max", description="after each block, 2x2")
    head: Literal["flatten", "average"] = Field(
        "flatten", description="what dense layers see: all positions, or their average"
    )
    hidden: tuple[Units, ...] = Field(
        (64,), description="units of each dense layer after the blocks"
    )
    activation: ActivationKind = "relu"
    normalization: NormalizationKind = "none"


class ResNet(Section):
    """Residual blocks of two convolutions; each stage after the first halves the image."""

    kind: Literal["resnet"] = "resnet"
    channels: Annotated[tuple[Units, ...], Field(min_length=1)] = Field(
        (16, 32, 64), description="output channels of each stage"
    )
    blocks: Depth = Field(1, description="residual blocks in each stage")
    kernel_size: Literal[3, 5, 7] = 3
    order: Literal["post", "pre"] = Field(
        "post", description="post: activation after the addition; pre: norm and activation first"
    )
    hidden: tuple[Units, ...] = Field((), description="units of each dense layer after the blocks")
    activation: ActivationKind = "relu"
    normalization: NormalizationKind = "batch"


class Rnn(Section):
    """Recurrent layers over a sequence of tokens or of vectors; then dense layers."""

    kind: Literal["rnn"] = "rnn"
    cell: Literal["lstm", "gru"] = "lstm"
    units: Units = 64
    layers: Depth = 1
    embedding: Units = Field(64, description="units of a token's vector; tokens only")
    readout: Literal["last", "mean"] = Field(
        "last", description="what dense layers see: the last state, or the mean of all"
    )
    hidden: tuple[Units, ...] = Field((), description="units of each dense layer at the end")
    activation: ActivationKind = Field("tanh", description="of the dense layers at the end")
    normalization: Literal["none", "layer"] = Field(
        "none", description="layer: after each recurrent layer"
    )


class Transformer(Section):
    """Self-attention blocks over tokens or vectors; causal when the task is language_model."""

    kind: Literal["transformer"] = "transformer"
    units: Units = 64
    heads: Annotated[int, Field(ge=1, le=256)] = 4
    layers: Depth = 2
    feedforward: Units = Field(256, description="units of the dense layer inside each block")
    order: Literal["pre", "post"] = Field(
        "pre", description="layer normalisation before each part, or after each addition"
    )
    positions: Literal["learned", "sinusoidal"] = "learned"
    hidden: tuple[Units, ...] = Field((), description="units of each dense layer at the end")
    activation: ActivationKind = "gelu"

    @model_validator(mode="after")
    def _heads_share_the_units(self) -> Self:
        if self.units % self.heads:
            raise ValueError(
                f"model.units must be a multiple of model.heads; found {self.units} and "
                f"{self.heads}"
            )
        return self


class Own(Section):
    """A model of your own, as code for one backend or both. Runs only in a trusted folder."""

    kind: Literal["own"] = "own"
    torch: CodeReference | None = Field(None, description="FILE.py:CLASS, a torch.nn.Module")
    jax: CodeReference | None = Field(None, description="FILE.py:CLASS, a flax.nnx.Module")
    arguments: dict[str, bool | int | float | str] = Field(
        {}, description="keyword arguments of the class"
    )

    @model_validator(mode="after")
    def _some_code(self) -> Self:
        if self.torch is None and self.jax is None:
            raise ValueError("model.kind own needs model.torch, model.jax or both")
        return self


Model = Annotated[Mlp | Cnn | ResNet | Rnn | Transformer | Own, Field(discriminator="kind")]


def layer_sizes(model: Model) -> tuple[int, ...] | None:
    """Units or channels of each layer with a kernel before the output, as the signal passes them.

    None for a model of the user's own. Branches that run side by side count once.
    """
    match model:
        case Own():
            return None
        case Mlp():
            return model.hidden
        case Cnn():
            blocks = [channels for channels in model.channels for _ in range(model.convolutions)]
            return (*blocks, *model.hidden)
        case ResNet():
            blocks = [channels for channels in model.channels for _ in range(2 * model.blocks)]
            return (model.channels[0], *blocks, *model.hidden)
        case Rnn():
            return (*(model.units,) * model.layers, *model.hidden)
        case Transformer():
            block = (model.units, model.units, model.feedforward, model.units)
            return (*block * model.layers, *model.hidden)


def feature_map_side(model: Model, side: int) -> int | None:
    """Pixels along one side of what a CNN's convolutions leave of an image of `side` pixels; None
    for other models."""
    if not isinstance(model, Cnn):
        return None
    for _ in model.channels:
        side = (side - 1) // model.stride + 1
        side //= 1 if model.pooling == "none" else 2
    return side


def implied_kind(model: Any) -> Any:
    """`model: {torch: nets.py:Net}` means kind own."""
    if isinstance(model, dict) and "kind" not in model and {"torch", "jax"} & model.keys():
        return {"kind": "own", **model}
    return model
