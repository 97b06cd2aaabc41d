"""What whoever reads the gates must know: what was off, and what they could not see."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from advisor import data
from advisor.architecture import Floats
from advisor.compare.gates import GRADIENT
from advisor.parity import DROPS, amplifies_rounding
from advisor.recipe import Own, Recipe

MOST_NAMES = 4


def notes(
    recipe: Recipe, steps: int, sizes: Mapping[str, Any], measured: Sequence[Mapping[str, Floats]]
) -> Iterator[str]:
    """Sentences for people. `sizes` is what `Runner.check` found, `measured` what each backend
    computed in float64."""
    if isinstance(recipe.model, Own):
        yield (
            "a model of your own starts from weights of its own framework: gates 1 to 3 are left "
            "out, and the comparison is statistical only"
        )
        return
    off = [name for name in DROPS if recipe.get(f"regularization.{name}")]
    if off:
        yield f"gates 1 to 3 are without {', '.join(off)}: masks of two frameworks cannot agree"
    per_epoch = data.steps_per_epoch(sizes["train"], recipe.train.batch_size)
    late = [name for name, on in _late(recipe).items() if on]
    if late and per_epoch > steps:
        yield (
            f"{', '.join(late)} may come after the {steps} steps that were compared: an epoch has "
            f"{per_epoch}; see --steps"
        )
    if amplifies_rounding(recipe):
        yield (
            "outputs after training are not compared: biases before batch normalization have no "
            f"gradient but rounding errors, which {recipe.optimizer.kind} blows up"
        )
    yield from _unseen(measured)


def _late(recipe: Recipe) -> dict[str, bool]:
    """What happens in the course of a training only."""
    return {
        "optimizer.handover": getattr(recipe.optimizer, "handover", None) is not None,
        "regularization.average": recipe.regularization.average is not None,
        "transfer.thaw": bool(recipe.transfer.thaw),
    }


def _unseen(measured: Sequence[Mapping[str, Floats]]) -> Iterator[str]:
    """Zeros agree whatever the programs mean."""
    if measured and all(not np.any(side["forward"]) for side in measured):
        yield (
            "all raw outputs are 0 at the start, so the forward gates compare nothing; try "
            "another initialization with --set"
        )
    names = [name for name in (measured[0] if measured else ()) if name.startswith(GRADIENT)]
    still = [name for name in names if not any(np.any(side.get(name)) for side in measured)]
    if still:
        shown = ", ".join(name.removeprefix(GRADIENT) for name in still[:MOST_NAMES])
        more = ", ..." if len(still) > MOST_NAMES else ""
        yield (
            f"{len(still)} of {len(names)} parameters have no gradient on the first batch, which "
            f"gates 1 and 2 therefore do not test: {shown}{more}"
        )
