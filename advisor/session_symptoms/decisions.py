"""Was so much chosen on one validation set that its score may be luck?"""

from __future__ import annotations

from collections.abc import Mapping

from advisor.luck import Seeds, by_recipe, expected_maximum, is_measured, is_whole, seedless
from advisor.metrics import oriented
from advisor.session_symptoms.detector import SessionDetector
from advisor.state import Attempt, State
from advisor.symptoms.finding import Evidence

MOST_DECISIONS = 50


def validation_overused(state: State) -> Evidence | str:
    """How often was decided, and the gain of the best recipe against the luck of the best of as
    many."""
    decided = {"decisions": float(len(state.decisions))}
    often = f"{len(state.decisions)} decisions were taken on one validation set"
    many = len(state.decisions) > MOST_DECISIONS
    best, start = state.incumbent, state.baseline
    if best is None or start is None or not (is_measured(best) and is_measured(start)):
        if many:
            return Evidence(True, decided, often, "the session")
        return "the starting recipe, or the best, has no finite metric to tell a gain by"
    values = _luck(state, best) | {"gain": _gain(best, start)}
    lucky = 0 < values["gain"] < values["optimism"]
    told = [often] * many + [_told(best, values)] * (lucky or not many)
    return Evidence(many or lucky, decided | values, "; ".join(told), "the session")


def _luck(state: State, best: Attempt) -> dict[str, float]:
    """By how much the best of as many recipes, all equally good, would seem to be ahead."""
    recipes = by_recipe(attempt for attempt in state.attempts if is_measured(attempt))
    same = tuple(attempt for attempt in recipes.get(seedless(best), []) if is_whole(attempt))
    deviation = Seeds(same or (best,), state.scale).deviation
    optimism = deviation * expected_maximum(len(recipes))
    return {"recipes": float(len(recipes)), "deviation": deviation, "optimism": optimism}


def _gain(best: Attempt, start: Attempt) -> float:
    metric = best.recipe.metric
    return oriented(metric, best.value or 0.0) - oriented(metric, start.value or 0.0)


def _told(best: Attempt, values: Mapping[str, float]) -> str:
    count = f"{values['recipes']:.0f}"
    return (
        f"the best of {count} recipes is {values['gain']:.2g} of {best.recipe.metric} ahead of "
        f"the start; the best of {count} equally good ones would seem {values['optimism']:.2g} "
        "ahead by luck"
    )


DETECTOR = SessionDetector(
    name="validation_overused",
    about="so much was chosen on one validation set that the gain may be luck",
    threshold="more than 50 decisions; or the best recipe is ahead of the start by less than the "
    "deviation of one training times the expected maximum of as many normal draws as recipes were "
    "tried (1.54 for 10, 1.87 for 20, 2.51 for 100)",
    source="order statistics of the normal distribution; 50 decisions is the project's",
    traps="each change was kept only beyond noise, and many recipes were clearly worse, so that "
    "the true optimism is less; changes that pay otherwise claim no gain",
    needs=("a finite metric of the starting recipe and of the best",),
    first="Score the start and the best again, on a fresh split or with fresh seeds, and report "
    "that.",
    expect="The true gain, which is smaller.",
    look=validation_overused,
)
