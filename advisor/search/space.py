"""The default space of a recipe: what a practitioner would search, over the usual ranges.

Ranges are those that public baselines and guides use for small and medium work on one device;
docs/search-space.md lists them. Only values are searched that tuning may touch.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from advisor.recipe import DECOUPLED, Cnn, Mlp, Recipe, ResNet, Rnn, Transformer, Value
from advisor.recipe_fields import recipe_fields
from advisor.search.dimension import Condition, Dimension

ADAM_LIKE = ("rmsprop", "adam", "adamw", "nadam")
RATES: tuple[tuple[tuple[str, ...], float, float], ...] = (
    (("sgd",), 1e-3, 1.0),
    (ADAM_LIKE, 1e-5, 1e-2),
    (("adagrad",), 1e-3, 1.0),
    (("lion",), 1e-6, 1e-3),
)
FINE_TUNING_RATES: tuple[tuple[tuple[str, ...], float, float], ...] = (
    (("sgd",), 1e-3, 1.0),
    (ADAM_LIKE, 1e-5, 5e-4),
    (("adagrad",), 1e-3, 1.0),
    (("lion",), 1e-6, 1e-3),
)
"""Of a recipe that starts from weights of an earlier training."""
DECAYS: tuple[tuple[str, tuple[str, ...], float, float], ...] = (
    ("weight_decay", ("adamw", "nadam"), 5e-3, 1.0),
    ("weight_decay", ("lion",), 1.5e-2, 3.0),
    ("l2", ("sgd",), 1e-5, 1e-3),
    ("l2", ("rmsprop",), 1e-6, 1e-4),
)
OPTIMIZERS, SCHEDULES = ("sgd", "adamw"), ("constant", "cosine", "linear")
ACTIVATIONS = ("relu", "gelu")
"""Beside the recipe's own."""
NO_WARMUP = ("one_cycle",)
WARMUPS, SMOOTHINGS = (0.0, 0.02, 0.05, 0.1), (0.0, 0.1, 0.2)
BATCHES, LEAST_STEPS = (16, 32, 64, 128, 256), 10
"""A batch is at most a tenth of the training set, so that an epoch has ten steps."""
DROPOUT, CONVOLUTIONAL_DROPOUT = 0.5, 0.2
TRANSLATION = 0.125
"""Of the image's side: 4 pixels of 32."""
WIDTHS = (0.5, 1.0, 2.0)


def space(recipe: Recipe, train_examples: int | None = None) -> tuple[Dimension, ...]:
    """The documented default space, kinds before what depends on them.

    `train_examples` bounds the batch size; None where it is not known. Fields that `tune.locked`
    names are left out, and a kind with any locked field stays as it is.
    """
    found = (
        *_optimizer(recipe),
        *_schedule(recipe),
        *_batch_size(recipe, train_examples),
        *_regularization(recipe),
        *_activation(recipe),
        *_width(recipe),
    )
    return tuple(dimension for dimension in found if not recipe.locks(dimension.path))


def _kinds(recipe: Recipe, section: str, usual: tuple[str, ...]) -> tuple[str, ...]:
    """The kinds to search; the recipe's own alone where another would touch a locked field."""
    own = getattr(recipe, section).kind
    if recipe.locks(section) or any(lock.startswith(section) for lock in recipe.tune.locked):
        return (own,)
    return tuple(dict.fromkeys((own, *usual)))


def _kind(section: str, kinds: tuple[str, ...]) -> Iterator[Dimension]:
    if len(kinds) > 1:
        yield Dimension(f"{section}.kind", choices=kinds)


def _given(section: str, kinds: tuple[str, ...], wanted: tuple[str, ...]) -> Condition | None:
    """The condition under which the kind is one of those wanted; None where it always is."""
    there = tuple(kind for kind in kinds if kind in wanted)
    return None if there == kinds else (f"{section}.kind", there)


