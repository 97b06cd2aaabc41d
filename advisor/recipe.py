"""The recipe: everything that defines one training, as a frozen value.

Every field uses the frameworks' own word for the thing. A recipe is read from YAML by
`advisor.recipe_file`, changed by `Recipe.changed`, and never modified in place.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self, TypeAlias, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator, model_validator

Value: TypeAlias = bool | int | float | str | tuple[int | float | str, ...] | None

Task = Literal["classification", "binary", "regression"]
Metric = Literal["accuracy", "balanced_accuracy", "f1", "r2", "rmse", "mae"]
ActivationKind = Literal["relu", "leaky_relu", "elu", "gelu", "silu", "tanh", "sigmoid"]
NormalizationKind = Literal["none", "batch", "layer"]
InitializationKind = Literal[
    "kaiming_normal",
    "kaiming_uniform",
    "xavier_normal",
    "xavier_uniform",
    "lecun_normal",
    "orthogonal",
    "zeros",
]

METRICS: Mapping[Task, tuple[Metric, ...]] = {
    "classification": ("accuracy", "balanced_accuracy", "f1"),
    "binary": ("accuracy", "balanced_accuracy", "f1"),
    "regression": ("r2", "rmse", "mae"),
}
LOSSES: Mapping[Task, tuple[str, ...]] = {
    "classification": ("cross_entropy",),
    "binary": ("binary_cross_entropy",),
    "regression": ("mse", "mae", "huber"),
}
LOWER_IS_BETTER: frozenset[Metric] = frozenset({"rmse", "mae"})

Fraction = Annotated[float, Field(ge=0, le=1)]
Units = Annotated[int, Field(ge=1, le=65536)]


class Section(BaseModel):
    """A frozen part of a recipe: unknown fields, NaN and infinity are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, strict=True)


class Data(Section):
    """Where the examples come from, how they are split, and how they are scaled."""

    source: str = Field(
        description="sklearn:NAME, npz:PATH or csv:PATH", examples=["sklearn:digits"]
    )
    target: str | int | None = Field(
        None, description="csv only: target column, by name or position; the last when not given"
    )
    header: bool | None = Field(
        None, description="csv only: first row is a header; guessed if null"
    )
    validation: Annotated[float, Field(gt=0, lt=1)] = Field(
        0.2, description="share of all examples that validates (unless the source has x_val)"
    )
    test: Annotated[float, Field(gt=0, lt=1)] = Field(
        0.2, description="share of all examples that is sealed until the end (unless given)"
    )
    split_seed: Annotated[int, Field(ge=0)] = Field(0, description="seed of the split")
    normalization: Literal["standard", "none"] = Field(
        "standard", description="standard: training mean 0 and deviation 1, per feature or channel"
    )

    @field_validator("source")
    @classmethod
    def _known_source(cls, source: str) -> str:
        scheme, separator, rest = source.partition(":")
        if scheme not in ("sklearn", "npz", "csv") or not separator or not rest:
            raise ValueError("must be sklearn:NAME, npz:PATH or csv:PATH")
        return source

    @model_validator(mode="after")
    def _room_for_training(self) -> Self:
        if self.validation + self.test >= 0.9:
            raise ValueError("validation + test must leave at least a tenth for training")
        return self


class Mlp(Section):
    """Dense layers, each followed by normalisation, activation and dropout."""

    kind: Literal["mlp"] = "mlp"
    hidden: tuple[Units, ...] = Field((64,), description="units of each hidden layer")
    activation: ActivationKind = "relu"
    normalization: NormalizationKind = "none"


class Cnn(Section):
    """Blocks of convolution, normalisation, activation and 2x2 max-pooling; then dense layers."""

    kind: Literal["cnn"] = "cnn"
    channels: Annotated[tuple[Units, ...], Field(min_length=1)] = Field(
        (16, 32), description="output channels of each block"
    )
    kernel_size: Literal[1, 3, 5, 7] = 3
    hidden: tuple[Units, ...] = Field(
        (64,), description="units of each dense layer after the blocks"
    )
    activation: ActivationKind = "relu"
    normalization: NormalizationKind = "none"


