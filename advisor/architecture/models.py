"""The model section of a recipe as a list of layers with shapes."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

from advisor.architecture.layers import (
    Activation,
    Attention,
    AveragePool,
    BatchNorm,
    Conv,
    Dense,
    Dropout,
    Embedding,
    Flatten,
    GlobalAverage,
    GroupNorm,
    LastStep,
    Layer,
    LayerNorm,
    MaxPool,
    Positions,
    Recurrent,
    Residual,
    Rows,
)
from advisor.recipe import (
    ActivationKind,
    Cnn,
    Mlp,
    NormalizationKind,
    Own,
    Recipe,
    Regularization,
    ResNet,
    Rnn,
    Transformer,
)

MOST_GROUPS = 8
"""Group normalisation uses the largest divisor of the channels up to this one."""


class ShapeError(ValueError):
    """The model does not fit the shape of the data. The message is for the user."""


def expand(
    recipe: Recipe, input_shape: tuple[int, ...], outputs: int, vocabulary: int = 0
) -> tuple[Layer, ...]:
    """The layers of `recipe.model` for examples of `input_shape`, ending in raw outputs.

    `vocabulary` is the number of tokens where examples are (time,) tokens, else 0. The output
    layer is called `output`. Layers that drop are always there, also at rate 0, so that another
    rate is the same program. A model of the user's own has no layers. Raises ShapeError.
    """
    model = recipe.model
    if isinstance(model, Own):
        return ()
    build = _Build(recipe.regularization, input_shape, vocabulary)
    match model:
        case Mlp():
            _mlp(build, model)
        case Cnn():
            _cnn(build, model)
        case ResNet():
            _resnet(build, model)
        case Rnn():
            _rnn(build, model, per_step=recipe.task == "language_model")
        case Transformer():
            _transformer(build, model, per_step=recipe.task == "language_model")
    build.add(Dense("output", build.features, outputs))
    return _with_stochastic_depth(tuple(build.layers), recipe.regularization.stochastic_depth)


@dataclass
class _Build:
    """The layers so far, and the shape that comes out of them."""

    regularization: Regularization
    shape: tuple[int, ...]
    vocabulary: int
    layers: list[Layer] = field(default_factory=list)

    @property
    def features(self) -> int:
        return self.shape[-1]

    def add(self, *layers: Layer) -> None:
        self.layers.extend(layers)

    def drop(self, name: str, rate: float) -> None:
        self.add(Dropout(f"{name}.dropout", rate))

    def dense(
        self,
        hidden: tuple[int, ...],
        activation: ActivationKind,
        norm: NormalizationKind,
        residual: bool = False,
    ) -> None:
        for number, units in enumerate(hidden, 1):
            name, before = f"dense{number}", self.features
            part: list[Layer] = [
                Dense(name, before, units),
                *_norm(norm, name, units),
                Activation(f"{name}.activation", activation),
                Dropout(f"{name}.dropout", self.regularization.dropout),
            ]
            if residual and before == units:
                self.add(Residual(f"{name}.residual", tuple(part), (), 0.0))
            else:
                self.add(*part)
            self.shape = (*self.shape[:-1], units)

    def flatten(self) -> None:
        if len(self.shape) > 1:
            self.add(Flatten("flatten"))
            self.shape = (math.prod(self.shape),)

    def image(self, kind: str) -> tuple[int, int, int]:
        if len(self.shape) != 3:
            raise ShapeError(
                f"model.kind {kind} needs images (height, width, channels); "
                f"the examples have shape {self.shape}; model.kind mlp takes any shape"
            )
        return self.shape

    def sequence(self, kind: str, units: int) -> None:
        """Tokens become vectors of this many units; vectors stay as they are."""
        if self.vocabulary:
            self.add(Embedding("embedding", self.vocabulary, units))
            self.drop("embedding", self.regularization.embedding_dropout)
            self.shape = (*self.shape, units)
        elif len(self.shape) == 3:
            self.add(Rows("rows"))
            self.shape = (self.shape[0], self.shape[1] * self.shape[2])
        if len(self.shape) != 2:
            raise ShapeError(
                f"model.kind {kind} needs sequences (time, features), tokens or images (read row "
                f"by row); the examples have shape {self.shape}; model.kind mlp takes any shape"
            )


def _mlp(build: _Build, model: Mlp) -> None:
    if build.vocabulary:
        raise ShapeError("model.kind mlp cannot read tokens; allowed: rnn, transformer")
    build.flatten()
    build.dense(model.hidden, model.activation, model.normalization, model.residual)


def _cnn(build: _Build, model: Cnn) -> None:
    height, width, features = build.image("cnn")
    for number, channels in enumerate(model.channels, 1):
        for depth in range(1, model.convolutions + 1):
            name = f"conv{number}" if model.convolutions == 1 else f"conv{number}_{depth}"
            stride = model.stride if depth == 1 else 1
            build.add(Conv(name, features, channels, model.kernel_size, stride))
            build.add(*_norm(model.normalization, name, channels))
            build.add(Activation(f"{name}.activation", model.activation))
            features = channels
            height, width = (height - 1) // stride + 1, (width - 1) // stride + 1
        if model.pooling != "none":
            pool = MaxPool if model.pooling == "max" else AveragePool
            build.add(pool(f"conv{number}.pool"))
            height, width = height // 2, width // 2
        if min(height, width) < 1:
            raise ShapeError(_too_small(model, build.shape))
        build.drop(f"conv{number}", build.regularization.feature_dropout)
    build.shape = (height, width, features)
    if model.head == "average":
        build.add(GlobalAverage("average"))
        build.shape = (features,)
    build.flatten()
    build.dense(model.hidden, model.activation, model.normalization)


def _too_small(model: Cnn, shape: tuple[int, ...]) -> str:
    each = model.stride * (2 if model.pooling != "none" else 1)
    needed = each ** len(model.channels)
    return (
        f"model.channels: {len(model.channels)} blocks shrink the image {each} times each and "
        f"need at least {needed}x{needed} pixels; the examples have {shape[0]}x{shape[1]}"
    )


def _resnet(build: _Build, model: ResNet) -> None:
    height, width, features = build.image("resnet")
    first = model.channels[0]
    build.add(Conv("stem", features, first, model.kernel_size))
    if model.order == "post":
        build.add(*_norm(model.normalization, "stem", first))
        build.add(Activation("stem.activation", model.activation))
    features = first
    for stage, channels in enumerate(model.channels, 1):
        for number in range(1, model.blocks + 1):
            stride = 2 if stage > 1 and number == 1 else 1
            name = f"stage{stage}_{number}"
            build.add(_block(name, model, features, channels, stride))
            if model.order == "post":
                build.add(Activation(f"{name}.activation", model.activation))
            build.drop(name, build.regularization.feature_dropout)
            features = channels
            height, width = (height - 1) // stride + 1, (width - 1) // stride + 1
    if model.order == "pre":
        build.add(*_norm(model.normalization, "last", features))
        build.add(Activation("last.activation", model.activation))
    build.add(GlobalAverage("average"))
    build.shape = (features,)
    build.dense(model.hidden, model.activation, model.normalization)


def _block(name: str, model: ResNet, features: int, channels: int, stride: int) -> Residual:
    size, body = model.kernel_size, list[Layer]()
    one, two = f"{name}.conv1", f"{name}.conv2"
    convolutions = (
        Conv(one, features, channels, size, stride),
        Conv(two, channels, channels, size),
    )
    for conv in convolutions:
        after = [
            *_norm(model.normalization, conv.name, _width(conv, model)),
            Activation(f"{conv.name}.activation", model.activation),
        ]
        body += [*after, conv] if model.order == "pre" else [conv, *after]
    if model.order == "post":
        body.pop()  # the last activation comes after the addition
    shortcut: tuple[Layer, ...] = ()
    if stride > 1 or features != channels:
        shortcut = (Conv(f"{name}.shortcut", features, channels, 1, stride),)
    return Residual(f"{name}.residual", tuple(body), shortcut, 0.0)


def _width(conv: Conv, model: ResNet) -> int:
    return conv.inputs if model.order == "pre" else conv.outputs


def _rnn(build: _Build, model: Rnn, *, per_step: bool) -> None:
    build.sequence("rnn", model.embedding)
    for number in range(1, model.layers + 1):
        name = f"recurrent{number}"
        build.add(Recurrent(name, model.cell, build.features, model.units))
        build.add(*_norm(model.normalization, name, model.units))
        build.drop(name, build.regularization.feature_dropout)
        build.shape = (build.shape[0], model.units)
    if not per_step:
        build.add(LastStep("last") if model.readout == "last" else GlobalAverage("average"))
        build.shape = (model.units,)
    build.dense(model.hidden, model.activation, "none")


def _transformer(build: _Build, model: Transformer, *, per_step: bool) -> None:
    units, rates = model.units, build.regularization
    build.sequence("transformer", units)
    if build.features != units or not build.vocabulary:
        build.add(Dense("projection", build.features, units))
        build.shape = (build.shape[0], units)
    build.add(Positions("positions", build.shape[0], units, model.positions == "learned"))
    for number in range(1, model.layers + 1):
        name = f"block{number}"
        attention: tuple[Layer, ...] = (
            Attention(f"{name}.attention", units, model.heads, per_step, rates.attention_dropout),
            Dropout(f"{name}.attention.dropout", rates.feature_dropout),
        )
        feedforward: tuple[Layer, ...] = (
            Dense(f"{name}.dense1", units, model.feedforward),
            Activation(f"{name}.activation", model.activation),
            Dense(f"{name}.dense2", model.feedforward, units),
            Dropout(f"{name}.dense2.dropout", rates.feature_dropout),
        )
        for part, body in (("attention", attention), ("dense", feedforward)):
            norm = LayerNorm(f"{name}.{part}.norm", units)
            if model.order == "pre":
                build.add(Residual(f"{name}.{part}.residual", (norm, *body), (), 0.0))
            else:
                build.add(Residual(f"{name}.{part}.residual", body, (), 0.0), norm)
    if model.order == "pre":
        build.add(LayerNorm("last.norm", units))
    if not per_step:
        build.add(GlobalAverage("average"))
        build.shape = (units,)
    build.dense(model.hidden, model.activation, "none")


def _norm(kind: NormalizationKind, name: str, features: int) -> list[Layer]:
    match kind:
        case "none":
            return []
        case "batch":
            return [BatchNorm(f"{name}.norm", features)]
        case "layer":
            return [LayerNorm(f"{name}.norm", features)]
        case "group":
            groups = max(n for n in range(1, MOST_GROUPS + 1) if n == 1 or _divides(n, features))
            return [GroupNorm(f"{name}.norm", features, groups)]


def _divides(groups: int, features: int) -> bool:
    """A group needs two features at least: without positions, one has no deviation."""
    return features % groups == 0 and features // groups >= 2


def _with_stochastic_depth(layers: tuple[Layer, ...], last: float) -> tuple[Layer, ...]:
    """Residual branches drop at rates that rise evenly to `last` (Huang 1603.09382)."""
    count = sum(isinstance(layer, Residual) for layer in layers)
    numbers = iter(range(1, count + 1))
    return tuple(
        replace(layer, rate=last * next(numbers) / count) if isinstance(layer, Residual) else layer
        for layer in layers
    )
