"""What each layer's reports show: weights that do not move, layers far apart, penalties that win,
gradients lost in float16."""

from __future__ import annotations

import math

import numpy as np

from advisor.architecture import Floats
from advisor.architecture.transfer import rate_scales
from advisor.history import History
from advisor.symptoms.finding import Detector, Evidence
from advisor.symptoms.pace import loss_left
from advisor.trends import finite_median, held

LEAST_STEPS, LEAST_REPORTS = 50, 3
SPREAD = 100.0
"""Between the layers' update-to-weight ratios."""
FITTED_LOSS = 0.05
"""Of chance's loss."""
MOVES = 1e-6
"""An update ratio that float32 cannot lose: its resolution is 6e-8."""
SHRUNK = 0.5
HARDLY_LEARNED = 0.9
"""Of chance's loss."""
STRONG_DECAY = 1e-2
"""Share of the weights that decay takes off at each step, with the momentum's amplification."""
RECENT, SKIPPED = 200, 0.05


def unchanged_parameters(history: History) -> Evidence | str:
    """A kernel with a gradient that never moves, where its step would be far beyond rounding.

    How far it would move follows from the others: as much as they do for their gradients.
    """
    updates = {name: history.timeline.layers[name].update_ratio for name in history.kernels}
    lowest = min((series.highest for series in updates.values()), default=-math.inf)
    if lowest > 0:  # all have moved
        return Evidence(False, {"kernels": len(updates)}, f"all {len(updates)} kernels move")
    reports = {name: _reports(history, name) for name in history.kernels}
    enough = [name for name, found in reports.items() if _looks(found) >= LEAST_REPORTS]
    if len(enough) < 2:
        return f"needs {LEAST_REPORTS} reports of the updates of 2 kernels"
    kinds = {name: np.median(reports[name], axis=0) for name in enough}  # gradient, weight, update
    reach = max(w * u / g if g > 0 else 0.0 for g, w, u in kinds.values())
    stuck = [
        name
        for name, (g, w, _) in kinds.items()
        if not reports[name][:, 2].any() and reach * g / max(w, 1e-30) > MOVES
    ]
    stuck = [name for name in stuck if not _has_own_rate(history, name)]
    return Evidence(
        bool(stuck),
        {"unchanged": ", ".join(stuck), "kernels": len(enough)},
        f"{', '.join(stuck)} have gradients and never move; is the optimiser given them?"
        if stuck
        else f"all {len(enough)} kernels move",
        "all reports",
    )


def _reports(history: History, name: str) -> Floats:
    """(reports, 3) finite gradient norms, weight norms and update ratios of one kernel."""
    series = history.timeline.layers[name]
    columns = (series.grad_norm.values, series.weight_norm.values, series.update_ratio.values)
    rows = np.stack(columns, axis=1)
    return np.asarray(rows[np.isfinite(rows).all(axis=1)])


def _looks(reports: Floats) -> int:
    """Reports that differ: a recorder repeats the last one until it measures again."""
    return len(np.unique(reports[:, 0]))


def _has_own_rate(history: History, name: str) -> bool:
    """Whether the recipe freezes this kernel, at first or throughout, or scales its rate."""
    if not history.knows("recipe"):
        return False
    scales = rate_scales(history.recipe.transfer, history.timeline.layer_names, 0.0) or {}
    return scales.get(name, 1.0) != 1.0


def layer_imbalance(history: History) -> Evidence | str:
    """The fastest layer's updates against the slowest's: median of the run, and 2 of 3 reports."""
    ratios = {name: values[values > 0] for name, values in history.update_ratios.items()}
    medians = {name: finite_median(values) for name, values in ratios.items()}
    known = {name: value for name, value in medians.items() if value is not None}
    left = loss_left(history)
    if len(known) < 2 or history.steps - history.warmup_steps < LEAST_STEPS or left is None:
        return f"needs {LEAST_STEPS} steps after the warm-up with 2 kernels that move"
    if any(_has_own_rate(history, name) for name in known):
        return "the recipe gives layers rates of their own"
    fast, slow = max(known, key=lambda n: known[n]), min(known, key=lambda n: known[n])
    spread = known[fast] / known[slow]
    last = zip(ratios[fast][-3:].tolist(), ratios[slow][-3:].tolist(), strict=False)
    lasting = held([one > SPREAD * other for one, other in last])
    return Evidence(
        spread > SPREAD and lasting and left > FITTED_LOSS,
        {"spread": spread, "fastest": fast, "slowest": slow},
        f"a step moves {fast} by {known[fast]:.2g} of its norm and {slow} by {known[slow]:.2g}",
        "median over the run, and the last 3 reports",
    )


