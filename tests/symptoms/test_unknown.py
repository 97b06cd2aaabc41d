"""What nobody told or measured: neither a fault nor a clean bill."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.events import Evaluated, Event, LayerReport, StepsDone, TrialStarted
from advisor.history import History
from advisor.signals import SIGNALS
from advisor.symptoms import DETECTORS, as_facts, detect
from tests.symptoms.streams import Stream, recipe_of

NAN = math.nan
LONG = recipe_of(
    train__epochs=30,
    optimizer__clip_norm=1.0,
    regularization__dropout=0.5,
    train__early_stopping={"patience": 5},
)
HEALTHY = Stream(LONG)
SICK = Stream(
    LONG,
    train_loss=lambda share: 2.4,
    validation_loss=lambda share: 2.5 + share,
    train_metric=lambda share: 0.1,
    validation_metric=lambda share: 0.1,
    gradient_noise=2.5,
    layer_gradients=(1e-6, 1e-4, 1e-2, 1.0),
    update_ratio=1e-6,
    predicted_share=lambda share: 1.0,
    status="early_stopped",
)


def of_steps(**values: Any) -> Callable[[Event], Event]:
    return lambda event: (
        replace(event, **{name: made(event) for name, made in values.items()})
        if isinstance(event, StepsDone)
        else event
    )


def of_evaluations(name: str) -> Callable[[Event], Event]:
    none = None if name == "predicted_share" else {} if name == "activations" else NAN
    return lambda event: replace(event, **{name: none}) if isinstance(event, Evaluated) else event


def of_start(name: str) -> Callable[[Event], Event]:
    return lambda event: replace(event, **{name: NAN}) if isinstance(event, TrialStarted) else event


UNMEASURED: dict[str, Callable[[Event], Event]] = {
    "grad_norm": of_steps(grad_norm=lambda e: [NAN] * len(e.loss)),
    "lr": of_steps(lr=lambda e: []),
    "layers": of_steps(layers=lambda e: {name: LayerReport(NAN, NAN, NAN) for name in e.layers}),
    **{
        name: of_evaluations(name)
        for name in (
            "train_loss",
            "train_metric",
            "validation_loss",
            "validation_metric",
            "predicted_share",
            "activations",
        )
    },
    **{name: of_start(name) for name in ("initial_loss", "chance_loss", "chance_metric")},
}


def needing(signal: str) -> set[str]:
    return {name for name, detector in DETECTORS.items() if signal in detector.needs}


def test_needs_are_signals_that_exist() -> None:
    assert {need for detector in DETECTORS.values() for need in detector.needs} <= set(SIGNALS)


@pytest.mark.parametrize("signal", sorted(SIGNALS))
def test_without_a_signal_nothing_that_needs_it_is_judged(signal: str) -> None:
    for stream in (HEALTHY, SICK):
        found = as_facts(detect(stream.recipe, stream.events(), {signal}))
        assert {name for name in needing(signal) if found[name] is not None} == set()


@pytest.mark.parametrize("signal", UNMEASURED)
@pytest.mark.parametrize("stream", [HEALTHY, SICK], ids=["healthy", "sick"])
def test_nan_in_its_place_is_no_measurement_either(signal: str, stream: Stream) -> None:
    events = [UNMEASURED[signal](event) for event in stream.events()]
    found = as_facts(detect(stream.recipe, events))
    judged = {name for name in needing(signal) if found[name] is not None}
    assert judged == set()


@pytest.mark.parametrize("signal", UNMEASURED)
def test_no_fault_is_seen_in_what_was_not_measured(signal: str) -> None:
    seen = as_facts(detect(HEALTHY.recipe, HEALTHY.events()))
    events = [UNMEASURED[signal](event) for event in HEALTHY.events()]
    found = detect(HEALTHY.recipe, events, {signal})
    fired = {f.symptom for f in found if f.outcome == "fired"}
    assert fired <= {name for name, value in seen.items() if value}


def test_an_unmeasured_gradient_is_not_taken_for_nan() -> None:
    for unmeasured in (NAN, 0.0):
        events = [
            replace(e, grad_norm=[unmeasured] * len(e.loss)) if isinstance(e, StepsDone) else e
            for e in Stream().events()
        ]
        found = as_facts(detect(recipe_of(), events, {"grad_norm"}))
        assert found["non_finite"] is False


def test_a_history_knows_what_it_was_told() -> None:
    history = History(recipe_of(), (), frozenset({"lr"}))
    assert history.knows("steps")
    assert not history.knows("lr")


def test_divergence_and_no_learning_are_seen_from_the_losses_of_the_steps_alone() -> None:
    unknown = set(SIGNALS) - {"steps"}
    away = Stream(train_loss=lambda share: 0.5 + 30 * max(0.0, share - 0.5))
    still = Stream(train_loss=lambda share: 2.4, step_noise=0.05)
    for stream, symptom in ((away, "divergence"), (still, "no_learning")):
        events = [e for e in stream.events() if not isinstance(e, Evaluated)]
        assert as_facts(detect(stream.recipe, events, unknown))[symptom] is True


FITTED_LATE = Stream(
    recipe_of(train__epochs=30),
    train_metric=lambda share: 0.5 + 0.499 * share,
    validation_metric=lambda share: 0.5 + 0.48 * share,
    metric_noise=False,
)


@given(
    st.sampled_from([HEALTHY, FITTED_LATE]),
    st.sets(st.sampled_from(sorted(UNMEASURED)), max_size=4),
    st.sampled_from([2, 3]),
    st.sampled_from(["validation_metric", "train_metric", "validation_loss", "train_loss", ""]),
)
@settings(max_examples=40)
def test_a_healthy_training_of_which_less_is_told_is_not_faulty(
    stream: Stream, hidden: set[str], every: int, sparse: str
) -> None:
    """Whole columns that nobody told, and one that is measured only now and then."""
    whole, events = as_facts(detect(stream.recipe, stream.events())), stream.events()
    for name in sorted(hidden):
        events = [UNMEASURED[name](event) for event in events]
    if sparse:
        blank, evaluations = of_evaluations(sparse), [e for e in events if isinstance(e, Evaluated)]
        kept = {id(e) for e in evaluations[::every]}
        events = [event if id(event) in kept else blank(event) for event in events]
    found = detect(stream.recipe, events, hidden)
    graver = {one.symptom for one in found if one.outcome == "fired" and one.severity != "info"}
    assert {name for name in graver if not whole[name]} == set()
