"""What came of it: the metric before and after, on validation, a fresh seed and the test split."""

from __future__ import annotations

import math
from dataclasses import replace
from statistics import mean

from advisor import evidence
from advisor.estimates import CONFIDENCE_Z, fresh_estimate, limits
from advisor.evidence import Comparison
from advisor.luck import by_recipe, error_at, seedless
from advisor.recipe import LOWER_IS_BETTER, Metric
from advisor.report.gather.intervals import bounded, interval
from advisor.report.model import Estimate, Interval, Outcome
from advisor.report.words import gained, metric
from advisor.state import Attempt, State
from advisor.text import number


def outcomes(state: State) -> tuple[Outcome, ...]:
    """A row for each set of examples on which the best recipe was measured."""
    found = [_validation(state), _fresh(state), _combined(state), _tested(state)]
    found.append(_combined_on_test(state))
    return tuple(outcome for outcome in found if outcome is not None)


def estimate(attempt: Attempt | None, scale: float) -> Estimate | None:
    """A trial's validation metric with its interval over the examples; None without a result."""
    finished = attempt.result.finished if attempt else None
    if attempt is None or finished is None or attempt.value is None:
        return None
    known, value = attempt.result.predictions, attempt.value
    error = evidence.metric_error(attempt.recipe, known, scale) if known is not None else math.nan
    return _with_interval(
        attempt.recipe.metric, value, error, finished.validation_loss, attempt.trial.number
    )


def _with_interval(
    of: Metric, value: float, error: float, loss: float | None, trial: int | None
) -> Estimate:
    if not (math.isfinite(error) and math.isfinite(value)):
        return Estimate(value, None, None, loss, trial)
    low, high = value - CONFIDENCE_Z * error, value + CONFIDENCE_Z * error
    least, most = limits(of)
    return Estimate(value, max(low, least), min(high, most), loss, trial)


def _validation(state: State) -> Outcome | None:
    best = state.incumbent
    before, after = estimate(state.baseline, state.scale), estimate(best, state.scale)
    if best is None or (before is None and after is None):
        return None
    examples = best.result.started.data.validation_examples if best.result.started else 0
    note = f"{number(examples)} examples that decisions were based on" if examples else ""
    return Outcome("validation", note, before, after, gain_of_best(state))


def gain_of_best(state: State) -> Interval | None:
    """The best recipe's gain over the starting one, example by example; None where either has no
    outputs, or they are one recipe."""
    best, start = state.incumbent, state.baseline
    if best is None or start is None or best.trial.number == start.trial.number:
        return None
    found = _accepting(state, best, start) or _pair(state, best, start)
    if found is None:
        return None
    shown = interval(state.start.metric, found, start.value, best.value)
    if shown.own:
        return shown
    before = _mean_of_start(state)  # the repeats began from about there
    low, high = bounded(state.start.metric, before, found.gain, shown.low, shown.high)
    alone = shown.examples and bounded(state.start.metric, before, found.gain, *shown.examples)
    return replace(shown, low=low, high=high, examples=alone)


def _accepting(state: State, best: Attempt, start: Attempt) -> Comparison | None:
    """The comparison by which the best recipe was kept, where that was with the starting one."""
    number, finals = best.trial.number, state.finals
    if finals is not None and finals.winner.decision is not None:
        first = finals.finalists[0].trial == start.trial.number
        return finals.winner.decision.comparison if first else None
    if state.way != [number]:
        return None
    kept = [one for one in state.decisions if one.trial == number]
    return kept[-1].decision.comparison if kept else None


def _pair(state: State, best: Attempt, start: Attempt) -> Comparison | None:
    """One training of each."""
    ours, theirs = best.predictions(state.scale), start.predictions(state.scale)
    if ours is None or theirs is None or ours.outputs.shape != theirs.outputs.shape:
        return None
    return evidence.compare(state.start, [(ours, theirs)], state.scale)


def _mean_of_start(state: State) -> float | None:
    """The starting recipe's metric over its trainings."""
    assert state.baseline is not None
    same = by_recipe(state.attempts)[seedless(state.baseline)]
    values = [one.value for one in same if one.value is not None]
    return mean(values) if values else None


def _fresh(state: State) -> Outcome | None:
    found = fresh_estimate(state)
    if found is None:
        return None
    seeds = " and ".join(map(str, found.seeds))
    many = f"mean over {len(found.seeds)} trainings, " if len(found.seeds) > 1 else "trained "
    lucky = "; they decided the finals, which makes them a little lucky" if found.chosen else ""
    note = f"the same examples; {many}with seed {seeds}, which no decision before had seen{lucky}"
    after = Estimate(found.value, found.low, found.high)
    return Outcome("fresh seed" if len(found.seeds) == 1 else "fresh seeds", note, None, after)