def regularization_overwhelms(history: History) -> Evidence | str:
    """Weights that have shrunk by half, or that decay takes off within a hundred steps, while
    hardly anything is learned."""
    left = loss_left(history)
    norms = [history.timeline.layers[name].weight_norm.values for name in history.kernels]
    reports = min((len(values) for values in norms), default=0)
    if left is None or reports < 2 or history.steps < LEAST_STEPS:
        return f"needs {LEAST_STEPS} steps, 2 reports of the weights and an evaluation"
    first, last = (math.sqrt(sum(float(v[at]) ** 2 for v in norms)) for at in (0, reports - 1))
    parts, decay = history.recipe.regularization, _decay(history)
    active = max(parts.weight_decay, parts.l2, parts.l1)
    shrunk = 1 - last / max(first, 1e-30)
    return Evidence(
        active > 0 and left > HARDLY_LEARNED and (shrunk > SHRUNK or decay >= STRONG_DECAY),
        {"shrunk": shrunk, "decay_by_step": decay, "loss_over_chance": left},
        f"the weights have lost {100 * max(shrunk, 0):.0f} % of their norm, decay takes "
        f"{100 * decay:.2g} % a step, and the training loss is {left:.2f} of chance's",
        "first and last report",
    )


def _decay(history: History) -> float:
    """Share of the weights lost at each step at the peak rate: decoupled, or through SGD."""
    optimizer, parts = history.recipe.optimizer, history.recipe.regularization
    if optimizer.kind == "sgd":
        return optimizer.lr * parts.l2 / (1 - optimizer.momentum)
    return optimizer.lr * parts.weight_decay


def precision_underflow(history: History) -> Evidence | str:
    """Loss scaling that goes on skipping steps, or layers whose gradient is exactly zero."""
    if history.recipe.train.precision != "float16":
        return "float16 is not used"
    left = loss_left(history)
    if history.steps < 2 * RECENT or left is None:
        return f"needs {2 * RECENT} steps and an evaluation"
    skipped = float(np.mean(history.skipped[-RECENT:]))
    lost = [name for name in history.kernels if _lost(_reports(history, name)[-LEAST_REPORTS:])]
    some = len(lost) < len(history.kernels) and left > HARDLY_LEARNED
    return Evidence(
        skipped > SKIPPED or (bool(lost) and some),
        {"skipped": skipped, "zero_gradients": ", ".join(lost)},
        f"loss scaling skipped {100 * skipped:.0f} % of the last {RECENT} steps; layers without "
        f"any gradient: {', '.join(lost) or 'none'}",
        f"last {RECENT} steps",
    )


def _lost(reports: Floats) -> bool:
    return len(reports) == LEAST_REPORTS and not reports[:, 0].any()


DETECTORS = (
    Detector(
        name="unchanged_parameters",
        severity="block",
        order=1,
        about="weights have a gradient but never change",
        threshold="update of exactly 0 in all of at least 3 reports, where the step of the other "
        "kernels for such a gradient would be above 1e-6 of the weights",
        source="TheDeepChecker (untrained); SageMaker Debugger UnchangedTensor (3 steps)",
        traps="frozen layers (they have no gradient, or the recipe says so); updates below the "
        "resolution of float32; embeddings of tokens that do not occur",
        look=unchanged_parameters,
        needs=("layers",),
    ),
    Detector(
        name="regularization_overwhelms",
        severity="block",
        order=3,
        about="penalties pull the weights to zero before anything is learned",
        threshold="training loss above 90 % of chance's, a penalty on the weights, and half of "
        "their norm lost or a decay of 1 % a step",
        source="CS231n (turn the penalty off first); the numbers are the project's",
        traps="another fault under a mild penalty; most of the shrinking may precede the first "
        "report",
        look=regularization_overwhelms,
        needs=("recipe", "layers", "train_loss", "chance_loss"),
    ),
    Detector(
        name="layer_imbalance",
        severity="optimisation",
        order=5,
        about="some layers take steps far larger than others",
        threshold="update-to-weight ratios 100 times apart, in the median and at 2 of the last 3 "
        "reports, while the training loss is above 5 % of chance's",
        source="the project's; CS231n on the ratio of updates",
        traps="rates by layer (left out); tables of vectors, of which a step touches few rows",
        look=layer_imbalance,
        needs=("layers", "train_loss", "chance_loss"),
    ),
    Detector(
        name="precision_underflow",
        severity="optimisation",
        order=5,
        about="float16 loses gradients",
        threshold="5 % of the last 200 steps skipped; or a layer's gradient exactly zero at 3 "
        "reports, others' not, with a training loss above 90 % of chance's",
        source="torch GradScaler; the numbers are the project's",
        traps="the first steps, in which the scale is found (200 are left out)",
        look=precision_underflow,
        needs=("recipe", "steps", "grad_norm", "train_loss", "chance_loss"),
    ),
)