class Initialization(Section):
    """How weights start. Biases start at zero."""

    kind: InitializationKind = "kaiming_uniform"
    gain: Annotated[float, Field(gt=0, le=100)] = Field(
        1.0, description="extra factor on the scale"
    )


class CrossEntropy(Section):
    """Softmax cross-entropy on raw outputs."""

    kind: Literal["cross_entropy"] = "cross_entropy"


class BinaryCrossEntropy(Section):
    """Sigmoid cross-entropy on one raw output."""

    kind: Literal["binary_cross_entropy"] = "binary_cross_entropy"


class MeanSquaredError(Section):
    """Squared error of the (standardised) target."""

    kind: Literal["mse"] = "mse"


class MeanAbsoluteError(Section):
    """Absolute error of the (standardised) target."""

    kind: Literal["mae"] = "mae"


class Huber(Section):
    """Quadratic up to `delta`, linear beyond, on the (standardised) target."""

    kind: Literal["huber"] = "huber"
    delta: Annotated[float, Field(gt=0)] = 1.0


Loss = Annotated[
    CrossEntropy | BinaryCrossEntropy | MeanSquaredError | MeanAbsoluteError | Huber,
    Field(discriminator="kind"),
]


class _Optimizer(Section):
    lr: Annotated[float, Field(gt=0, le=1000)] = Field(1e-3, description="peak learning rate")
    clip_norm: Annotated[float, Field(gt=0)] | None = Field(
        None, description="clip the gradient to this global norm"
    )


class Sgd(_Optimizer):
    """Stochastic gradient descent; the learning rate is outside the momentum buffer."""

    kind: Literal["sgd"] = "sgd"
    lr: Annotated[float, Field(gt=0, le=1000)] = Field(0.01, description="peak learning rate")
    momentum: Annotated[float, Field(ge=0, lt=1)] = 0.0
    nesterov: bool = False

    @model_validator(mode="after")
    def _nesterov_needs_momentum(self) -> Self:
        if self.nesterov and self.momentum == 0:
            raise ValueError("nesterov needs a momentum greater than 0")
        return self


class Rmsprop(_Optimizer):
    """RMSprop with `eps` outside the square root."""

    kind: Literal["rmsprop"] = "rmsprop"
    alpha: Annotated[float, Field(gt=0, lt=1)] = 0.99
    eps: Annotated[float, Field(gt=0)] = 1e-8


class _Adam(_Optimizer):
    beta1: Annotated[float, Field(ge=0, lt=1)] = 0.9
    beta2: Annotated[float, Field(ge=0, lt=1)] = 0.999
    eps: Annotated[float, Field(gt=0)] = 1e-8


class Adam(_Adam):
    """Adam with `eps` outside the square root; an `l2` penalty goes through its moments."""

    kind: Literal["adam"] = "adam"


class AdamW(_Adam):
    """Adam with decoupled weight decay (`regularization.weight_decay`)."""

    kind: Literal["adamw"] = "adamw"


Optimizer = Annotated[Sgd | Rmsprop | Adam | AdamW, Field(discriminator="kind")]


class _Schedule(Section):
    warmup: Annotated[float, Field(ge=0, le=0.5)] = Field(
        0.0, description="share of all steps over which the rate rises linearly from 0"
    )


class Constant(_Schedule):
    """The same rate throughout."""

    kind: Literal["constant"] = "constant"


class Step(_Schedule):
    """Multiplied by `gamma` at each milestone (shares of all steps)."""

    kind: Literal["step"] = "step"
    gamma: Annotated[float, Field(gt=0, lt=1)] = 0.1
    milestones: Annotated[tuple[Fraction, ...], Field(min_length=1)] = (0.5, 0.75)


class Exponential(_Schedule):
    """Falls geometrically to `final` times the peak."""

    kind: Literal["exponential"] = "exponential"
    final: Annotated[float, Field(gt=0, lt=1)] = 0.01