def _combined(state: State) -> Outcome | None:
    """The ensemble on validation, without an interval of its own: see its comparison."""
    found = state.ensemble
    if found is None:
        return None
    members = ", ".join(map(str, found.members))
    note = f"the mean prediction of trials {members}, on validation"
    comparison = found.decision.comparison
    gain = (
        interval(state.start.metric, comparison, found.single, found.value) if comparison else None
    )
    return Outcome("ensemble", note, None, Estimate(found.value, None, None, found.loss), gain)


def _combined_on_test(state: State) -> Outcome | None:
    facts = state.test.facts if state.test else {}
    value = facts.get("ensemble_metric")
    if value is None:
        return None
    after = Estimate(value, None, None, facts.get("ensemble_loss"))
    return Outcome("ensemble, sealed test", "opened together with the others", None, after)


def _tested(state: State) -> Outcome | None:
    if state.test is None:
        return None
    examples = state.test.facts.get("best_examples") or state.test.facts.get("baseline_examples")
    told = f"{number(int(examples))} examples; " if examples else ""
    return Outcome(
        "sealed test",
        f"{told}opened {_times(state.test.opened)}, at the end",
        _on_test("baseline", state.baseline, state),
        _on_test("best", state.incumbent, state),
    )


def _times(opened: int) -> str:
    return "once" if opened == 1 else f"{opened} times"


def _on_test(name: str, attempt: Attempt | None, state: State) -> Estimate | None:
    """The standard error is that on validation, for as many examples as the test has."""
    facts = state.test.facts if state.test else {}
    value, examples = facts.get(f"{name}_metric"), facts.get(f"{name}_examples")
    if value is None or attempt is None:
        return None
    started, error = attempt.result.started, math.nan
    if examples and started is not None and math.isfinite(value):
        held_out = started.data.validation_examples
        error = error_at(attempt, value, state.scale) * math.sqrt(held_out / examples)
    loss, trial = facts.get(f"{name}_loss"), attempt.trial.number
    return _with_interval(attempt.recipe.metric, value, error, loss, trial)


def verdict(state: State, found: tuple[Outcome, ...], openings: int) -> str:
    """The session's result in a sentence or two; `openings`: how often the test split was opened,
    or about to be when the session was killed."""
    by_name = {outcome.name: outcome for outcome in found}
    validation = by_name.get("validation")
    if state.incumbent is None:
        return "Nothing was trained to its end yet."
    if validation is None or validation.after is None:
        return "Nothing could be trained: no recipe gave a finite result."
    told = f"{_course(state, validation)}."
    further = [_fresh_words(by_name), _test_words(state, by_name, openings)]
    said = "; ".join(part for part in further if part)
    return f"{told} {said[0].upper()}{said[1:]}." if said else told


def _course(state: State, validation: Outcome) -> str:
    name, after = metric(state.start.metric), validation.after
    assert after is not None
    if validation.before is None:
        return (
            f"The starting recipe gave no finite result; validation {name} of the best recipe "
            f"is {number(after.value)}"
        )
    if validation.before.trial == after.trial:
        return f"No change was kept: validation {name} stays at {number(after.value)}"
    lower = state.start.metric in LOWER_IS_BETTER
    up = after.value > validation.before.value
    verb = "went" if up is lower else "rose" if up else "fell"
    return (
        f"Validation {name} {verb} from {number(validation.before.value)} to "
        f"{number(after.value)}{_gain_words(validation.gain)}"
    )


def _gain_words(gain: Interval | None) -> str:
    if gain is None:
        return ""
    if gain.own:
        return f", a gain of {gained(gain)}"
    where = "with another seed" if gain.seeds == 1 else f"over {gain.seeds} seeds"
    return f" in one training each; {where} the gain is {gained(gain)}"


def _fresh_words(found: dict[str, Outcome]) -> str:
    one, several = found.get("fresh seed"), found.get("fresh seeds")
    if one is not None:
        return f"on a fresh seed it is {_value(one.after)}"
    if several is not None:
        return f"on fresh seeds it is {_value(several.after)} on average"
    return ""


def _test_words(state: State, found: dict[str, Outcome], openings: int) -> str:
    tested = found.get("sealed test")
    if openings and state.test is None:
        return f"the test split was opened {_times(openings)}, but nothing of it was kept"
    if tested is None or state.test is None:
        return f"the test split {'stays' if state.finished else 'is still'} sealed"
    told = f"on the sealed test split, opened {_times(state.test.opened)},"
    before, after = tested.before, tested.after
    if before is None or after is None or before.trial == after.trial:
        return f"{told} it is {_value(after or before)}"
    return f"{told} the starting recipe has {_value(before)} and the best {_value(after)}"


def _value(found: Estimate | None) -> str:
    return number(found.value) if found else "without a finite result"
