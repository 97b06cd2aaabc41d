"""The vocabulary of rules: named, typed values computed from a recipe and its trial's events."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, TypeAlias

import numpy as np

from advisor.events import DataReport, Event
from advisor.fact_fields import FIELDS, Type
from advisor.history import History
from advisor.probe_facts import PROBED
from advisor.recipe import Mlp, Recipe
from advisor.recipe.models import feature_map_side, layer_sizes
from advisor.symptoms.catalogue import DETECTORS

FactValue: TypeAlias = bool | int | float | str | None
Facts: TypeAlias = Mapping[str, FactValue]
Compute: TypeAlias = Callable[[History], FactValue]


@dataclass(frozen=True)
class FactDefinition:
    """What a fact is. Its value is None when it was not measured or does not apply."""

    name: str
    type: Type
    unit: str
    meaning: str
    field: str | None = None
    """the recipe field that it repeats"""


def _of_start(name: str) -> Compute:
    return lambda history: getattr(history.started, name) if history.started else None


def _of_data(name: str) -> Compute:
    return lambda history: getattr(history.started.data, name) if history.started else None


def _of_best(name: str) -> Compute:
    return lambda history: getattr(history.best, name) if history.best else None


def _of_last(name: str) -> Compute:
    return lambda history: getattr(history.evaluations[-1], name) if history.evaluations else None


def _of_data_with(compute: Callable[[DataReport], FactValue]) -> Compute:
    return lambda history: compute(history.started.data) if history.started else None


def _of_image(compute: Callable[[list[int]], int]) -> Compute:
    return _of_data_with(
        lambda data: compute(data.input_shape) if len(data.input_shape) == 3 else None
    )


def _worst_layer(name: Literal["dead", "saturated"]) -> Compute:
    return lambda history: max(history.layer_shares(name).values(), default=None)


def _best_position(history: History) -> FactValue:
    if history.best is None or not history.total_steps or not history.complete:
        return None
    return history.best.step / history.total_steps


def _completed_share(history: History) -> FactValue:
    if not history.total_steps or not history.complete:
        return None
    return history.steps / history.total_steps


def _initial_loss_ratio(history: History) -> FactValue:
    started = history.started
    return started.initial_loss / started.chance_loss if started and started.chance_loss else None


def _gradient_profile(history: History) -> FactValue:
    norms = list(history.layer_gradients.values())
    return norms[0] / norms[-1] if len(norms) >= 2 and norms[-1] > 1e-12 else None


def _grad_norm(percentile: float) -> Compute:
    def compute(history: History) -> FactValue:
        finite = history.grad_norm[np.isfinite(history.grad_norm)]
        return float(np.percentile(finite, percentile)) if len(finite) >= 20 else None

    return compute


def _clipped_share(history: History) -> FactValue:
    limit = history.recipe.optimizer.clip_norm
    return float(np.mean(history.grad_norm > limit)) if limit and history.steps else None


def _minority_share(history: History) -> FactValue:
    shares = history.started.data.class_shares if history.started else None
    if not shares or history.recipe.task == "language_model":
        return None
    each = shares if history.recipe.task != "multilabel" else [min(s, 1 - s) for s in shares]
    return min(each)


def _loss_is_weighted(history: History) -> FactValue:
    loss = history.recipe.loss
    weights = (getattr(loss, "class_weights", None), getattr(loss, "positive_weight", None))
    return any(weight is not None for weight in weights)


def _residual_links(history: History) -> FactValue:
    model = history.recipe.model
    if model.kind == "own":
        return None
    return model.kind in ("resnet", "transformer") or bool(getattr(model, "residual", False))


def _feature_map(history: History) -> int | None:
    shape = history.started.data.input_shape if history.started else []
    return feature_map_side(history.recipe.model, min(shape[:2])) if len(shape) == 3 else None


def _links_would_fit(history: History) -> FactValue:
    if not isinstance(history.recipe.model, Mlp):
        return None
    return any(one == other for one, other in pairwise(history.recipe.model.hidden))


def _of_layers(compute: Callable[[tuple[int, ...]], int]) -> Compute:
    def measured(history: History) -> FactValue:
        sizes = layer_sizes(history.recipe.model)
        return None if sizes is None else compute(sizes)

    return measured


def _loss_slope(history: History) -> FactValue:
    return history.late_trend[0] if history.late_trend else None


_MEASURED: tuple[tuple[str, str, str, Compute], ...] = (
    (
        "train_metric",
        "metric",
        "on training examples, at the best evaluation",
        _of_best("train_metric"),
    ),
    ("validation_metric", "metric", "best on validation", _of_best("validation_metric")),
    ("train_loss", "loss", "on training examples, at the best evaluation", _of_best("train_loss")),
    (
        "validation_loss",
        "loss",
        "on validation, at the best evaluation",
        _of_best("validation_loss"),
    ),
    ("last_train_metric", "metric", "on training examples, at the end", _of_last("train_metric")),
    (
        "last_validation_metric",
        "metric",
        "on validation, at the end",
        _of_last("validation_metric"),
    ),
    ("last_train_loss", "loss", "on training examples, at the end", _of_last("train_loss")),
    ("last_validation_loss", "loss", "on validation, at the end", _of_last("validation_loss")),
    (
        "train_val_gap",
        "metric; rmse and mae: shares of chance's error",
        "how much better the metric is on training than on validation, at the best evaluation",
        lambda history: history.best_gap,
    ),
    (
        "last_train_val_gap",
        "metric; rmse and mae: shares of chance's error",
        "how much better the metric is on training than on validation, at the end",
        lambda history: history.gap,
    ),
    (
        "best_position",
        "share of the planned steps",
        "where the best evaluation came; none while the run goes on",
        _best_position,
    ),
    (
        "completed_share",
        "share of the planned steps",
        "how far the run came before it ended by itself, perhaps by early stopping",
        _completed_share,
    ),
    (
        "lift_over_chance",
        "standard errors",
        "best validation metric - that of the best prediction that ignores the input; regression: "
        "t statistic of the correlation that explains as much",
        lambda history: history.lift,
    ),
    (
        "metric_error",
        "metric",
        "standard error of the best validation metric over its examples: binomial for shares, of "
        "normal residuals for regression",
        lambda history: history.metric_error,
    ),
    (
        "loss_slope",
        "1 / run",
        "slope of ln(training loss) over the last third of the steps so far, scaled to a whole "
        "run: at -1 another run as long would divide the loss by e",
        _loss_slope,
    ),
    ("initial_loss", "loss", "validation loss of the untrained model", _of_start("initial_loss")),
    ("chance_loss", "loss", "validation loss of ignoring the input", _of_start("chance_loss")),
    ("chance_metric", "metric", "on validation, of ignoring the input", _of_start("chance_metric")),
    ("initial_loss_ratio", "", "initial_loss / chance_loss", _initial_loss_ratio),
    ("parameters", "weights", "trainable weights", _of_start("parameters")),
    ("steps_per_epoch", "steps", "optimiser steps an epoch", _of_start("steps_per_epoch")),
    ("total_steps", "steps", "planned optimiser steps", lambda h: h.total_steps or None),
    (
        "update_ratio",
        "",
        "norm of a step's update / norm of the weights: median over the run (decayed ends left "
        "out), then over kernels; about 1e-3 is usual",
        lambda history: history.update_ratio,
    ),
    (
        "gradient_profile",
        "",
        "gradient norm of the first kernel / that of the last, medians over the run",
        _gradient_profile,
    ),
    ("grad_norm", "", "median of the global gradient norm", _grad_norm(50)),
    ("grad_norm_p90", "", "90th percentile of the global gradient norm", _grad_norm(90)),
    ("clipped_share", "share", "steps on which the gradient was clipped", _clipped_share),
    ("dead_share", "share", "dead units of the worst ReLU layer", _worst_layer("dead")),
    (
        "saturated_share",
        "share",
        "saturated units of the worst tanh or sigmoid layer",
        _worst_layer("saturated"),
    ),
    ("train_examples", "examples", "training examples", _of_data("train_examples")),
    ("validation_examples", "examples", "validation examples", _of_data("validation_examples")),
    ("outputs", "", "outputs of the model", _of_data("outputs")),
    (
        "minority_share",
        "share",
        "training share of the rarest class; multilabel: of the rarer value of any label",
        _minority_share,
    ),
    ("input_max_abs", "", "largest absolute input the model sees", _of_data("input_max_abs")),
    ("input_mean_off", "", "largest absolute mean of an input", _of_data("input_mean_off")),
    (
        "input_std_ratio",
        "",
        "largest / smallest deviation of the inputs that vary",
        _of_data("input_std_ratio"),
    ),
    (
        "image",
        "",
        "whether an example is an image (height, width, channels)",
        _of_data_with(lambda data: len(data.input_shape) == 3),
    ),
    ("image_size", "pixels", "the shorter side of an image", _of_image(lambda s: min(s[:2]))),
    ("image_channels", "", "channels of an image", _of_image(lambda shape: shape[2])),
    ("weighted_loss", "", "whether the loss weighs classes or positives", _loss_is_weighted),
    ("residual_links", "", "whether the model adds inputs to outputs", _residual_links),
    (
        "links_would_fit",
        "",
        "whether two hidden layers of an mlp are as wide, so that residual links fit",
        _links_would_fit,
    ),
    (
        "tokens",
        "",
        "whether an example is a text of tokens",
        lambda h: h.recipe.data.scheme == "text" or h.recipe.task == "language_model",
    ),
    (
        "feature_map",
        "pixels",
        "side of what a CNN's convolutions leave of an image",
        _feature_map,
    ),
    (
        "narrowest",
        "units",
        "units or channels of the narrowest layer before the output",
        lambda h: min(layer_sizes(h.recipe.model) or (), default=None),
    ),
    (
        "hidden_layers",
        "layers",
        "dense layers before the output's, which `dropout` follows",
        lambda h: len(h.recipe.model.hidden) if h.recipe.model.kind != "own" else None,
    ),
    (
        "portion",
        "examples",
        "of a batch that go through the model at once",
        lambda h: h.recipe.train.batch_size // h.recipe.train.accumulation,
    ),
    (
        "width",
        "units",
        "units or channels of the widest layer",
        _of_layers(lambda sizes: max(sizes, default=0)),
    ),
    (
        "depth",
        "layers",
        "layers with a kernel, one after the other, the output's included",
        _of_layers(lambda sizes: len(sizes) + 1),
    ),
)
_FLAGS = frozenset({"image", "weighted_loss", "residual_links", "links_would_fit", "tokens"})


def _vocabulary() -> dict[str, FactDefinition]:
    found = [
        FactDefinition(name, kind, "", f"the recipe's {path}", path) for name, kind, path in FIELDS
    ]
    found += [
        FactDefinition(name, "flag" if name in _FLAGS else "number", unit, meaning)
        for name, unit, meaning, _ in _MEASURED
    ]
    found += [FactDefinition(name, kind, unit, meaning) for name, kind, unit, meaning in PROBED]
    found += [
        FactDefinition(name, "flag", "", f"symptom: {detector.about}")
        for name, detector in DETECTORS.items()
    ]
    return {definition.name: definition for definition in found}


VOCABULARY: Mapping[str, FactDefinition] = _vocabulary()
"""Everything that a rule may name: recipe fields, measurements, probe results and symptoms."""


def measure(recipe: Recipe, events: Sequence[Event]) -> dict[str, FactValue]:
    """All facts but symptoms and probe results, from a trial's events so far. Pure.

    A value that was not measured, or is not finite, is None.
    """
    history, flat = History(recipe, events), recipe.flat()
    found: dict[str, FactValue] = {}
    for name, _, path in FIELDS:
        value = flat.get(path)
        found[name] = None if isinstance(value, tuple) else value
    for name, _, _, compute in _MEASURED:
        measured = compute(history)
        broken = isinstance(measured, float) and not math.isfinite(measured)
        found[name] = None if broken else measured
    return found
