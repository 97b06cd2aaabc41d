"""Does the same recipe score the same with another seed?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from advisor.luck import Seeds, by_recipe, is_whole, seedless
from advisor.session_symptoms.detector import SessionDetector
from advisor.state import Attempt, State
from advisor.symptoms.finding import Evidence

LEAST_SEEDS = 3
TIMES_EXPECTED = 2.0
LEAST_DEVIATION = 0.005
"""Of a whole of the metric (`Seeds.whole`)."""
NOT_TRAINING = (
    "non_finite",
    "divergence",
    "no_learning",
    "not_better_than_chance",
    "prediction_collapse",
)


def high_seed_variance(state: State) -> Evidence | str:
    """The spread between seeds of the best recipe, or else of the one with the most trainings."""
    best = state.incumbent
    if best is None:
        return "nothing was trained"
    recipes = by_recipe(state.attempts)
    of_best = recipes.pop(seedless(best), [best])
    if bad := dict(_failing(of_best)):
        return _unstable(of_best, bad)
    of_which, judged = "the best recipe", _whole(of_best)
    if len(judged) < LEAST_SEEDS:
        of_which, judged = "one recipe", max(map(_whole, recipes.values()), key=len, default=())
    if len(judged) < LEAST_SEEDS:
        return f"needs {LEAST_SEEDS} whole trainings of one recipe with different seeds"
    return _spread(Seeds(judged, state.scale), of_which)


def _whole(attempts: Sequence[Attempt]) -> tuple[Attempt, ...]:
    return tuple(attempt for attempt in attempts if is_whole(attempt))


def _failing(attempts: Sequence[Attempt]) -> Iterator[tuple[int, list[str]]]:
    """Trials that do not train, and by which symptoms; only of those that others are clear of."""
    clear = {name for attempt in attempts for name in _not_training(attempt, "clear")}
    for attempt in attempts:
        if found := sorted(clear & _not_training(attempt, "fired")):
            yield attempt.trial.number, found


def _not_training(attempt: Attempt, outcome: str) -> set[str]:
    return {
        finding.symptom
        for finding in attempt.findings
        if finding.symptom in NOT_TRAINING
        and finding.outcome == outcome
        and finding.severity == "block"
    }


def _unstable(attempts: Sequence[Attempt], bad: dict[int, list[str]]) -> Evidence:
    told = "; ".join(f"trial {n}: {', '.join(s)}" for n, s in bad.items()).replace("_", " ")
    return Evidence(
        True,
        {"seeds": float(len(attempts)), "not_training": float(len(bad))},
        f"with {len(bad)} of {len(attempts)} seeds the best recipe does not train ({told}): "
        "outcomes of two kinds are instability, no noise",
        _trials(attempts),
    )


def _spread(seeds: Seeds, of_which: str) -> Evidence:
    deviation, least = seeds.measured or 0.0, LEAST_DEVIATION * seeds.whole
    low, high = min(seeds.values), max(seeds.values)
    return Evidence(
        deviation > max(TIMES_EXPECTED * seeds.expected, least),
        {
            "deviation": deviation,
            "expected": seeds.expected,
            "least": least,
            "seeds": float(len(seeds.values)),
            "lowest": low,
            "highest": high,
        },
        f"over {len(seeds.values)} seeds of {of_which} {seeds.metric} deviates by "
        f"{deviation:.2g} ({low:.4g} to {high:.4g}), where {seeds.expected:.2g} is to be expected",
        _trials(seeds.attempts),
    )


def _trials(attempts: Sequence[Attempt]) -> str:
    return f"trials {', '.join(str(attempt.trial.number) for attempt in attempts)}"


DETECTOR = SessionDetector(
    name="high_seed_variance",
    about="the same recipe scores differently from seed to seed",
    threshold="over 3 whole trainings of the best recipe (else of another) the deviation of the "
    "metric is above twice the expected one and above 0.005 (rmse, mae: of chance's; perplexity: "
    "of its own); or the best recipe trains with one seed and not with another",
    source="Jordan 2023: sqrt(error rate / 2n) for shares of correct answers, to which half a "
    "standard error is added here; Picard 2021; twice and half a point are the project's",
    traps="three seeds tell a deviation to a factor of about two; metrics that rest on few "
    "examples of a rare class",
    needs=("3 whole trainings of one recipe with different seeds",),
    first="Judge changes over several seeds and report their mean; where some seeds do not train, "
    "lower the learning rate, warm it up or clip gradients.",
    expect="Scores that the next training gives again.",
    look=high_seed_variance,
)
