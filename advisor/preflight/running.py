"""The two probes: all checks before a training, and the test of one batch on its own."""

from __future__ import annotations

import time
from collections.abc import Mapping

import numpy as np

from advisor.architecture import expand
from advisor.backend import Backend
from advisor.data.values import Dataset
from advisor.events import ProbeFinished
from advisor.preflight.contract import check_outputs, check_signal
from advisor.preflight.cost import ONE_BATCH_SHARE, STEP_SHARE, Price
from advisor.preflight.examples import check_features, check_labels, check_values
from advisor.preflight.forms import check_form
from advisor.preflight.linear import check_linear
from advisor.preflight.looking import look_at, said
from advisor.preflight.nonlinearity import check_nonlinearity
from advisor.preflight.one_batch import PIECE, OneBatch, learn, size_for
from advisor.preflight.part import Part, Value, joined
from advisor.preflight.splits import check_overlap, check_targets
from advisor.preflight.targets import check_copies, check_outliers
from advisor.probe_facts import ONE_BATCH_NAMES, PREFLIGHT_NAMES
from advisor.recipe import Recipe

IGNORED = 1e-6
"""Outputs that differ by less than this share of their size do not depend on the input: rounding
in float32 is 1e-7."""


def run(recipe: Recipe, dataset: Dataset, backend: Backend, device: str = "auto") -> ProbeFinished:
    """All checks, for about 2 % of one training. Facts: PREFLIGHT_NAMES, in `advisor.facts`.

    A fact is None where it could not be measured; the message says why. Raises what loading and
    starting a training raise.
    """
    began = time.perf_counter()
    parts = data_parts(recipe, dataset)
    if unsound(parts):
        parts.append(Part(notes=("the data must be put right before a model is tried",)))
        return _finished("preflight", PREFLIGHT_NAMES, parts, None, dataset, began)
    parts.append(check_linear(recipe, dataset))
    size, steps = size_for(recipe, price_of(recipe, dataset, backend, device), STEP_SHARE)
    batch = OneBatch(recipe, dataset, backend, device, size)
    parts += model_parts(recipe, dataset, batch, steps)
    return _finished("preflight", PREFLIGHT_NAMES, parts, batch, dataset, began)


def one_batch(
    recipe: Recipe, dataset: Dataset, backend: Backend, device: str = "auto"
) -> ProbeFinished:
    """Can one batch be learned by heart? For up to 10 % of a training, so that the answer may
    also be no. Facts: ONE_BATCH_NAMES."""
    began = time.perf_counter()
    size, steps = size_for(recipe, price_of(recipe, dataset, backend, device), ONE_BATCH_SHARE)
    batch = OneBatch(recipe, dataset, backend, device, size)
    parts = [learn(batch, steps)]
    return _finished("one_batch", ONE_BATCH_NAMES, parts, batch, dataset, began)


def data_parts(recipe: Recipe, dataset: Dataset) -> list[Part]:
    """What the data alone show."""
    train, validation = look_at(dataset)
    values = check_values(dataset, train, validation)
    parts = [Part(notes=said(train, validation)), values]
    if unsound(parts):
        return parts
    return [
        *parts,
        check_features(dataset, train),
        check_labels(dataset, train),
        check_overlap(dataset, train, validation),
        check_targets(dataset),
        check_outliers(dataset),
        check_copies(dataset, train),
    ]


def unsound(parts: list[Part]) -> bool:
    """Whether there are values that no model can be given."""
    wrong = ("not_finite_share", "out_of_range_share")
    return any(part.facts.get(name) for part in parts for name in wrong)


def price_of(recipe: Recipe, dataset: Dataset, backend: Backend, device: str) -> Price:
    """What steps cost where the training would run."""
    place = backend.info().devices[0] if device == "auto" else device
    shape = dataset.input_shape
    layers = expand(recipe, shape, dataset.outputs, dataset.vocabulary)
    n = len(dataset.train.targets)
    return Price.of(recipe, layers, shape, n, place.startswith("cpu"))


def model_parts(recipe: Recipe, dataset: Dataset, batch: OneBatch, steps: int) -> list[Part]:
    """What the untrained model does, and what a few steps make of it."""
    outputs = check_outputs(recipe, dataset, batch.training)
    if not outputs.facts.get("outputs_finite"):
        return [outputs]
    parts = [
        outputs,
        check_form(recipe, dataset, batch.training),
        check_signal(dataset, batch.training),
        check_nonlinearity(dataset, batch.training),
    ]
    if steps < 2 * PIECE:
        return [*parts, Part(notes=(f"2 % of the training are fewer than {2 * PIECE} steps",))]
    parts.append(batch.repeatable())
    learned = learn(batch, steps - batch.steps)
    return [*parts, _spread(outputs.facts, batch), learned]


def _spread(before: Mapping[str, Value], batch: OneBatch) -> Part:
    """A last layer that starts at zero ignores the input until a few steps are taken."""
    first = before["output_spread"]
    if isinstance(first, float) and first > IGNORED:
        return Part()
    return Part({"output_spread": batch.outputs_spread()})


def _finished(
    probe: str,
    names: tuple[str, ...],
    parts: list[Part],
    batch: OneBatch | None,
    dataset: Dataset,
    began: float,
) -> ProbeFinished:
    facts, message = joined(names, parts)
    steps = batch.steps if batch else 0
    examples = steps * batch.width + batch.predicted / 3 if batch else 0.0
    return ProbeFinished(
        probe,
        {name: _plain(value) for name, value in facts.items()},
        examples / len(dataset.train.targets),
        steps,
        time.perf_counter() - began,
        {"one_batch_loss": batch.losses} if batch and batch.losses else {},
        message,
    )


def _plain(value: Value) -> Value:
    return None if isinstance(value, float) and not np.isfinite(value) else value
