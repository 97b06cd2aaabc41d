"""What the sections of a recipe demand of each other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from advisor.recipe.optimizers import DECOUPLED

if TYPE_CHECKING:
    from advisor.recipe.recipe import Recipe

SEQUENCES = ("rnn", "transformer")
NEEDS_MODEL = {
    "dropout": ("mlp", "cnn", "resnet", "rnn", "transformer"),
    "feature_dropout": ("cnn", "resnet", "rnn", "transformer"),
    "embedding_dropout": SEQUENCES,
    "attention_dropout": ("transformer",),
    "stochastic_depth": ("mlp", "resnet", "transformer"),
}
"""Which models have the modules that these fields of `regularization` are about."""
MAPPINGS = ("model.arguments", "transfer.multipliers")
"""Fields that hold named values, perhaps none."""


def misfits(recipe: Recipe) -> Iterator[str]:
    """What does not fit together, for people; nothing when all is well."""
    yield from _penalties(recipe)
    yield from _losses(recipe)
    yield from _modules(recipe)
    yield from _sources(recipe)
    for path in recipe.tune.locked:
        if not has(recipe, path):
            yield f"tune.locked names {path!r}, which is not a field of this recipe"


def has(recipe: Recipe, path: str) -> bool:
    """Whether this is a field of the recipe, or a section or mapping."""
    known = {*recipe.flat(), *(each for each in MAPPINGS if _is_there(recipe, each))}
    return any(each == path or each.startswith(path + ".") for each in known)


def _is_there(recipe: Recipe, path: str) -> bool:
    section, _, name = path.partition(".")
    return hasattr(getattr(recipe, section), name)


def _penalties(recipe: Recipe) -> Iterator[str]:
    if recipe.regularization.weight_decay and recipe.optimizer.kind not in DECOUPLED:
        yield (
            f"regularization.weight_decay is decoupled and needs optimizer.kind "
            f"{', '.join(DECOUPLED)}; regularization.l2 works with any optimizer"
        )
    if recipe.regularization.label_smoothing and recipe.loss.kind != "cross_entropy":
        yield "regularization.label_smoothing needs loss cross_entropy"


def _losses(recipe: Recipe) -> Iterator[str]:
    loss, task = recipe.loss, recipe.task
    if getattr(loss, "class_weights", None) is not None and task != "classification":
        yield f"loss.class_weights needs task classification; found {task}"
    if getattr(loss, "positive_weight", None) is not None and task not in ("binary", "multilabel"):
        yield f"loss.positive_weight needs task binary or multilabel; found {task}"
    if recipe.train.sampling == "balanced" and task not in ("classification", "binary"):
        yield f"train.sampling balanced needs task classification or binary; found {task}"


def _modules(recipe: Recipe) -> Iterator[str]:
    for field, kinds in NEEDS_MODEL.items():
        if getattr(recipe.regularization, field) and recipe.model.kind not in kinds:
            yield (
                f"regularization.{field} needs model.kind {' or '.join(kinds)}; "
                f"found {recipe.model.kind}"
            )
    if (
        recipe.model.kind == "mlp"
        and recipe.regularization.stochastic_depth
        and not recipe.model.residual
    ):
        yield "regularization.stochastic_depth needs model.residual with model.kind mlp"
    transfer = recipe.transfer
    if recipe.model.kind == "own" and transfer.weights is not None:
        yield "transfer.weights needs a model that is not your own, which loads its weights itself"
    if recipe.model.kind == "own" and recipe.initialization.output_bias != "zeros":
        yield "initialization.output_bias needs a model that is not your own"
    if transfer.thaw and transfer.frozen:
        yield "transfer.thaw and transfer.frozen exclude each other: thawing ends with all training"


def _sources(recipe: Recipe) -> Iterator[str]:
    data, scheme, model = recipe.data, recipe.data.scheme, recipe.model.kind
    if recipe.task == "language_model":
        if model not in (*SEQUENCES, "own"):
            yield f"task language_model needs model.kind rnn or transformer; found {model}"
        if scheme not in ("text", "python"):
            yield f"task language_model needs data.source text:PATH; found {data.source}"
    if scheme == "text" and recipe.regularization.augmentation.changes_inputs:
        yield "regularization.augmentation needs images or tables; data.source is text"
    if scheme == "text" and model in ("mlp", "cnn", "resnet"):
        yield f"data.source text needs model.kind rnn or transformer; found {model}"
    if data.split == "group" and scheme in ("csv", "parquet") and data.group is None:
        yield "data.split group needs data.group, the column of group names"
    if scheme == "images" and recipe.task not in ("classification", "binary"):
        yield f"data.source images needs task classification or binary; found {recipe.task}"
