"""What is wrong with a loop of somebody's own, whatever it trains: gradients that are never
cleared, batches that are waited for."""

from __future__ import annotations

import numpy as np

from advisor.history import History
from advisor.symptoms.finding import Detector, Evidence

LOOKS = 3
"""At gradients; a step after another, so not at the first."""
MOSTLY = 0.5
FIRST, LEAST_STEPS = 10, 30
"""Steps that are no measure, as caches fill and programs are compiled; and those that are."""
WAITING = 0.2


def gradients_not_cleared(history: History) -> Evidence | str:
    """Between steps that all were taken. A loop that tells of each portion of a batch takes one
    only with every k-th, and then all gradients that were kept lie a multiple of k apart."""
    reports = history.timeline.reports
    looked = ~np.isnan(reports.kept.values)
    kept, steps = reports.kept.values[looked] == 1, reports.ends.values[looked]
    share = float(np.mean(kept)) if len(kept) else 0.0
    mostly = share > MOSTLY
    if np.sum(kept == mostly) < LOOKS:
        return f"needs {LOOKS} looks at gradients that agree"
    gap = _common_gap(steps[kept])
    new, old = "a new one", "that of the step before with the new one added: it is never cleared"
    return Evidence(
        mostly and gap == 1,
        {"kept": share, "looks": len(kept)},
        f"gradients are added up over {gap} steps"
        if mostly and gap > 1
        else f"at {np.sum(kept == mostly)} of {len(kept)} looks the gradient was "
        f"{old if mostly else new}",
        f"{len(kept)} looks",
    )


def _common_gap(steps: np.ndarray) -> int:
    """The largest number of which all distances between these steps are multiples; 0 for one."""
    return int(np.gcd.reduce(np.diff(steps).astype(np.int64), initial=0))


def input_bound(history: History) -> Evidence | str:
    reports = history.timeline.reports
    seconds = np.diff(reports.seconds.values, prepend=0.0)
    first = reports.ends.values - reports.sizes.values
    used = (first >= FIRST) & np.isfinite(reports.waits.values) & (seconds > 0)
    steps = int(reports.sizes.values[used].sum())
    if steps < LEAST_STEPS:
        return f"needs {LEAST_STEPS} steps past the first {FIRST}"
    waited, took = float(reports.waits.values[used].sum()), float(seconds[used].sum())
    return Evidence(
        waited > WAITING * took,
        {"wait_share": waited / took, "wait_seconds": waited / steps, "seconds": took / steps},
        f"of {1000 * took / steps:.3g} ms a step, {1000 * waited / steps:.3g} ms "
        f"({100 * waited / took:.0f} %) pass in waiting for the next batch",
        f"{steps} steps past the first {FIRST}",
    )


DETECTORS = (
    Detector(
        name="gradients_not_cleared",
        severity="block",
        order=1,
        about="each step's gradient is added to all those before it",
        threshold="at most of at least 3 looks the gradient is that of the step before with the "
        "new one added, within 5 % of the former; and the steps that this was seen between were "
        "taken one by one",
        source="PyTorch's most reported mistakes; a second pass over a batch must not double its "
        "gradient (5 %)",
        traps="gradients added up on purpose between steps; gradients of a full batch, which "
        "hardly change",
        look=gradients_not_cleared,
        needs=("gradient_kept",),
    ),
    Detector(
        name="input_bound",
        severity="optimisation",
        order=6,
        about="the device waits for data",
        threshold="waits for the next batch take more than 20 % of the time, over 30 steps or "
        "more past the first 10",
        source="the project's; SageMaker Profiler's rules of input and output",
        traps="a machine that others use as well; waits in which the device still computes (left "
        "out)",
        look=input_bound,
        needs=("wait_seconds",),
    ),
)
