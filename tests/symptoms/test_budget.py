from __future__ import annotations

from dataclasses import replace

import pytest

from advisor.events import Event, StepsDone
from advisor.recipe import Recipe
from advisor.symptoms import as_facts, detect
from tests.symptoms.looking import finding, outcome
from tests.symptoms.streams import Stream, decay, recipe_of

LONG = recipe_of(train__epochs=20)


def scheduled(**schedule: object) -> Recipe:
    return recipe_of(train__epochs=20, schedule=schedule)


EARLY = scheduled(kind="step", gamma=0.1, milestones=[0.1, 0.15, 0.2])


def stalls(share: float) -> float:
    """Falls until the rate is gone."""
    return decay(2.4, 0.2, 5)(min(share, 0.2))


def test_a_rate_that_is_gone_while_the_loss_fell() -> None:
    found = finding(Stream(EARLY, train_loss=stalls, evaluation_noise=0.001), "decay_too_early")
    assert found.outcome == "fired"
    assert found.evidence["left"] == pytest.approx(0.8, abs=0.01)


@pytest.mark.parametrize(
    "schedule",
    [
        {"kind": "constant"},
        {"kind": "cosine"},
        {"kind": "cosine", "restarts": 3},
        {"kind": "linear"},
        {"kind": "one_cycle"},
        {"kind": "step"},
        {"kind": "polynomial"},
        {"kind": "exponential"},
    ],
)
@pytest.mark.parametrize("until", [0.2, 0.5, 1.0])
def test_usual_schedules_do_not_end_too_early(schedule: dict[str, object], until: float) -> None:
    stream = Stream(scheduled(**schedule), train_loss=decay(2.4, 0.3, 2), until=until)
    assert outcome(stream, "decay_too_early") == "clear"


def test_a_loss_that_had_settled_or_is_fitted_misses_nothing() -> None:
    settled = Stream(EARLY, train_loss=lambda share: 0.9 if share > 0.03 else 2.4)
    assert outcome(settled, "decay_too_early") == "clear"
    fitted = Stream(EARLY, train_loss=decay(2.4, 0.001, 60))
    assert outcome(fitted, "decay_too_early") == "clear"


def test_a_plateau_schedule_decays_for_its_reasons() -> None:
    assert outcome(Stream(scheduled(kind="plateau")), "decay_too_early") == "not enough data"


def rising(event: Event, total: int) -> Event:
    if not isinstance(event, StepsDone):
        return event
    last = event.step
    return replace(event, lr=[1e-3 * i / total for i in range(last - len(event.lr), last)])


def test_a_rate_that_rises_to_the_end_never_reached_its_peak() -> None:
    stream = Stream(LONG)
    events = [rising(event, 1240) for event in stream.events()]
    assert as_facts(detect(LONG, events))["warmup_too_long"] is True
    assert as_facts(detect(LONG, events[:-1]))["warmup_too_long"] is None


@pytest.mark.parametrize("schedule", [{"kind": "constant"}, {"kind": "one_cycle"}])
def test_a_rate_that_came_down_again_was_at_its_peak(schedule: dict[str, object]) -> None:
    assert outcome(Stream(scheduled(**schedule)), "warmup_too_long") == "clear"
    half = recipe_of(train__epochs=20, schedule__warmup=0.5)
    assert outcome(Stream(half), "warmup_too_long") == "clear"


def stopped(patience: int, **changes: object) -> Stream:
    recipe = recipe_of(train__epochs=60, train__early_stopping={"patience": patience})
    return replace(Stream(recipe, status="early_stopped", until=0.35), **changes)  # type: ignore[arg-type]


def test_a_run_that_was_stopped_while_validation_fell() -> None:
    falling = stopped(5, validation_loss=decay(2.4, 0.1, 4))
    assert outcome(falling, "stopped_too_early") == "fired"
    settled = stopped(5, validation_loss=decay(2.4, 0.3, 60))
    assert outcome(settled, "stopped_too_early") == "clear"
    rising_again = stopped(5, validation_loss=lambda s: 0.4 + 2 * abs(s - 0.2))
    assert outcome(rising_again, "stopped_too_early") == "clear"