class Linear(_Schedule):
    """Falls linearly to `final` times the peak."""

    kind: Literal["linear"] = "linear"
    final: Annotated[float, Field(ge=0, lt=1)] = 0.0


class Cosine(_Schedule):
    """Falls along half a cosine to `final` times the peak."""

    kind: Literal["cosine"] = "cosine"
    final: Annotated[float, Field(ge=0, lt=1)] = 0.0


class OneCycle(Section):
    """Rises from peak/25 over `rise` of the steps, then falls to peak/250000; cosine both ways."""

    kind: Literal["one_cycle"] = "one_cycle"
    rise: Annotated[float, Field(gt=0, lt=1)] = 0.3


class Plateau(_Schedule):
    """Multiplied by `factor` after `patience` evaluations without a better validation loss."""

    kind: Literal["plateau"] = "plateau"
    factor: Annotated[float, Field(gt=0, lt=1)] = 0.1
    patience: Annotated[int, Field(ge=0)] = Field(10, description="evaluations")
    threshold: Annotated[float, Field(ge=0, lt=1)] = Field(1e-4, description="relative")


Schedule = Annotated[
    Constant | Step | Exponential | Linear | Cosine | OneCycle | Plateau,
    Field(discriminator="kind"),
]


class Augmentation(Section):
    """Random changes of training images, drawn anew each epoch."""

    flip: bool = Field(False, description="mirror left and right, half of the time")
    crop: Annotated[int, Field(ge=0, le=32)] = Field(
        0, description="pad by this many pixels, then crop back at a random place"
    )


class Regularization(Section):
    """What holds overfitting down."""

    dropout: Annotated[float, Field(ge=0, lt=1)] = Field(
        0.0, description="drop rate after each hidden dense layer"
    )
    weight_decay: Annotated[float, Field(ge=0, le=10)] = Field(
        0.0, description="decoupled: w -= lr * weight_decay * w; adamw only; kernels only"
    )
    l2: Annotated[float, Field(ge=0, le=10)] = Field(
        0.0, description="coupled: gradient += l2 * w; any optimizer; kernels only"
    )
    label_smoothing: Annotated[float, Field(ge=0, lt=1)] = Field(
        0.0, description="cross_entropy only"
    )
    augmentation: Augmentation = Augmentation()


class EarlyStopping(Section):
    """Stop when the validation metric has not improved. The best weights are always kept."""

    patience: Annotated[int, Field(ge=1)] = Field(10, description="evaluations")
    min_delta: Annotated[float, Field(ge=0)] = 0.0


class Train(Section):
    """How long, in which portions, and from which seed."""

    batch_size: Annotated[int, Field(ge=1, le=1_000_000)] = 32
    epochs: Annotated[int, Field(ge=1, le=100_000)] = 10
    seed: Annotated[int, Field(ge=0, lt=2**32)] = Field(
        0, description="governs initial weights, order of examples, augmentation and dropout"
    )
    early_stopping: EarlyStopping | None = None


class Tune(Section):
    """What tuning may spend, and what it must not touch."""

    budget: str = Field("12t", description="40e (epochs), 12t (full trainings) or 10m (minutes)")
    locked: tuple[str, ...] = Field((), description="fields that tuning must leave as they are")

    @field_validator("budget")
    @classmethod
    def _readable_budget(cls, budget: str) -> str:
        number, unit = budget[:-1], budget[-1:]
        if unit not in ("e", "t", "m") or not number.isdecimal() or int(number) < 1:
            raise ValueError("must be a whole number and a unit: 40e, 12t or 10m")
        return budget


Model = Annotated[Mlp | Cnn, Field(discriminator="kind")]


