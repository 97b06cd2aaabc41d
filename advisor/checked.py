"""What checks before training say of a recipe that is not the very one they looked at."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from advisor.events import ProbeFinished
from advisor.probe_facts import DATA, ONE_BATCH
from advisor.recipe import Recipe

CHECKS = ("preflight", "one_batch")
"""Probes whose facts symptoms are read off."""
MODEL_PARTS = ("model.", "initialization.", "transfer.", "loss.", "data.normalization")
STEP_PARTS = ("optimizer.", "train.batch_size", "train.precision")
OF_DATA, OF_ONE_BATCH = (frozenset(name for name, *_ in facts) for facts in (DATA, ONE_BATCH))


def applicable(
    checks: Iterable[tuple[Recipe, ProbeFinished]], recipe: Recipe
) -> list[ProbeFinished]:
    """The results that hold for this recipe, with only those facts that do.

    Facts of the data hold while the data are the same; those of the model while nothing is
    changed that makes it another at its start; and whether it learns a batch by heart, while it
    takes the same steps as well.
    """
    found = []
    for looked_at, event in checks:
        if _differs(looked_at, recipe, ("data.",), ("data.normalization",)):
            continue
        other_model = _differs(looked_at, recipe, MODEL_PARTS)
        other_steps = other_model or _differs(looked_at, recipe, STEP_PARTS)
        kept = {
            name: value
            for name, value in event.facts.items()
            if name in OF_DATA or not (other_steps if name in OF_ONE_BATCH else other_model)
        }
        found.append(replace(event, facts=kept))
    return found


def _differs(one: Recipe, other: Recipe, parts: tuple[str, ...], but: tuple[str, ...] = ()) -> bool:
    before, after = one.flat(), other.flat()
    return any(
        before.get(path) != after.get(path)
        for path in {*before, *after}
        if path.startswith(parts) and path not in but
    )
