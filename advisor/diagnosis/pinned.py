"""Losses that stand at a number which gives the fault away.

A classifier of k classes that answers the classes' shares, whatever it sees, costs ln k. One whose
softmax is taken twice cannot cost less than ln(1 + (k - 1) / e).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import TypeAlias

import numpy as np

from advisor.architecture import Floats
from advisor.history import History
from advisor.symptoms import Finding
from advisor.symptoms.causes import NOT_LEARNED, leads_to
from advisor.symptoms.floors import TWICE as TWICE
from advisor.symptoms.floors import double_softmax
from advisor.trends import falling

Cost: TypeAlias = Callable[[int], float]
NAME = "loss_floor"
LEAST, MOST = 10, 1000
"""Entries that are needed; and the most classes to think of."""
CLOSE = 0.005
"""Relative distance at which a loss counts as one of these numbers."""
STEADY = 0.02
"""Largest relative deviation of single losses: answers that ignore the input cost about the same
in every batch, those that do not swing by far more."""
MORE = 0.1
"""Accuracy beyond 1 / k that a model does not get by ignoring its inputs."""
START = 0.15
"""Relative distance from ln k at which a loss may begin that ends at the floor of k classes."""
BLOCKS = 12
EVERY_STEP = "needs the loss of every step, logged from the first on"
"""Why nothing is found in a log that tells less: what a loss falls to shows by what it began at,
and means over many steps hide both."""
CHANCE = "chance"
"""What the loss stands at."""
TASKS = ("classification", "binary", "language_model")
THRESHOLD = (
    "the training loss is steady (means of blocks within 1 %, single losses within 2 %), within "
    "0.5 % of ln k and not falling, or fell from about ln k to within 0.5 % of ln(1 + (k - 1) / e)"
)


def look(history: History, classes: int | None, guessed: bool) -> Finding | None:
    """None where the loss gives nothing away; `classes` where they were told.

    `guessed`: whether nothing but the lack of other names tells that this is a classifier.
    """
    loss, task = history.loss, history.recipe.task
    if not has_floor(task, classes):
        return None
    if len(loss) < LEAST or not np.isfinite(loss).all() or loss.min() <= 0:
        return None
    whole, late = loss[len(loss) // 10 :], loss[len(loss) // 2 :]
    if _steady(whole) and not _falls(whole):
        return _at_chance(float(whole.mean()), classes, guessed, _accuracy(history))
    if _steady(late):  # still falling a little, as what comes near a floor does
        start = float(np.median(loss[:3]))
        return _at_floor(float(late.mean()), start, classes)
    return None


def has_floor(task: str, classes: int | None) -> bool:
    """Whether the loss of such a task has numbers that give a fault away."""
    return task in TASKS and not (task == "language_model" and classes is None)  # any text costs so


def _steady(loss: Floats) -> bool:
    level = float(np.median(loss))
    spread = 1.4826 * float(np.median(np.abs(loss - level)))
    return float(np.ptp(_blocks(loss))) <= 2 * CLOSE * level and spread <= STEADY * level


def _falls(loss: Floats) -> bool:
    p = falling(_blocks(loss))
    return p is not None and p <= 0.01


def _blocks(loss: Floats) -> Floats:
    return np.array([part.mean() for part in np.array_split(loss, min(BLOCKS, len(loss)))])


def _accuracy(history: History) -> float:
    """The best that the last evaluation has; 0 where there is none."""
    if not history.recipe.metric.endswith("accuracy") or not history.evaluations:
        return 0.0
    last = history.evaluations[-1]
    return max((v for v in (last.train_metric, last.validation_metric) if v == v), default=0.0)


def _at_chance(level: float, told: int | None, guessed: bool, accuracy: float) -> Finding | None:
    options = list(_matching(level, told, math.log))
    if not options or accuracy > 1 / options[0] + MORE:
        return None
    first, last = options[0], options[-1]
    apart = math.log(1 + 1 / first) > 2 * CLOSE * math.log(first)
    sure = told is not None or (apart and not guessed)
    which = f"{first}" if first == last else f"{first} to {last}"
    reads = (
        f"the training loss stands at {level:.4g} from the start, which is ln k for k = {which}: "
        f"what {which} equally frequent classes cost when the input is ignored"
    )
    return Finding(
        NAME,
        "fired",
        "block" if sure else "optimisation",
        {"loss": level, "classes": float(first) if first == last else which, "kind": CHANCE},
        "the run but its first tenth",
        THRESHOLD,
        reads,
        NOT_LEARNED,
    )


def _at_floor(level: float, start: float, classes: int | None) -> Finding | None:
    for k in _matching(level, classes, double_softmax):
        if abs(start / math.log(k) - 1) <= START:
            reads = (
                f"the training loss fell from {start:.4g}, about ln {k}, to {level:.4g} and stays: "
                f"ln(1 + {k - 1}/e) = {double_softmax(k):.4g} is the least that {k} classes can "
                "cost when softmax is taken twice"
            )
            values: dict[str, float | str] = {
                "loss": level,
                "start": start,
                "classes": float(k),
                "kind": TWICE,
            }
            window = "second half of the run"
            leads = leads_to(NAME)
            return Finding(NAME, "fired", "block", values, window, THRESHOLD, reads, leads)
    return None


def _matching(level: float, classes: int | None, cost: Cost) -> Iterator[int]:
    """The numbers of classes at which the loss could stand so."""
    candidates = range(2, MOST + 1) if classes is None else range(classes, classes + 1)
    yield from (k for k in candidates if abs(level / cost(k) - 1) <= CLOSE)