class Recipe(Section):
    """One training, wholly defined."""

    version: Literal[1] = 1
    name: Annotated[str, Field(min_length=1, max_length=80)] = "recipe"
    task: Task
    data: Data
    model: Model
    initialization: Initialization = Initialization()
    loss: Loss = Field(default_factory=lambda made: default_loss(made.get("task")))
    optimizer: Optimizer = Adam()
    schedule: Schedule = Constant()
    regularization: Regularization = Regularization()
    train: Train = Train()
    metric: Metric = Field(default_factory=lambda made: default_metric(made.get("task")))
    tune: Tune = Tune()

    @field_validator("loss", "metric")
    @classmethod
    def _fits_task(cls, value: Any, info: ValidationInfo) -> Any:
        task = info.data.get("task")
        allowed = (LOSSES if info.field_name == "loss" else METRICS).get(task, ())  # type: ignore[arg-type]
        name = getattr(value, "kind", value)
        if task is not None and name not in allowed:
            raise ValueError(f"{name} does not fit task {task}; allowed: {', '.join(allowed)}")
        return value

    @model_validator(mode="after")
    def _parts_fit(self) -> Self:
        if self.regularization.weight_decay and self.optimizer.kind != "adamw":
            raise ValueError(
                "regularization.weight_decay is decoupled and needs optimizer.kind adamw; "
                "regularization.l2 works with any optimizer"
            )
        if self.regularization.label_smoothing and self.loss.kind != "cross_entropy":
            raise ValueError("regularization.label_smoothing needs loss cross_entropy")
        for path in self.tune.locked:
            if not any(known == path or known.startswith(path + ".") for known in self.flat()):
                raise ValueError(f"tune.locked names {path!r}, which is not a field of this recipe")
        return self

    def flat(self) -> dict[str, Value]:
        """Every field by its path, such as `optimizer.lr`."""
        return dict(_flatten(self.model_dump(), ""))

    def get(self, path: str) -> Value:
        """The value at `path`; KeyError when this recipe has no such field."""
        return self.flat()[path]

    def has(self, path: str) -> bool:
        return path in self.flat()

    def locks(self, path: str) -> bool:
        """Whether `tune.locked` names this field or a section that holds it."""
        return any(path == lock or path.startswith(lock + ".") for lock in self.tune.locked)

    def changed(self, values: Mapping[str, Any]) -> Recipe:
        """A new recipe with the fields at these paths replaced, validated as a whole.

        Changing a section's `kind` keeps the fields that the new kind also has.
        Raises pydantic.ValidationError when the result is not a valid recipe, which a field that
        its section does not have makes it; KeyError for a path through a plain value.
        """
        raw: dict[str, Any] = json.loads(self.model_dump_json())
        for path, value in sorted(values.items(), key=lambda item: not item[0].endswith(".kind")):
            _set(raw, path, value)
        return Recipe.model_validate_json(json.dumps(raw))

    def digest(self) -> str:
        """A hash of what defines the training: name and tuning settings do not count."""
        content = self.model_dump(mode="json", exclude={"name", "tune"})
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]


def default_loss(task: Task | None) -> Any:
    kinds: dict[Any, Any] = {"binary": BinaryCrossEntropy, "regression": MeanSquaredError}
    return kinds.get(task, CrossEntropy)()


def default_metric(task: Task | None) -> Metric:
    return METRICS[task][0] if task else "accuracy"


def sections_with_kinds() -> dict[str, dict[str, type[Section]]]:
    """The sections that are chosen by `kind`, with the class of each kind."""
    found: dict[str, dict[str, type[Section]]] = {}
    for name, union in (
        ("model", Model),
        ("loss", Loss),
        ("optimizer", Optimizer),
        ("schedule", Schedule),
    ):
        classes = get_args(get_args(union)[0])
        found[name] = {cls.model_fields["kind"].default: cls for cls in classes}
    return found


def _set(raw: dict[str, Any], path: str, value: Any) -> None:
    *parents, last = path.split(".")
    place = raw
    for parent in parents:
        if place.get(parent) is None:
            place[parent] = {}
        place = place[parent]
        if not isinstance(place, dict):
            raise KeyError(path)
    place[last] = value
    if last == "kind" and len(parents) == 1:
        kinds = sections_with_kinds().get(parents[0], {})
        if value in kinds:
            for name in set(place) - set(kinds[value].model_fields):
                del place[name]


def _flatten(value: Any, prefix: str) -> Any:
    for name, inner in value.items():
        if isinstance(inner, dict):
            yield from _flatten(inner, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", inner