def test_a_patience_that_noise_uses_up() -> None:
    hasty = stopped(1, validation_loss=decay(2.4, 0.3, 60), until=0.1)
    assert outcome(hasty, "stopped_too_early") == "fired"
    assert outcome(replace(hasty, until=0.8), "stopped_too_early") == "clear"
    patient = stopped(10, validation_loss=decay(2.4, 0.3, 60), until=0.25)
    assert outcome(patient, "stopped_too_early") == "clear"


def test_only_a_run_that_was_stopped_can_be_stopped_too_early() -> None:
    assert outcome(Stream(LONG), "stopped_too_early") == "clear"
    events = Stream(LONG).events()[:-1]
    assert as_facts(detect(LONG, events))["stopped_too_early"] is None


OVER = Stream(
    recipe_of(train__epochs=40),
    validation_loss=lambda s: 0.3 + 0.5 * abs(s - 0.05),
    validation_metric=lambda s: 0.9 - 0.1 * abs(s - 0.05),
    metric_noise=False,
)


def test_a_best_evaluation_in_the_first_tenth() -> None:
    assert finding(OVER, "budget_too_long").outcome == "fired"
    assert finding(OVER, "budget_too_long").severity == "info"
    assert outcome(Stream(LONG), "budget_too_long") == "clear"
    later = replace(OVER, validation_metric=lambda s: 0.8 + 0.1 * s)
    assert outcome(later, "budget_too_long") == "clear"


def test_a_run_that_blew_up_was_not_too_long() -> None:
    blown = replace(OVER, train_loss=lambda s: 0.5 + 3 * max(0.0, s - 0.1))
    assert outcome(blown, "budget_too_long") == "clear"


def test_a_patience_of_one_tells_nothing_early_in_a_run() -> None:
    hasty = recipe_of(train__epochs=20, train__early_stopping={"patience": 1})
    worse = Stream(
        hasty,
        status="early_stopped",
        until=0.15,
        train_loss=lambda share: 0.3 if share < 0.12 else 0.6,
        validation_loss=lambda share: 0.5 if share < 0.12 else 0.9,
        validation_metric=lambda share: 0.8 if share < 0.12 else 0.6,
        metric_noise=False,
    )
    assert outcome(worse, "stopped_too_early") == "fired"
    patient = replace(worse, recipe=hasty.changed({"train.early_stopping.patience": 5}))
    assert outcome(patient, "stopped_too_early") == "clear"
    assert outcome(replace(worse, until=0.6), "stopped_too_early") == "clear"
    overfits = replace(worse, train_loss=decay(2.4, 0.01, 20))
    assert outcome(overfits, "stopped_too_early") == "clear"


@pytest.mark.parametrize(
    ("warmup", "floor", "expected"),
    [(0.5, 0.5, "fired"), (0.5, 0.02, "clear"), (0.2, 0.5, "clear")],
)
def test_a_rise_over_half_of_the_run_matters_where_it_is_not_fitted(
    warmup: float, floor: float, expected: str
) -> None:
    stream = Stream(scheduled(kind="constant", warmup=warmup), train_loss=decay(2.4, floor, 9))
    assert outcome(stream, "warmup_too_long") == expected


def test_best_within_noise_is_as_good_as_best() -> None:
    """A metric that creeps up by less than its error was at its best long before."""
    long = recipe_of(train__epochs=100)
    stream = Stream(
        long,
        train_loss=decay(2.4, 1e-3, 100),
        validation_loss=lambda share: 0.4 + 0.1 * share if share > 0.03 else 2.0,
        validation_metric=lambda share: 0.88 + 0.005 * share if share > 0.03 else 0.3,
        validation_examples=400,
        evaluation_noise=0.0,
        metric_noise=False,
    )
    assert outcome(stream, "budget_too_long") == "fired"
