"""How weights start, and what happens to those that come from an earlier training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from advisor.recipe.section import Fraction, Section

InitializationKind = Literal[
    "kaiming_normal",
    "kaiming_uniform",
    "xavier_normal",
    "xavier_uniform",
    "lecun_normal",
    "lecun_uniform",
    "orthogonal",
    "constant",
    "zeros",
]


class Initialization(Section):
    """How weights start. Biases start at zero, forget gates at one."""

    kind: InitializationKind = "kaiming_uniform"
    gain: Annotated[float, Field(gt=0, le=100)] = Field(
        1.0, description="extra factor on the scale; the value itself for constant"
    )
    output_bias: Literal["zeros", "prior"] = Field(
        "zeros", description="prior: the output layer starts at the classes' shares"
    )


class Transfer(Section):
    """Weights of an earlier training, and how far each layer may move away from them."""

    weights: str | None = Field(
        None, description="a safetensors file, such as best.safetensors of another trial"
    )
    head: Literal["replace", "keep"] = Field(
        "replace", description="replace: the output layer starts afresh"
    )
    frozen: tuple[str, ...] = Field(
        (), description="layers that do not train, by the start of their names: [conv1, conv2]"
    )
    thaw: Fraction = Field(
        0.0,
        description="share of all steps over which layers start to train one by one, from the "
        "output backwards; 0: all from the first step",
    )
    layer_decay: Annotated[float, Field(gt=0, le=1)] = Field(
        1.0, description="each layer's rate is this much of the next deeper one's"
    )
    multipliers: Mapping[str, Annotated[float, Field(ge=0, le=1000)]] = Field(
        {}, description="factors on the rate of layers, by the start of their names: {conv1: 0.1}"
    )