def _optimizer(recipe: Recipe) -> Iterator[Dimension]:
    kinds = _optimizers(recipe)
    yield from _kind("optimizer", kinds)
    tuned = recipe.transfer.weights is not None
    for wanted, low, high in FINE_TUNING_RATES if tuned else RATES:
        if set(wanted) & set(kinds):
            given = _given("optimizer", kinds, wanted)
            yield Dimension("optimizer.lr", low, high, log=True, given=given)
    for field, wanted, low, high in DECAYS:
        if set(wanted) & set(kinds):
            given = _given("optimizer", kinds, wanted)
            yield Dimension(f"regularization.{field}", low, high, log=True, given=given)


def _optimizers(recipe: Recipe) -> tuple[str, ...]:
    kinds = _kinds(recipe, "optimizer", OPTIMIZERS)
    decays = recipe.regularization.weight_decay and recipe.locks("regularization.weight_decay")
    return tuple(kind for kind in kinds if kind in DECOUPLED) if decays else kinds


def _schedule(recipe: Recipe) -> Iterator[Dimension]:
    kinds = _kinds(recipe, "schedule", SCHEDULES)
    yield from _kind("schedule", kinds)
    warm = tuple(kind for kind in kinds if kind not in NO_WARMUP)
    if warm:
        yield Dimension("schedule.warmup", choices=WARMUPS, given=_given("schedule", kinds, warm))


def _batch_size(recipe: Recipe, train_examples: int | None) -> Iterator[Dimension]:
    portions = recipe.train.accumulation if recipe.locks("train.accumulation") else 1
    most = BATCHES[-1] if train_examples is None else train_examples // LEAST_STEPS
    sizes = tuple(size for size in BATCHES if size <= most and size % portions == 0)
    yield from _listed("train.batch_size", sizes, log=True)


def _regularization(recipe: Recipe) -> Iterator[Dimension]:
    model, has_hidden = recipe.model, bool(getattr(recipe.model, "hidden", ()))
    image = isinstance(model, Cnn | ResNet)
    if has_hidden:
        yield Dimension("regularization.dropout", 0.0, DROPOUT)
    elif image:
        yield Dimension("regularization.feature_dropout", 0.0, CONVOLUTIONAL_DROPOUT)
    elif isinstance(model, Rnn | Transformer):
        yield Dimension("regularization.feature_dropout", 0.0, DROPOUT)
    if recipe.loss.kind == "cross_entropy" and recipe.task == "classification":
        yield Dimension("regularization.label_smoothing", choices=SMOOTHINGS)
    if image:
        yield Dimension("regularization.augmentation.translation", 0.0, TRANSLATION)


def _activation(recipe: Recipe) -> Iterator[Dimension]:
    model = recipe.model
    if isinstance(model, Cnn | ResNet | Transformer) or (isinstance(model, Mlp) and model.hidden):
        yield from _listed("model.activation", (model.activation, *ACTIVATIONS))


def _width(recipe: Recipe) -> Iterator[Dimension]:
    """All layers of a kind by one factor."""
    match recipe.model:
        case Mlp(hidden=widths) if widths:
            yield from _listed("model.hidden", [_scaled(widths, by) for by in WIDTHS], log=True)
        case Cnn(channels=widths) | ResNet(channels=widths):
            yield from _listed("model.channels", [_scaled(widths, by) for by in WIDTHS], log=True)
        case Rnn(units=units):
            yield from _listed("model.units", [_scaled((units,), by)[0] for by in WIDTHS], log=True)
        case Transformer(units=units, heads=heads):
            each = units // heads
            wide = [heads * _scaled((each,), by)[0] for by in WIDTHS]
            yield from _listed("model.units", wide, log=True)


def _scaled(widths: tuple[int, ...], factor: float) -> tuple[int, ...]:
    return tuple(max(1, round(width * factor)) for width in widths)


def _listed(path: str, values: Any, log: bool = False) -> Iterator[Dimension]:
    """A dimension of those values that a recipe may have; none where they leave no choice."""
    allowed: tuple[Value, ...] = tuple(
        value for value in dict.fromkeys(values) if recipe_fields()[path].allows(value) is None
    )
    if len(allowed) > 1:
        yield Dimension(path, choices=allowed, log=log)
